"""One frame of a collection on disk: a picture, or a frame of a video, and its own landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.landmarks import N_LANDMARKS, Landmarks


@dataclass(frozen=True)
class FrameFile:
    """Where a frame is.

    Parameters
    ----------
    path : Path
        A picture, or a video.
    number : int, optional
        Which frame of the video, from 0; None for a picture.
    landmarks : Path, optional
        A file with the landmarks of this frame, see `read_landmarks`.
    """

    path: Path
    number: int | None = None
    landmarks: Path | None = None

    def __str__(self) -> str:
        return str(self.path) if self.number is None else f"{self.path}#{self.number}"


def read_landmarks(path: str | PathLike[str]) -> NDArray[np.float32]:
    """Read the landmarks of one picture as CK+ has them: 68 lines of x and y in pixels.

    Returns
    -------
    ndarray of float32, shape (68, 2)

    Raises
    ------
    InputError
        If the file cannot be read, or does not hold 68 points of a face.
    """
    try:
        words = Path(path).read_text(encoding="ascii", errors="replace").split()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    try:
        numbers = np.array(words, dtype=np.float32)
    except ValueError as error:
        raise InputError(f"{path} must hold numbers, got something else: {error}") from error
    if numbers.size != 2 * N_LANDMARKS:
        raise InputError(f"{path} must hold {N_LANDMARKS} points (x y), got {numbers.size / 2:g}")
    if not np.isfinite(numbers).all():
        raise InputError(f"{path} must hold finite numbers, got NaN or infinity")
    try:
        return Landmarks(numbers.reshape(1, N_LANDMARKS, 2)).points[0]
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
