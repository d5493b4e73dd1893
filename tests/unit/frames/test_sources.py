import errno
import os
import re
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.frames import Frame, open_frames

N_FRAMES = 6
DATA = os.environ.get("AU_DETECT_EVALUATION_DATA")
CLIPS = Path(DATA or "") / "real_faces" / "clips"
needs_clips = pytest.mark.skipif(not DATA, reason="AU_DETECT_EVALUATION_DATA is not set")


def picture(level: int) -> np.ndarray:
    """A color picture, 64 rows by 96 columns, white at its top left."""
    image = np.full((64, 96, 3), (level, 100, 200 - level), np.uint8)
    image[:24, :24] = 255
    return image


PICTURES = [picture(10 * i) for i in range(N_FRAMES)]
GREYS = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in PICTURES]


def write_video(path: Path, codec: str, *, fps: float = 30.0) -> Path:
    height, width = PICTURES[0].shape[:2]
    fourcc = cv2.VideoWriter_fourcc(*codec)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, fourcc, fps, (width, height))
    assert writer.isOpened()
    for image in PICTURES:
        writer.write(image)
    writer.release()
    return path


def write_pictures(folder: Path, names: list[str]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name, image in zip(names, PICTURES, strict=False):
        (folder / name).write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return [folder / name for name in names]


def assert_frames(stream, greys, *, fps=30.0):
    frames = list(stream)
    assert [frame.index for frame in frames] == list(range(len(greys)))
    assert [frame.timestamp_s for frame in frames] == [round(i / fps, 6) for i in range(len(greys))]
    for frame, grey in zip(frames, greys, strict=True):
        np.testing.assert_array_equal(frame.image, grey)


class FakeCamera:
    """Stands for a capture that delivers some pictures and is then unplugged."""

    last: "FakeCamera"

    def __init__(self, images, stamps_ms=None, fps=0.0):
        self.images, self.stamps_ms, self.fps = images, stamps_ms, fps
        self.n_read, self.released = 0, False
        FakeCamera.last = self

    def isOpened(self):  # noqa: N802
        return True

    def read(self):
        self.n_read += 1
        if self.n_read > len(self.images):
            return False, None
        return True, self.images[self.n_read - 1]

    def get(self, prop):
        if prop == cv2.CAP_PROP_POS_MSEC and self.stamps_ms:
            return self.stamps_ms[self.n_read - 1]
        return {cv2.CAP_PROP_FPS: self.fps, cv2.CAP_PROP_FRAME_COUNT: -1.0}.get(prop, 0.0)

    def release(self):
        self.released = True


# Frame


def test_frame_rounds_time_to_microseconds_and_stores_rows_together():
    frame = Frame(GREYS[0].T, np.int64(1), 33.333333333333336 / 1000, "x")
    assert frame.timestamp_s == Frame(GREYS[0], 1, 1 / 30, "x").timestamp_s == 0.033333
    assert frame.image.flags.c_contiguous
    assert type(frame.index) is int


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image": PICTURES[0]}, r"image must be a uint8 array of shape .* \(64, 96, 3\)"),
        ({"image": GREYS[0].astype(float)}, "image must be a uint8 array .* got float64"),
        ({"image": [[1]]}, "image must be a uint8 array .* list"),
        ({"image": GREYS[0][:0]}, r"at least one pixel, got shape \(0, 96\)"),
        ({"index": -1}, "index must be a whole number from 0, got -1"),
        ({"index": 1.0}, "index must be a whole number"),
        ({"index": True}, "index must be a whole number"),
        ({"timestamp_s": -0.1}, "timestamp_s must be 0 or more seconds, got -0.1"),
        ({"timestamp_s": float("nan")}, "timestamp_s must be 0 or more"),
        ({"timestamp_s": float("inf")}, "timestamp_s must be 0 or more"),
    ],
)
def test_frame_checks_itself(fields, message):
    good = {"image": GREYS[0], "index": 0, "timestamp_s": 0.0, "name": "x"}
    with pytest.raises(InputError, match=message):
        Frame(**{**good, **fields})


# Kinds of sources


def test_a_picture_file(tmp_path):
    (path,) = write_pictures(tmp_path, ["subject01.happy"])
    stream = open_frames(path)
    assert (stream.kind, stream.name, stream.n_frames) == ("picture", str(path), 1)
    (frame,) = stream
    np.testing.assert_array_equal(frame.image, GREYS[0])
    assert (frame.index, frame.timestamp_s, frame.name) == (0, 0.0, "subject01.happy")


def test_a_list_of_pictures_keeps_its_order(tmp_path):
    paths = write_pictures(tmp_path, ["b.png", "a.png"])
    stream = open_frames([str(paths[0]), paths[1]])
    assert (stream.kind, stream.n_frames) == ("sequence", 2)
    assert stream.name == f"{paths[0]} to {paths[1]}"
    assert_frames(stream, GREYS[:2])
    assert (open_frames(paths[:1]).kind, open_frames(paths[:1]).name) == ("sequence", str(paths[0]))


def test_a_folder_is_read_in_natural_order(tmp_path):
    names = ["img1.png", "img2.png", "IMG3.png", "img10.png", "img11"]
    write_pictures(tmp_path, names)
    for other in ("labels.csv", "notes.txt", ".DS_Store", "._img1.png", "Thumbs.db"):
        (tmp_path / other).write_bytes(b"no picture")
    (tmp_path / "folder.png").mkdir()
    stream = open_frames(tmp_path)
    assert (stream.kind, stream.name, stream.n_frames) == ("sequence", str(tmp_path), 5)
    frames = list(stream)
    assert [frame.name for frame in frames] == names
    assert [frame.timestamp_s for frame in frames] == [round(i / 30, 6) for i in range(5)]


def test_a_glob_pattern_is_read_in_natural_order(tmp_path):
    write_pictures(tmp_path / "s2", ["f9.png", "f10.png"])
    write_pictures(tmp_path / "s10", ["f1.png"])
    (tmp_path / "s2" / "notes.txt").write_text("no picture")
    stream = open_frames(str(tmp_path / "s*" / "*"), fps=10)
    assert (stream.kind, stream.n_frames) == ("sequence", 3)
    frames = list(stream)
    assert [frame.name for frame in frames] == ["f9.png", "f10.png", "f1.png"]
    assert [frame.timestamp_s for frame in frames] == [0.0, 0.1, 0.2]


def test_a_name_that_looks_like_a_pattern(tmp_path):
    (path,) = write_pictures(tmp_path, ["face[1].png"])
    assert open_frames(path).kind == "picture"


@pytest.mark.parametrize(("name", "codec"), [("x.avi", "FFV1"), ("x.mov", "png "), ("x", "FFV1")])
def test_video_pictures_and_arrays_give_the_same_frames(tmp_path, name, codec):
    path = write_video(tmp_path / (name if "." in name else "x.avi"), codec)
    path = path.rename(tmp_path / name)
    stream = open_frames(str(path))
    assert (stream.kind, stream.name, stream.n_frames) == ("video", str(path), N_FRAMES)
    assert_frames(stream, GREYS)
    write_pictures(tmp_path / "frames", [f"{i}.png" for i in range(N_FRAMES)])
    assert_frames(open_frames(tmp_path / "frames"), GREYS)
    assert_frames(open_frames(PICTURES), GREYS)
    assert_frames(open_frames(np.stack(PICTURES)), GREYS)
    assert_frames(open_frames(image for image in PICTURES), GREYS)


@pytest.mark.parametrize("name", ["a:b.avi", "%03d.avi", 'it\'s "ä" 顔.avi', "http:.avi"])
def test_unusual_video_names(tmp_path, monkeypatch, name):
    write_video(tmp_path / "x.avi", "FFV1").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert_frames(open_frames(name), GREYS)


def test_a_video_name_that_is_not_utf_8_is_refused(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.avi")
    try:
        write_video(tmp_path / "x.avi", "FFV1").rename(path)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.raises(InputError, match="must have a file name in valid UTF-8"):
        open_frames(path)


def test_frame_rate_of_a_video_comes_from_the_container_unless_it_is_given(tmp_path):
    path = write_video(tmp_path / "x.avi", "FFV1", fps=12.5)
    assert_frames(open_frames(path), GREYS, fps=12.5)
    assert_frames(open_frames(path, fps=99), GREYS, fps=99)


def test_a_rotated_video_is_upright(tmp_path):
    data = bytearray(write_video(tmp_path / "x.mp4", "mp4v").read_bytes())
    at = data.index(b"tkhd") + 44  # the track's display matrix, ISO 14496-12
    assert struct.unpack_from(">9i", data, at) == (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    struct.pack_into(">9i", data, at, 0, 65536, 0, -65536, 0, 0, 64 * 65536, 0, 1 << 30)
    (tmp_path / "rotated.mp4").write_bytes(data)
    image = next(iter(open_frames(tmp_path / "rotated.mp4"))).image
    assert image.shape == (96, 64)
    assert image[4, -4] > 240 > 150 > image[4, 4]  # the white corner is now top right


def test_gif_still_and_animated(tmp_path):
    found, still = cv2.imencode(".gif", PICTURES[0])
    assert found
    (tmp_path / "still").write_bytes(still.tobytes())
    assert open_frames(tmp_path / "still").kind == "picture"
    animation = cv2.Animation()
    animation.frames, animation.durations = PICTURES[:3], [100, 100, 100]
    assert cv2.imwriteanimation(str(tmp_path / "moving.gif"), animation)
    stream = open_frames(tmp_path / "moving.gif")
    assert (stream.kind, stream.n_frames) == ("video", 3)
    assert [frame.timestamp_s for frame in stream] == [0.0, 0.1, 0.2]


@pytest.mark.parametrize("shape", [(64, 96), (64, 96, 1), (64, 96, 3), (64, 96, 4)])
def test_one_array_is_a_picture(shape):
    stream = open_frames(np.full(shape, 7, np.uint8))
    assert (stream.kind, stream.name, stream.n_frames) == ("picture", "array", 1)
    (frame,) = stream
    np.testing.assert_array_equal(frame.image, np.full((64, 96), 7))


def test_stacks_and_lists_of_arrays_are_sequences():
    for source in (np.stack(PICTURES), PICTURES, tuple(PICTURES), GREYS, PICTURES[:1]):
        stream = open_frames(source)
        assert (stream.kind, stream.name, stream.n_frames) == ("sequence", "arrays", len(source))
        assert_frames(stream, GREYS[: len(source)])


def test_pictures_of_different_sizes_in_one_sequence():
    arrays = [GREYS[0], GREYS[1][:10], GREYS[2][:, :7]]
    assert_frames(open_frames(arrays), arrays)


def test_channel_order_applies_to_arrays_and_not_to_files(tmp_path):
    reversed_pictures = [image[..., ::-1] for image in PICTURES]
    assert_frames(open_frames(reversed_pictures, channel_order="rgb"), GREYS)
    assert_frames(open_frames(iter(reversed_pictures), channel_order="rgb"), GREYS)
    assert_frames(open_frames(reversed_pictures[0], channel_order="rgb"), GREYS[:1])
    paths = write_pictures(tmp_path, ["a.png"])
    assert_frames(open_frames(paths, channel_order="rgb"), GREYS[:1])


def test_an_iterable_is_a_stream_read_no_further_than_asked():
    asked = []

    def deliver():
        for i, image in enumerate(PICTURES):
            asked.append(i)
            yield image

    stream = open_frames(deliver(), fps=50)
    assert (stream.kind, stream.name, stream.n_frames) == ("stream", "stream", None)
    assert asked == []
    frames = iter(stream)
    assert [next(frames).timestamp_s, next(frames).timestamp_s] == [0.0, 0.02]
    assert asked == [0, 1]


def test_frames_pass_unchanged_and_streams_are_returned():
    frame = Frame(GREYS[0], 7, 1.5, "mine")
    assert list(open_frames([frame])) == [frame]
    stream = open_frames(iter([frame]))
    assert open_frames(stream) is stream
    assert list(stream) == [frame]


def test_a_second_loop_goes_on_where_the_first_stopped():
    stream = open_frames(PICTURES)
    assert next(iter(stream)).index == 0
    assert [frame.index for frame in stream] == [1, 2, 3, 4, 5]


# Cameras and time stamps


def test_a_camera_ends_when_it_delivers_no_more(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: FakeCamera(PICTURES[:3]))
    stream = open_frames(0)
    assert (stream.kind, stream.name, stream.n_frames) == ("camera", "camera 0", None)
    frames = list(stream)
    assert len(frames) == 3
    assert frames[0].timestamp_s == 0.0
    assert frames[0].timestamp_s <= frames[1].timestamp_s <= frames[2].timestamp_s
    assert FakeCamera.last.released


def test_a_camera_that_never_delivers_is_an_error(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: FakeCamera([]))
    with pytest.raises(InputError, match="camera 0 must give at least one frame, got none"):
        list(open_frames(0))
    assert FakeCamera.last.released


def test_an_abandoned_capture_is_released(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: FakeCamera(PICTURES))
    stream = open_frames(0)
    next(iter(stream))
    assert not FakeCamera.last.released
    stream.close()
    assert FakeCamera.last.released
    assert list(stream) == []


@pytest.mark.slow
@needs_clips
def test_time_stamps_of_real_clips():
    stream = open_frames(CLIPS / "single_face.mp4")
    assert stream.n_frames == 72
    assert [f.timestamp_s for f in stream] == [round(i / 30, 6) for i in range(72)]
    for name, shape in (("no_face.mp4", (540, 960)), ("face_noface.mov", (540, 960))):
        stamps = []
        for frame in open_frames(CLIPS / name):
            stamps.append(frame.timestamp_s)
            assert frame.image.shape == shape
        steps = np.diff(stamps)
        assert len(stamps) > 90
        assert 0 < steps.min() <= steps.max() < 0.2


# Memory


def test_memory_does_not_grow_with_the_number_of_frames():
    large = np.zeros((500, 1000, 3), np.uint8)
    tracemalloc.start()
    for frame in open_frames(large.copy() for _ in range(40)):
        assert frame.image.shape == (500, 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * large.nbytes


# Bad input


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "source must be a path"),
        ("a\0b", "source must be a path"),
        (b"bytes", "source must be a path.* got bytes"),
        (True, "source must be a path.* got bool"),
        (None, "source must be a path.* got NoneType"),
        (1.5, "source must be a path.* got float"),
        ({"a": 1}, "source must be a path.* got dict"),
        (-1, "source must be a camera number from 0, got -1"),
        ([], "at least one picture, got an empty list"),
        (np.zeros((0, 4, 4, 3), np.uint8), "at least one picture, got an empty"),
        (np.zeros(5, np.uint8), r"source must have shape .* got \(5,\)"),
        (np.zeros((9, 48, 64), np.uint8), r"source must have shape .* got \(9, 48, 64\)"),
        (np.zeros((1, 2, 3, 4, 3), np.uint8), r"source must have shape .* got \(1, 2, 3, 4, 3\)"),
        ("no such file.png", r"no such file\.png does not exist"),
        (["no such file.png"], r"no such file\.png does not exist"),
        ("no such folder/*.png", r"\*\.png must hold pictures, got none"),
        ("x" * 5000, "cannot be read"),
    ],
)
def test_sources_that_are_none(source, message):
    with pytest.raises(InputError, match=message):
        open_frames(source)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([GREYS[0], np.full((4, 4), np.nan)], r"frame 1 must lie in \[0, 1\]"),
        ([GREYS[0], 3], "frame 1 must be a numpy array, got int"),
        (np.zeros((2, 4, 4, 2), np.uint8), "frame 0 must have shape"),
        (iter([]), "stream must give at least one picture, got none"),
    ],
)
def test_bad_items_are_named_when_they_are_reached(items, message):
    stream = open_frames(items)
    with pytest.raises(InputError, match=message):
        list(stream)


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf"), "30", True])
def test_fps_must_be_positive(fps):
    with pytest.raises(InputError, match="fps must be a positive number, got"):
        open_frames(PICTURES, fps=fps)


def test_unknown_channel_order_is_refused():
    with pytest.raises(InputError, match="channel_order must be one of"):
        open_frames(PICTURES, channel_order="grb")


@pytest.mark.parametrize("name", ["x.png", "x.mp4", "x.txt", "x.m3u8"])
@pytest.mark.parametrize(
    ("data", "got"),
    [
        (b"", "an empty file"),
        (b"hello\n" * 50, "text"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/x.mp4\n", "text"),
        (bytes(range(256)) * 9, "of another kind or damaged"),
    ],
)
def test_files_that_are_neither_picture_nor_video(tmp_path, name, data, got):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=f"{name} must be a picture .* or a video, got .*{got}"):
        open_frames(tmp_path / name)


def test_folders_without_pictures(tmp_path):
    with pytest.raises(InputError, match="must hold pictures, got none"):
        open_frames(tmp_path)
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(InputError, match="must hold pictures, got none"):
        open_frames(tmp_path)


def test_a_false_picture_in_a_folder_or_list_is_named(tmp_path):
    write_pictures(tmp_path, ["a.png"])
    (tmp_path / "b.JPG").write_text("no picture")
    with pytest.raises(InputError, match=r"b\.JPG ends like a picture but is not one"):
        open_frames(tmp_path)
    with pytest.raises(InputError, match=r"b\.JPG in the list must be a picture"):
        open_frames([tmp_path / "a.png", tmp_path / "b.JPG"])


def test_a_damaged_picture_in_a_folder_is_named_when_it_is_reached(tmp_path):
    path = write_pictures(tmp_path, ["a.png", "b.png"])[1]
    path.write_bytes(path.read_bytes()[:60])
    frames = iter(open_frames(tmp_path))
    assert next(frames).index == 0
    with pytest.raises(InputError, match=r"b\.png cannot be decoded"):
        next(frames)


def test_symlink_loops(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(InputError, match="a cannot be read"):
        open_frames(tmp_path / "a")
    write_pictures(tmp_path, ["x.png"])
    (tmp_path / "itself").symlink_to(tmp_path)
    assert open_frames(tmp_path).n_frames == 1


def test_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(_path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        open_frames(tmp_path)


def test_a_video_cut_short_ends_at_the_cut(tmp_path):
    data = write_video(tmp_path / "x.avi", "MJPG").read_bytes()
    starts = [match.start() for match in re.finditer(b"00dc", data[: data.index(b"idx1")])]
    (tmp_path / "cut.avi").write_bytes(data[: starts[-3]])  # the last of three frames is lost
    n_left = sum(1 for _ in open_frames(tmp_path / "cut.avi"))
    assert N_FRAMES - 4 <= n_left <= N_FRAMES - 3


def test_a_video_without_its_index_is_refused(tmp_path):
    data = write_video(tmp_path / "x.mp4", "mp4v").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: data.index(b"moov") + 40])
    with pytest.raises(InputError, match=r"cut\.mp4 must"):
        list(open_frames(tmp_path / "cut.mp4"))


def test_damaged_videos_write_nothing_to_stderr(tmp_path):
    """In a process of its own: FFmpeg's log level is set when a process first uses it."""
    data = bytearray(write_video(tmp_path / "x.avi", "MJPG").read_bytes())
    at = data.index(b"00dc") + 700
    data[at : at + 20] = bytes(20)
    (tmp_path / "damaged.avi").write_bytes(data)
    (tmp_path / "cut.mp4").write_bytes(b"\0\0\0\x1cftypisom" + bytes(100))
    code = (
        "import sys; from au_detect.errors import InputError; from au_detect import frames\n"
        "for path in sys.argv[1:]:\n"
        "    try: print(sum(1 for _ in frames.open_frames(path)))\n"
        "    except InputError: print('refused')\n"
    )
    paths = [str(tmp_path / "damaged.avi"), str(tmp_path / "cut.mp4")]
    environment = {k: v for k, v in os.environ.items() if k != "OPENCV_FFMPEG_LOGLEVEL"}
    command = [sys.executable, "-c", code, *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[1] == "refused"


def test_videos_of_too_many_pixels_are_refused(tmp_path, monkeypatch):
    path = write_video(tmp_path / "x.avi", "FFV1")
    monkeypatch.setattr("au_detect.frames.video.MAX_PICTURE_PIXELS", 64 * 96 - 1)
    with pytest.raises(InputError, match="at most 6143 pixels a frame, got 6144"):
        open_frames(path)


@pytest.mark.parametrize("order", ["bgr", "rgb"])
def test_colours_are_kept_where_asked_for(order, tmp_path):
    red_first = np.zeros((4, 5, 3), np.uint8)
    red_first[..., 0], red_first[..., 2] = 200, 10
    clip = np.stack([red_first, red_first])
    (first, _) = open_frames(clip, channel_order=order, keep_colour=True)
    assert first.colour[0, 0].tolist() == ([200, 0, 10] if order == "bgr" else [10, 0, 200])
    (plain, _) = open_frames(clip, channel_order=order)
    assert plain.colour is None
    np.testing.assert_array_equal(first.image, plain.image)
    cv2.imwrite(str(tmp_path / "a.png"), red_first)
    (file,) = open_frames(tmp_path / "a.png", keep_colour=True)
    assert file.colour[0, 0].tolist() == [200, 0, 10]


def test_grey_pictures_are_shown_in_colour_too():
    (frame,) = open_frames(np.full((4, 5), 90, np.uint8), keep_colour=True)
    assert frame.colour.shape == (4, 5, 3)
    assert (frame.colour == 90).all()
