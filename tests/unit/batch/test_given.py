"""What the arguments of run stand for."""

import cv2
import numpy as np
import pytest

from au_detect.batch.given import inputs_given
from au_detect.errors import InputError


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a picture, two videos and a text."""
    cv2.imwrite(str(tmp_path / "a1.png"), np.zeros((8, 8), np.uint8))
    for name in ("b.wmv", "c10.mp4", "c9.mp4"):
        (tmp_path / name).write_bytes(b"video")
    (tmp_path / "notes.txt").write_text("x")
    return tmp_path


def sources(*texts):
    return [given.source for given in inputs_given(map(str, texts))]


def test_a_folder_of_pictures_and_videos_is_a_sequence_and_each_video(folder):
    found = inputs_given([str(folder)])
    assert [g.source for g in found] == [
        str(folder), *(str(folder / name) for name in ("b.wmv", "c9.mp4", "c10.mp4"))
    ]  # fmt: skip
    assert found[0].notice == f"{folder} holds pictures and 3 videos, each by itself"
    assert not any(g.notice for g in found[1:])


def test_a_folder_of_videos_is_each_of_them(folder):
    (folder / "a1.png").unlink()
    assert sources(folder) == [str(folder / name) for name in ("b.wmv", "c9.mp4", "c10.mp4")]


def test_a_pattern_of_videos_is_each_of_them(folder):
    assert sources(folder / "*.mp4") == [str(folder / "c9.mp4"), str(folder / "c10.mp4")]


def test_a_pattern_of_pictures_is_one_sequence(folder):
    assert sources(folder / "*.png") == [str(folder / "*.png")]


def test_a_pattern_of_folders_is_each_of_them(folder):
    assert sources(folder.parent / f"{folder.name}*")[0] == str(folder)


def test_what_does_not_exist_and_urls_are_left_to_the_reader(tmp_path):
    assert sources(tmp_path / "missing.mp4", "http://x/*.mp4") == [
        str(tmp_path / "missing.mp4"), "http://x/*.mp4"
    ]  # fmt: skip


def test_a_tree_is_a_matter_of_batch(tmp_path):
    (tmp_path / "below").mkdir()
    with pytest.raises(
        InputError, match=r"must hold pictures or videos, got none: `au-detect batch"
    ):
        inputs_given([str(tmp_path)])


def test_cameras_and_numbers():
    (given,) = inputs_given(["camera:1"])
    assert given.camera == 1
    assert inputs_given(["clip.mp4"])[0].camera is None
    with pytest.raises(InputError, match="0 does not exist; the camera of this number is camera:0"):
        inputs_given(["0"])
