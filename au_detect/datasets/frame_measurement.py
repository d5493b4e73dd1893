"""Measure single frames on disk: landmarks and furrows, as detection measures them.

Every frame is measured on its own, as detection does with a picture and its neutral picture: the
tracker looks for the face anew. So a row depends on nothing but the frame's content, the
landmark model and this code, and it does not matter which other frames are measured.

What is written here and in the modules that it uses decides what is measured:
`au_detect.datasets.measurement_cache` forgets all measurements when one of them changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.frame_files import FrameFile, read_landmarks
from au_detect.errors import InputError
from au_detect.features.furrows import measure_furrows
from au_detect.features.measurement import measure_frame
from au_detect.frames import Frame, open_frames
from au_detect.frames.pictures import read_picture
from au_detect.landmarks.tracking import FaceTracker


class MeasuredFace(NamedTuple):
    """The largest face in a frame.

    `points` is float32 (68, 2) in pixels and `furrows` float32 (n_furrows,); both are NaN where
    there is no face.
    """

    points: NDArray[np.float32]
    furrows: NDArray[np.float32]

    @property
    def found(self) -> bool:
        """Whether there is a face."""
        return not np.isnan(self.points[0, 0])


def measure_frame_files(
    files: Iterable[FrameFile], tracker: FaceTracker | None
) -> dict[FrameFile, MeasuredFace | str]:
    """Measure frames; a video is read once for all its frames.

    Parameters
    ----------
    files : iterable of FrameFile
    tracker : FaceTracker or None
        None takes each frame's own landmark file instead.

    Returns
    -------
    dict of FrameFile to (MeasuredFace or str)
        The text says why a frame could not be measured.

    Raises
    ------
    InputError
        If the landmark model is damaged.
    """
    if tracker is None:
        return {file: _at_own_landmarks(file) for file in files}
    return {
        file: frame if isinstance(frame, str) else _tracked(frame, tracker)
        for file, frame in _read_frames(files)
    }


def _read_frames(files: Iterable[FrameFile]) -> Iterator[tuple[FrameFile, Frame | str]]:
    """Yield the frames, in any order, or why they could not be read."""
    videos: dict[Path, dict[int, FrameFile]] = {}
    for file in files:
        if file.number is None:
            yield file, _read_picture(file)
        else:
            videos.setdefault(file.path, {})[file.number] = file
    for path, wanted in videos.items():
        yield from _read_video(path, wanted)


def _read_picture(file: FrameFile) -> Frame | str:
    try:
        return Frame(read_picture(file.path), 0, 0.0, str(file))
    except InputError as error:
        return str(error)


def _read_video(
    path: Path, wanted: dict[int, FrameFile]
) -> Iterator[tuple[FrameFile, Frame | str]]:
    n_read, reason, missing = 0, "", dict(wanted)
    try:
        stream = open_frames(path)
        for frame in stream:
            n_read += 1
            if frame.index in missing:
                yield missing.pop(frame.index), frame
            if not missing:
                break
        stream.close()
    except InputError as error:
        reason = str(error)
    for file in missing.values():
        yield file, reason or f"the video has only {n_read} frames"


def _tracked(frame: Frame, tracker: FaceTracker) -> MeasuredFace:
    tracker.reset()
    faces = measure_frame(frame, tracker)
    return MeasuredFace(faces.points[0], faces.furrows[0])


def _at_own_landmarks(file: FrameFile) -> MeasuredFace | str:
    """Measure furrows at the landmarks that came with the collection, or say why not."""
    if file.landmarks is None:
        return f"{file} has no landmark file"
    try:
        points, image = read_landmarks(file.landmarks), read_picture(file.path)
    except InputError as error:
        return str(error)
    height, width = image.shape
    x, y = points.mean(axis=0)
    if not (0 <= x < width and 0 <= y < height):
        return (
            f"{file.landmarks} must hold points inside the picture of {width} x {height} px, "
            f"got their middle at ({x:.0f}, {y:.0f})"
        )
    return MeasuredFace(points, measure_furrows(image, points))
