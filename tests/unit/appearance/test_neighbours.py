from pathlib import Path

import cv2
import numpy as np
import pytest

from au_detect.appearance.neighbours import around, frame_file, on_the_way, read_frames
from au_detect.datasets.frame_files import FrameFile
from au_detect.errors import InputError


@pytest.fixture
def sequence(tmp_path):
    for number in range(1, 10):
        picture = np.full((40, 40), 10 * number, dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"S1_{number:03d}.png"), picture)
    cv2.imwrite(str(tmp_path / "S2_001.png"), np.zeros((40, 40), dtype=np.uint8))
    return tmp_path


def numbers(files):
    return [int(file.path.stem[-3:]) for file in files]


def test_frames_on_the_way_are_evenly_spaced(sequence):
    first, last = FrameFile(sequence / "S1_001.png"), FrameFile(sequence / "S1_009.png")
    assert numbers(on_the_way(first, last, 5)) == [1, 3, 5, 7, 9]
    assert numbers(on_the_way(None, last, 3)) == [9, 9, 9]


def test_nothing_lies_between_different_sequences(sequence):
    other, last = FrameFile(sequence / "S2_001.png"), FrameFile(sequence / "S1_004.png")
    assert numbers(on_the_way(other, last, 4)) == [1, 1, 4, 4]


def test_a_window_ends_with_its_sequence(sequence):
    first = FrameFile(sequence / "S1_001.png")
    window = around(first, FrameFile(sequence / "S1_009.png"), reach=2)
    assert numbers(window) == [5, 6, 7, 8, 9]
    window = around(first, FrameFile(sequence / "S1_005.png"), reach=1)
    assert numbers(window) == [4, 5, 6]
    window = around(first, FrameFile(sequence / "S1_005.png"), reach=6)
    assert numbers(window) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9]


def test_a_picture_alone_does_not_move(sequence):
    window = around(None, FrameFile(sequence / "S1_005.png"), reach=2)
    assert numbers(window) == [5] * 5


def test_frames_of_videos_are_counted():
    assert frame_file("clip.mp4#12") == FrameFile(Path("clip.mp4"), 12)
    assert frame_file("a#b/1.png") == FrameFile(Path("a#b/1.png"))
    window = around(None, FrameFile(Path("clip.mp4"), 3), reach=5)
    assert [file.number for file in window] == list(range(11))


def test_frames_are_read_once_each(sequence):
    files = [FrameFile(sequence / f"S1_00{n}.png") for n in (2, 2, 3)]
    found = read_frames(files)
    assert {int(image[0, 0]) for image in found.values()} == {20, 30}
    with pytest.raises(InputError, match=r"S1_077\.png does not exist"):
        read_frames([FrameFile(sequence / "S1_077.png")])
