import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import au_detect
from au_detect.errors import AUDetectError
from au_detect.plots.video_file import write_video

PICTURES = [np.random.default_rng(k).integers(0, 256, (240, 320, 3), np.uint8) for k in range(12)]


def test_all_frames_are_in_the_file(tmp_path):
    file = tmp_path / "a.mp4"
    write_video(PICTURES, file, 10.0)
    video = cv2.VideoCapture(str(file))
    assert sum(video.grab() for _ in range(20)) == 12
    assert os.listdir(tmp_path) == ["a.mp4"]


SMALL_FILES_ONLY = """
import resource, sys
from pathlib import Path
import numpy as np
from au_detect.errors import AUDetectError
from au_detect.plots.video_file import write_video
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
pictures = [np.random.default_rng(k).integers(0, 256, (240, 320, 3), np.uint8) for k in range(12)]
try:
    write_video(pictures, Path(sys.argv[1]), 10.0)
except AUDetectError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_video_that_cannot_be_written_whole_is_an_error_and_the_old_one_stays(tmp_path):
    file = tmp_path / "a.mp4"
    file.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", SMALL_FILES_ONLY, str(file)], capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(Path(au_detect.__file__).parents[1])}, check=False,
    )  # fmt: skip
    assert f"{file} must have 12 frames, but only " in done.stdout, done.stderr
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.mp4"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_device_is_an_error(tmp_path):
    (tmp_path / "a.mp4").symlink_to("/dev/full")
    with pytest.raises((AUDetectError, OSError)):
        write_video(PICTURES, tmp_path / "a.mp4", 10.0)


def test_pictures_that_fail_leave_nothing(tmp_path):
    def pictures():
        yield PICTURES[0]
        raise ValueError("the source broke off")

    with pytest.raises(ValueError, match="broke off"):
        write_video(pictures(), tmp_path / "a.mp4", 10.0)
    assert os.listdir(tmp_path) == []
