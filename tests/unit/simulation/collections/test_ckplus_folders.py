from pathlib import Path

import numpy as np
import pytest

from au_detect.datasets.collection import SequenceRecord
from au_detect.datasets.frame_files import FrameFile, read_landmarks
from au_detect.errors import InputError

FRAMES = (Path("a/1.png"), Path("a/2.png"))


def make(**changes):
    values = {"name": "a", "subject": "anna", "frames": FRAMES, "aus": {12: 3.0}} | changes
    return SequenceRecord(**values)


def test_frames_are_pictures_with_their_landmarks():
    record = make(landmarks=(None, Path("2.txt")))
    assert record.frame(0) == FrameFile(FRAMES[0])
    assert record.frame(1) == FrameFile(FRAMES[1], landmarks=Path("2.txt"))
    assert record.neutral_frames() == (record.frame(0),)


def test_frames_are_numbers_in_a_video():
    record = make(frames=(Path("a.mp4"),), is_video=True, apex=7)
    assert record.frame(7) == FrameFile(Path("a.mp4"), 7)
    assert str(record.frame(7)) == "a.mp4#7"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frames": ()}, "frames of a must hold at least one, got none"),
        ({"landmarks": (None,)}, "landmarks of a must have 2 entries like frames, got 1"),
        ({"neutral": 2}, "neutral must be a frame from 0 to 1, got 2"),
        ({"apex": -1}, "apex must be a frame from 0 to 1, got -1"),
        ({"neutral": 1}, "neutral must be another frame than the coded one"),
        ({"aus": {12: 6.0}}, "aus of a must have intensities in"),
        ({"aus": {12: -1.0}}, "aus of a must have intensities in"),
    ],
)
def test_records_that_cannot_be(changes, message):
    with pytest.raises(InputError, match=message):
        make(**changes)


def test_landmarks_are_read(tmp_path, face_px):
    np.savetxt(tmp_path / "x.txt", face_px, "%.6e")
    points = read_landmarks(tmp_path / "x.txt")
    assert points.dtype == np.float32
    np.testing.assert_allclose(points, face_px, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2\n" * 67, "must hold 68 points"),
        ("1 2\n" * 67 + "1\n", "must hold 68 points .x y., got 67.5"),
        ("", "must hold 68 points"),
        ("1 2\n" * 67 + "1 nan\n", "must hold finite numbers"),
        ("1 2\n" * 67 + "1 x\n", "must hold numbers"),
        ("1 2\n" * 68, "must be a face"),
    ],
)
def test_damaged_landmarks(tmp_path, text, message):
    (tmp_path / "x.txt").write_text(text)
    with pytest.raises(InputError, match=rf"x\.txt.*{message}"):
        read_landmarks(tmp_path / "x.txt")


def test_missing_landmarks(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_landmarks(tmp_path / "none.txt")
