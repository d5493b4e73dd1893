"""Pictures become a video file, which is read again before it counts as written."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import AUDetectError
from au_detect.frames.encoding import CannotEncodeError, VideoEncoder
from au_detect.frames.pictures import quiet_opencv
from au_detect.results.files import part_file

NO_ROOM_BYTES = 1 << 20
"""With less left, a disk is said to be full."""


def write_video(pictures: Iterable[NDArray[np.uint8]], file: Path, fps: float) -> None:
    """Write a video that appears complete or not at all: the frames that can be read are counted.

    Parameters
    ----------
    pictures : iterable of ndarray of uint8, shape (height, width, 3)
        Blue, green, red; brought to the size of the first.
    file : Path
        Its ending is that of `au_detect.frames.encoding.video_ending`.
    fps : float

    Raises
    ------
    OSError
        If the disk is full.
    AUDetectError
        If the file cannot be written whole for another reason.
    """
    # Read by OpenCV when it first uses FFmpeg: no messages of FFmpeg on stderr.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    with part_file(file, file.suffix) as part:
        n_written = _encode(pictures, part, fps)
        n_whole = _count_frames(part)
        if n_whole == n_written:
            return
        if shutil.disk_usage(file.parent).free < NO_ROOM_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        raise AUDetectError(
            f"{file} must have {n_written} frames, but only {n_whole} could be written"
        )


def _encode(pictures: Iterable[NDArray[np.uint8]], file: Path, fps: float) -> int:
    """Write the pictures; return how many there are."""
    waiting = iter(pictures)
    first = next(waiting, None)
    if first is None:
        return 0
    size, n_pictures = (first.shape[1], first.shape[0]), 0
    with suppress(CannotEncodeError), VideoEncoder(file, fps, size) as encoder:
        for picture in chain([first], waiting):
            if (picture.shape[1], picture.shape[0]) != size:  # pictures of a folder may differ
                picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            n_pictures += 1
            encoder.write(picture)
    return n_pictures


def _count_frames(file: Path) -> int:
    """Return how many frames can be read."""
    with quiet_opencv():
        capture = cv2.VideoCapture(str(file), cv2.CAP_FFMPEG)
        n_frames = 0
        while capture.grab():
            n_frames += 1
        capture.release()
    return n_frames
