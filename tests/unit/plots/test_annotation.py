import cv2
import numpy as np
import pytest
from made_results import face_points, make_clip, make_result

from au_detect.errors import InputError
from au_detect.plots.annotation import annotate_frame, write_annotated


def bars_of(picture, colour=(0, 159, 230)):
    return int((np.abs(picture.astype(int) - colour).max(axis=2) < 12).sum())


@pytest.fixture
def result():
    return make_result(points=face_points(6), name="clip")


def test_the_picture_keeps_its_size_and_gets_a_panel(result):
    image = np.full((600, 800, 3), 90, np.uint8)
    annotated = annotate_frame(image, result, 0)
    assert annotated.shape == (600, 800 + 372, 3)
    np.testing.assert_array_equal(annotated[300:600, 200:800], 90)
    assert (image == 90).all(), "the picture itself is left alone"


@pytest.mark.parametrize(("height", "drawn"), [(60, 480), (701, 700), (703, 704), (2160, 1080)])
def test_small_and_large_pictures_are_scaled_to_even_sizes(result, height, drawn):
    annotated = annotate_frame(np.zeros((height, height), np.uint8), result, 0)
    assert annotated.shape[0] == drawn
    assert annotated.shape[1] % 2 == 0


def test_bars_show_what_is_on(result):
    image = make_clip(1)[0]
    off, on = (bars_of(annotate_frame(image, result, frame)[:, 480:]) for frame in (0, 5))
    assert on > 10 * max(off, 100)


@pytest.mark.parametrize("x", [0.6, -0.6])
def test_arrows_show_where_the_eyes_look(x):
    def orange(gaze):
        gazes = np.tile(np.array(gaze, dtype=float), (6, 1))
        seen = annotate_frame(make_clip(1)[0], make_result(points=face_points(6), gaze=gazes), 0)
        return (np.abs(seen[:, :640].astype(int) - (0, 159, 230)).max(axis=2) < 12).any(axis=0)

    ahead, aside = orange((0.0, 0.0)), orange((x, 0.0))
    changed = np.flatnonzero(aside & ~orange((np.nan, np.nan)))
    middle = 8 * face_points(1)[0, 36:48, 0].mean()
    assert len(changed) > 20
    assert (changed.mean() - middle) * x > 0
    assert aside.sum() > ahead.sum()


def test_emotions_are_written_where_they_are_given(result):
    image = make_clip(1)[0]
    plain = annotate_frame(image, result, 5)
    told = annotate_frame(image, result, 5, result.emotions())
    assert plain.shape == told.shape
    assert (plain[:, :640] != told[:, :640]).any(), "the face is named"
    assert (plain[:, 640:] != told[:, 640:]).any(), "the panel has scores"


def test_a_frame_without_a_face_has_no_box():
    lost = make_result(points=face_points(6, lost=[2]), lost=[2])
    image = np.full((480, 480, 3), 90, np.uint8)
    assert (annotate_frame(image, lost, 2)[:, :480] == 90).all()


def test_a_clip_becomes_a_video_with_all_frames(result, tmp_path):
    clip = make_clip()
    path = write_annotated(result, clip, tmp_path / "out", emotions=result.emotions())
    assert path == tmp_path / "out.mp4"
    video = cv2.VideoCapture(str(path))
    assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == 6
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(10, abs=0.1)
    assert (video.get(4), video.get(3)) == (480, 640 + 298)


def test_one_picture_becomes_a_picture(tmp_path):
    result = make_result(1, points=face_points(1))
    path = write_annotated(result, make_clip(1)[0], tmp_path / "out")
    assert path == tmp_path / "out.png"
    assert cv2.imread(str(path)).shape[0] == 480


def test_a_camera_cannot_be_read_again(result, tmp_path, monkeypatch):
    from au_detect.frames.sources import FrameStream
    from au_detect.plots import annotation

    camera = FrameStream("camera", "camera 0", None, iter(()))
    monkeypatch.setattr(annotation, "open_frames", lambda *_, **__: camera)
    with pytest.raises(InputError, match="source must be a file to be annotated, got camera 0"):
        write_annotated(result, 0, tmp_path / "out")
