import functools
import http.server
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from video_files import (
    FULL,
    LIMITED,
    frame_of_luma,
    join,
    moving_square,
    write_video,
)

from au_detect.errors import InputError
from au_detect.frames import open_frames

PICTURES = moving_square()
CALM = {"crf": "4", "preset": "veryfast"}


def read(path, **options):
    stream = open_frames(path, **options)
    return list(stream), stream


def mean_difference(frames, pictures):
    """Return the largest mean difference of a frame and its picture."""
    assert len(frames) == len(pictures)
    pairs = zip(frames, pictures, strict=True)
    return max(np.abs(f.image.astype(int) - picture).mean() for f, picture in pairs)


# Interlaced


def interlaced_h264(path, pictures=PICTURES, **options):
    return write_video(
        path, pictures, options=CALM | {"x264opts": "tff=1"}, interlaced=True, **options
    )


def test_an_interlaced_video_shows_its_own_pictures_not_those_of_the_file_before(tmp_path):
    others = [255 - picture for picture in PICTURES]
    before = write_video(tmp_path / "p.mov", others, codec="prores_ks", pixel_format="yuv422p10le")
    assert mean_difference(read(before)[0], others) < 2
    frames, stream = read(interlaced_h264(tmp_path / "psf.mp4"))
    assert mean_difference(frames, PICTURES) < 4
    assert stream.describe()["deinterlaced"]
    assert [f.timestamp_s for f in frames] == [round(i / 30, 6) for i in range(len(PICTURES))]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("x.mpg", {"codec": "mpeg2video", "options": {"qmin": "1", "qmax": "2"}}),
        ("x.mov", {"codec": "prores_ks", "pixel_format": "yuv422p10le"}),
    ],
)
def test_other_interlaced_codecs(tmp_path, name, options):
    frames, stream = read(write_video(tmp_path / name, PICTURES, interlaced=True, **options))
    assert mean_difference(frames, PICTURES) < 4
    assert stream.describe()["deinterlaced"]


def test_the_two_moments_of_an_interlaced_frame_leave_no_comb(tmp_path):
    moments = moving_square(16, step_px=6)
    woven = []
    for first, second in zip(moments[::2], moments[1::2], strict=True):
        both = first.copy()
        both[1::2] = second[1::2]
        woven.append(both)
    frames, _ = read(interlaced_h264(tmp_path / "x.mp4", woven))

    def comb(picture):  # rows that differ from both of their neighbours in the same direction
        inside = picture[34:58].astype(int)
        return np.abs(2 * inside[1:-1] - inside[:-2] - inside[2:]).mean()

    assert comb(woven[4]) > 15
    assert comb(frames[4].image) < 0.2 * comb(woven[4])


def test_a_stream_that_is_interlaced_in_part_does_not_freeze(tmp_path):
    same = {"codec": "mpeg2video", "options": {"qmin": "1", "qmax": "2"}}
    progressive = write_video(tmp_path / "a.ts", PICTURES, **same)
    interlaced = write_video(tmp_path / "b.ts", PICTURES, interlaced=True, **same)
    path = join(tmp_path / "x.ts", progressive, interlaced, progressive)
    frames, stream = read(path)
    assert mean_difference(frames, PICTURES * 3) < 4
    assert stream.describe()["deinterlaced"]
    assert "deinterlaced" not in read(progressive)[1].describe()


# Time


def test_time_goes_on_where_two_recordings_are_joined(tmp_path):
    part = write_video(tmp_path / "a.ts", PICTURES, options=CALM)
    frames, _ = read(join(tmp_path / "x.ts", part, part))
    assert [f.timestamp_s for f in frames] == [round(i / 30, 6) for i in range(2 * len(PICTURES))]


def test_bare_h264_has_the_rate_of_its_stream(tmp_path):
    path = write_video(tmp_path / "x.h264", PICTURES, rate=50, container="h264")
    frames, stream = read(path)
    assert [f.timestamp_s for f in frames] == [i / 50 for i in range(len(PICTURES))]
    assert stream.describe() == {"fps": 50.0, "time_from": "fps", "codec": "h264"}


@pytest.mark.parametrize("name", ["x.h264", "x.mp4", "x.ts"])
def test_fps_overrides_what_a_video_says(tmp_path, name):
    frames, stream = read(write_video(tmp_path / name, PICTURES), fps=10)
    assert [f.timestamp_s for f in frames] == [i / 10 for i in range(len(PICTURES))]
    assert (stream.describe()["fps"], stream.describe()["time_from"]) == (10.0, "fps")


def test_where_a_video_starts_in_its_container_is_known(tmp_path):
    path = write_video(tmp_path / "x.mov", PICTURES, first_frame=45, sound_s=2.0)
    frames, stream = read(path)
    assert frames[0].timestamp_s == 0.0
    assert stream.describe()["start_offset_s"] == pytest.approx(1.5, abs=0.002)
    together = write_video(tmp_path / "y.mov", PICTURES, sound_s=2.0)
    assert read(together)[1].describe()["start_offset_s"] == pytest.approx(0.0, abs=0.002)


# Pixels


@pytest.mark.parametrize(
    ("ratio", "size"), [("2", (96, 256)), ("1/2", (192, 128)), ("4/3", (96, 171))]
)
def test_pixels_become_square(tmp_path, ratio, size):
    path = write_video(tmp_path / "x.mp4", PICTURES, pixel_aspect_ratio=ratio, options=CALM)
    frames, stream = read(path, keep_colour=True)
    assert frames[0].image.shape == size
    assert frames[0].colour.shape == (*size, 3)
    across = np.flatnonzero(frames[0].image[size[0] // 2] > 180)
    down = np.flatnonzero(frames[0].image[:, across.mean().astype(int)] > 180)
    scale = (size[1] / 128, size[0] / 96)
    assert np.ptp(across) == pytest.approx(31 * scale[0], abs=3)
    assert np.ptp(down) == pytest.approx(31 * scale[1], abs=3)
    assert stream.describe()["pixel_aspect_ratio"] == pytest.approx(
        size[1] / 128 * 96 / size[0], abs=0.01
    )


def with_matrix(data, matrix):
    """Return an MP4 file whose picture is shown by another matrix (ISO 14496-12)."""
    data = bytearray(data)
    at = data.index(b"tkhd") + 44
    a, b, c, d = (65536 * value for value in matrix)
    struct.pack_into(">9i", data, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return bytes(data)


@pytest.mark.parametrize(
    ("matrix", "turned"),
    [
        ((1, 0, 0, 1), lambda image: image),
        ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
        ((-1, 0, 0, -1), lambda image: np.rot90(image, 2)),
        ((0, -1, 1, 0), lambda image: np.rot90(image, 1)),
        ((-1, 0, 0, 1), lambda image: image[:, ::-1]),  # a mirror, as front cameras write it
        ((1, 0, 0, -1), lambda image: image[::-1]),
        ((0, 1, 1, 0), lambda image: image.T),
    ],
)
def test_a_video_is_turned_and_mirrored_as_it_asks_for(tmp_path, matrix, turned):
    path = write_video(tmp_path / "x.mp4", PICTURES, options=CALM)
    path.write_bytes(with_matrix(path.read_bytes(), matrix))
    frames, _ = read(path)
    assert mean_difference(frames, [turned(picture) for picture in PICTURES]) < 3


RAMP = np.arange(0, 256, dtype=np.uint16).reshape(1, 256).repeat(16, axis=0)


@pytest.mark.parametrize(
    ("pixel_format", "bits", "color_range", "black", "white"),
    [
        ("yuv420p", 8, LIMITED, 16, 235),
        ("yuv420p", 8, None, 16, 235),
        ("yuv420p", 8, FULL, 0, 255),
        ("yuv444p", 8, LIMITED, 16, 235),
        ("yuv420p10le", 10, LIMITED, 64, 940),
        ("yuv422p10le", 10, FULL, 0, 1023),
        ("yuv420p12le", 12, LIMITED, 256, 3760),
        ("gray", 8, None, 0, 255),
        ("gray16le", 16, None, 0, 65535),
    ],
)
def test_grey_is_luma_expanded_from_its_own_range(
    tmp_path, pixel_format, bits, color_range, black, white
):
    luma = RAMP * (((1 << bits) - 1) // 255)
    frames = [frame_of_luma(luma, pixel_format, bits)]
    if color_range:
        frames[0].color_range = color_range
    path = write_video(
        tmp_path / "x.mkv", frames, codec="ffv1", pixel_format=pixel_format, color_range=color_range
    )
    (frame,), _ = read(path)
    expected = np.clip(np.rint((luma.astype(float) - black) * 255 / (white - black)), 0, 255)
    np.testing.assert_array_equal(frame.image, expected)


def test_packed_colours_give_the_same_grey(tmp_path):
    planar = write_video(tmp_path / "a.mkv", PICTURES, codec="ffv1", pixel_format="yuv422p")
    packed = write_video(tmp_path / "b.mov", PICTURES, codec="rawvideo", pixel_format="uyvy422")
    for one, other in zip(read(planar)[0], read(packed)[0], strict=True):
        np.testing.assert_array_equal(one.image, other.image)


# What cannot be read, or not all of it


def test_a_codec_that_cannot_be_decoded_is_named(tmp_path):
    data = write_video(tmp_path / "x.mp4", PICTURES).read_bytes()
    at = data.index(b"avc1", data.index(b"stsd"))
    (tmp_path / "x.mp4").write_bytes(data[:at] + b"zzzz" + data[at + 4 :])
    with pytest.raises(InputError, match=r"x\.mp4 must have a video codec .*, got .*zzzz"):
        open_frames(tmp_path / "x.mp4")


def test_a_video_of_which_less_came_than_promised_says_so(tmp_path):
    path = write_video(tmp_path / "x.mov", PICTURES * 5, file_options={"movflags": "faststart"})
    assert "notices" not in read(path)[1].describe()
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    path.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2])
    frames, stream = read(path)
    assert 0 < len(frames) < 36
    assert stream.describe()["notices"] == [f"only {len(frames)} of 40 frames could be read"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.mp4", "ffconcat version 1.0\n\x01\nfile secret.mp4\n"),
        ("x.ffconcat", "ffconcat version 1.0\n\x01\nfile secret.mp4\n"),
        ("x.m3u8", "#EXTM3U\n\x01\n#EXTINF:1,\n{folder}/secret.mp4\n#EXT-X-ENDLIST\n"),
        ("x.mp4", "#EXTM3U\n\x01\n#EXTINF:1,\n{folder}/secret.mp4\n#EXT-X-ENDLIST\n"),
    ],
)
def test_no_file_opens_another(tmp_path, name, text):
    write_video(tmp_path / "secret.mp4", PICTURES)
    (tmp_path / name).write_text(text.format(folder=tmp_path))
    with pytest.raises(InputError, match=r"must be a picture .* or a video, got"):
        open_frames(tmp_path / name)


def test_a_pattern_in_a_name_counts_through_no_files(tmp_path):
    write_video(
        tmp_path / "1.tga", PICTURES[:1], codec="targa", pixel_format="gray", container="image2"
    )
    (tmp_path / "%d.tga").write_bytes((tmp_path / "1.tga").read_bytes())
    (tmp_path / "2.tga").write_bytes((tmp_path / "1.tga").read_bytes())
    frames, stream = read(tmp_path / "%d.tga")
    assert (stream.kind, len(frames)) == ("picture", 1)


def test_sound_alone_is_no_video(tmp_path):
    path = write_video(tmp_path / "x.mov", PICTURES, sound_s=1.0)
    import av

    with av.open(str(path)) as old, av.open(str(tmp_path / "s.mov"), "w") as new:
        stream = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux(old.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    with pytest.raises(InputError, match="got one without pictures"):
        open_frames(tmp_path / "s.mov")


@pytest.mark.parametrize("name", ["x.jp2", "x.qoi", "x.pcx", "x.dpx", "x.tga"])
def test_other_pictures_are_pictures(tmp_path, name):
    codec = {"jp2": "jpeg2000", "tga": "targa"}.get(name[2:], name[2:])
    formats = {"jp2": "gray", "tga": "bgr24"}
    picture = np.repeat(PICTURES[0][..., None], 3, axis=2)
    path = write_video(
        tmp_path / name, [picture], codec=codec, container="image2",
        pixel_format=formats.get(name[2:], "rgb24"),
    )  # fmt: skip
    frames, stream = read(path)
    assert (stream.kind, stream.n_frames, len(frames)) == ("picture", 1, 1)
    assert mean_difference(frames, PICTURES[:1]) < 3


# URLs


@pytest.fixture
def server(tmp_path):
    """Serve the test's folder, and return the address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()


def test_a_url_is_a_camera_and_its_password_is_not_kept(tmp_path, server):
    write_video(tmp_path / "x.mp4", PICTURES, options=CALM)
    frames, stream = read(f"http://me:secret@{server}/x.mp4")
    assert (stream.kind, stream.name) == ("camera", f"http://{server}/x.mp4")
    assert [f.timestamp_s for f in frames] == [round(i / 30, 6) for i in range(len(PICTURES))]
    assert mean_difference(frames, PICTURES) < 3
    assert "secret" not in frames[0].name


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://me:secret@127.0.0.1:9/x.mp4", "http://127.0.0.1:9/x.mp4 must deliver pictures"),
        ("file:///etc/x.mp4", "source must be a path or a URL of http, .*, got file:///etc/x.mp4"),
        ("concat://a.ts", "source must be a path or a URL"),
    ],
)
def test_urls_that_deliver_nothing(url, message):
    with pytest.raises(InputError, match=message) as caught:
        open_frames(url)
    assert "secret" not in str(caught.value)


def test_a_play_list_at_a_url_opens_no_file(tmp_path, server):
    write_video(tmp_path / "secret.ts", PICTURES)
    (tmp_path / "x.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{tmp_path}/secret.ts\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(InputError, match="must "):
        list(open_frames(f"http://{server}/x.m3u8"))


def test_an_abandoned_video_is_closed(tmp_path):
    path = write_video(tmp_path / "x.mp4", PICTURES)
    stream = open_frames(path)
    next(iter(stream))
    stream.close()
    assert list(stream) == []
    Path(path).unlink()


def test_the_decoder_refuses_pictures_that_are_too_large(tmp_path):
    side = 13_000  # 169 million pixels
    head = b"qoif" + struct.pack(">IIBB", side, side, 3, 0)
    (tmp_path / "x.qoi").write_bytes(head + b"\xfd" * (side * side // 62 + 1) + bytes(7) + b"\1")
    with pytest.raises(InputError, match=r"x\.qoi must "):
        list(open_frames(tmp_path / "x.qoi"))
