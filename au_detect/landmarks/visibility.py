"""Which half of a face can be trusted: eyes and mouth that are seen, lit and inside the picture.

A small network of ours looks at an upright view of the face and says whether brows and eyes, and
the mouth, are free of masks, hands, dark glasses and other things before them. Darkness and the
picture's border are measured. ``au-detect train-visibility`` makes the network's file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import ModelFileError
from au_detect.landmarks.crop import FaceCrop
from au_detect.landmarks.network import network_input
from au_detect.landmarks.points import REGIONS
from au_detect.networks.litert import open_network
from au_detect.paths import packaged_folder

FILE_NAME = "visibility.tflite"
VIEW = FaceCrop(box_px=36, side_px=50)
"""What the network looks at: 21 px between the outer eye corners."""
HALVES = (
    [*range(REGIONS["right_brow"].start, REGIONS["left_brow"].stop),
     *range(REGIONS["right_eye"].start, REGIONS["left_eye"].stop)],
    [*range(REGIONS["outer_lip"].start, REGIONS["inner_lip"].stop)],
)  # fmt: skip
"""Landmarks of the upper and of the lower half."""

LEAST_LOG_ODDS = (-2.0, -3.5)
"""A half of which the network is surer than this that it is covered cannot be trusted. Of 1,024
views of real faces in plain sight one upper half was, behind a fringe in hard light, and no lower
one; at -2 it took two mouths under moustaches."""
MOST_OUTSIDE = 0.15
"""Nor one of which more landmarks are outside the picture."""
LEAST_CONTRAST = 6.0
"""Nor a face whose grey values, of 256, deviate less than this."""


@dataclass(frozen=True)
class Visibility:
    """Whether `upper` and `lower` half of a face can be trusted."""

    upper: bool
    lower: bool


class VisibilityNetwork:
    """The network, loaded. Threads take turns.

    Parameters
    ----------
    content : bytes
        A ``.tflite`` file: views (1, side, side, 1) of `VIEW` -> log-odds (1, 2) that brows and
        eyes, and the mouth, are free.

    Raises
    ------
    ModelFileError
        If it is none.
    """

    def __init__(self, content: bytes) -> None:
        self._interpreter, inputs, outputs = open_network(content, 1)
        taken, given = (
            [tuple(map(int, tensor["shape"])) for tensor in io] for io in (inputs, outputs)
        )
        side = VIEW.side_px
        if taken != [(1, side, side, 1)] or given != [(1, 2)]:
            raise ModelFileError(
                f"a visibility network must take (1, {side}, {side}, 1) and give (1, 2), "
                f"got {taken} and {given}"
            )
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self._lock = Lock()

    def log_odds(self, view: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the log-odds, shape (2,), that upper and lower half are free.

        Parameters
        ----------
        view : ndarray of uint8, shape (side_px, side_px)
            As `VIEW` cuts it.
        """
        with self._lock:
            self._interpreter.set_tensor(self._input, network_input(view)[None, ..., None])
            self._interpreter.invoke()
            found: NDArray[np.float32] = self._interpreter.get_tensor(self._output)[0]
        return found


def read_visibility_network(path: Path) -> VisibilityNetwork:
    """Load a visibility network.

    Raises
    ------
    ModelFileError
        If the file cannot be read or is none.
    """
    try:
        return VisibilityNetwork(path.read_bytes())
    except OSError as error:
        raise ModelFileError(f"{path} must be a visibility network: {error.strerror}") from error


@cache
def shipped_visibility_network() -> VisibilityNetwork:
    """Load the network that comes with the package, once per process."""
    return read_visibility_network(packaged_folder("models") / FILE_NAME)


def measure_visibility(
    view: NDArray[np.uint8],
    points: NDArray[np.floating],
    picture_px: tuple[int, int],
    network: VisibilityNetwork | None = None,
) -> Visibility:
    """Return which half of a face can be trusted.

    Parameters
    ----------
    view : ndarray of uint8, shape (side_px, side_px)
        The face as `VIEW` shows it.
    points : ndarray, shape (68, 2)
        Landmarks in the picture, px.
    picture_px : tuple of int
        Its width and height.
    network : VisibilityNetwork, optional
        By default the shipped one.
    """
    if face_contrast(view) < LEAST_CONTRAST:
        return Visibility(False, False)
    log_odds = (network or shipped_visibility_network()).log_odds(view)
    outside = outside_shares(points, picture_px)
    upper, lower = (
        bool(odds >= least and share <= MOST_OUTSIDE)
        for odds, least, share in zip(log_odds, LEAST_LOG_ODDS, outside, strict=True)
    )
    return Visibility(upper, lower)


def face_contrast(view: NDArray[np.uint8]) -> float:
    """Return the standard deviation of the grey values within the face box of a view."""
    margin = (VIEW.side_px - VIEW.box_px) // 2
    _, deviation = cv2.meanStdDev(view[margin:-margin, margin:-margin])
    return float(deviation[0, 0])


def outside_shares(
    points: NDArray[np.floating], picture_px: tuple[int, int]
) -> tuple[float, float]:
    """Return which share of the landmarks of upper and lower half is outside the picture."""
    width, height = picture_px
    (left, top), (right, bottom) = np.minimum.reduce(points), np.maximum.reduce(points)
    if left > -0.5 and top > -0.5 and right < width - 0.5 and bottom < height - 0.5:
        return 0.0, 0.0
    inside = np.all((points > -0.5) & (points < (width - 0.5, height - 0.5)), axis=1)
    upper, lower = (1.0 - float(inside[half].mean()) for half in HALVES)
    return upper, lower
