import struct

import cv2
import numpy as np
import pytest
from video_files import moving_square

from au_detect.errors import InputError
from au_detect.frames import open_frames, several_pictures

PICTURES = [np.repeat(grey[..., None], 3, axis=2) for grey in moving_square(7)]
GREYS = [picture[..., 0] for picture in PICTURES]
DURATIONS_MS = [100, 50, 200, 40, 100, 70, 30]
TIMES_S = [0, 0.1, 0.15, 0.35, 0.39, 0.49, 0.56]


def animate(path, pictures=PICTURES):
    animation = cv2.Animation()
    animation.frames, animation.durations = pictures, DURATIONS_MS[: len(pictures)]
    options = [cv2.IMWRITE_WEBP_QUALITY, 101] if path.suffix == ".webp" else []
    assert cv2.imwriteanimation(str(path), animation, options)
    return path


def write_tiff(path, pictures):
    assert cv2.imwritemulti(str(path), pictures, [cv2.IMWRITE_TIFF_COMPRESSION, 1])
    return path


@pytest.mark.parametrize("name", ["x.png", "x.webp", "named.like.none"])
def test_all_frames_of_an_animated_picture_are_read_with_their_times(tmp_path, name):
    path = animate(tmp_path / ("x.png" if name.endswith("none") else name)).rename(tmp_path / name)
    stream = open_frames(path)
    assert (stream.kind, stream.n_frames) == ("video", 7)
    frames = list(stream)
    assert [f.timestamp_s for f in frames] == pytest.approx(TIMES_S, abs=0.002)
    for frame, grey in zip(frames, GREYS, strict=True):
        np.testing.assert_array_equal(frame.image, grey)
    assert stream.describe()["time_from"] == "video"
    assert [f.timestamp_s for f in open_frames(path, fps=10)] == [i / 10 for i in range(7)]


@pytest.mark.parametrize("name", ["x.png", "x.webp"])
def test_an_animation_of_one_frame_is_a_picture(tmp_path, name):
    stream = open_frames(animate(tmp_path / name, PICTURES[:1]))
    assert (stream.kind, stream.n_frames) == ("picture", 1)
    (frame,) = stream
    np.testing.assert_array_equal(frame.image, GREYS[0])


def test_an_animation_is_read_in_parts(tmp_path, monkeypatch):
    path = animate(tmp_path / "x.webp")
    monkeypatch.setattr(several_pictures, "AT_ONCE_BYTES", 3 * 96 * 128 * 4)
    frames = list(open_frames(path, keep_colour=True))
    assert [f.timestamp_s for f in frames] == pytest.approx(TIMES_S)
    for frame, picture in zip(frames, PICTURES, strict=True):
        np.testing.assert_array_equal(frame.colour, picture)


@pytest.mark.parametrize("factor", [1, 257])
@pytest.mark.parametrize("pictures", [GREYS, PICTURES], ids=["grey", "colour"])
def test_all_pages_of_a_tiff_are_read(tmp_path, factor, pictures):
    dtype = np.uint8 if factor == 1 else np.uint16
    pages = [picture.astype(dtype) * factor for picture in pictures]
    stream = open_frames(write_tiff(tmp_path / "x.tif", pages), fps=20)
    assert (stream.kind, stream.n_frames) == ("sequence", 7)
    frames = list(stream)
    assert [f.timestamp_s for f in frames] == [i / 20 for i in range(7)]
    for frame, grey in zip(frames, GREYS, strict=True):
        np.testing.assert_array_equal(frame.image, grey)


def test_pages_of_another_size_are_thumbnails(tmp_path):
    path = write_tiff(tmp_path / "x.tif", [GREYS[0], GREYS[0][::4, ::4].copy()])
    stream = open_frames(path)
    assert (stream.kind, stream.n_frames) == ("picture", 1)
    (frame,) = stream
    np.testing.assert_array_equal(frame.image, GREYS[0])


def test_a_damaged_page_is_named(tmp_path):
    path = write_tiff(tmp_path / "x.tif", GREYS)
    data = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", data, 4)
    for _ in range(3):
        (n_entries,) = struct.unpack_from("<H", data, at)
        (at,) = struct.unpack_from("<I", data, at + 2 + 12 * n_entries)
    (n_entries,) = struct.unpack_from("<H", data, at)
    for entry in range(at + 2, at + 2 + 12 * n_entries, 12):
        if struct.unpack_from("<H", data, entry) == (258,):
            struct.pack_into("<H", data, entry + 8, 5)  # bits of a value
    path.write_bytes(data)
    frames = iter(open_frames(path))
    for grey in GREYS[:3]:
        np.testing.assert_array_equal(next(frames).image, grey)
    with pytest.raises(InputError, match=r"page 4 of .*x\.tif cannot be decoded as TIFF"):
        next(frames)


def test_a_webp_cut_short_is_an_error_or_ends(tmp_path):
    path = animate(tmp_path / "x.webp")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="cannot be decoded"):
        list(open_frames(path))
