"""How far each eye is turned, as a small network of ours reads it from a window on the eye.

Landmark models place the corners of eyes to a millimetre or two, by which an iris moves when the
eye turns by ten degrees. The network sees corners, lids and iris together, and was shown windows
that are off as much: ``au-detect train-gaze`` makes it, from renders whose gaze is known.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import ModelFileError
from au_detect.features.furrows import FURROW_CROP, UprightFace
from au_detect.landmarks.points import POINTS
from au_detect.networks.litert import open_network
from au_detect.paths import packaged_folder

WIDTH_PX, HEIGHT_PX = 28, 20
"""Of a window of `FURROW_CROP`."""
LEAST_DEVIATION = 5.0
"""Grey values of a window are divided by their standard deviation, or by this if it is less."""
GAZE_FILE = "gaze.tflite"
"""Among the packaged models."""
CORNERS = (
    (POINTS["right_eye_outer"], POINTS["right_eye_inner"]),
    (POINTS["left_eye_outer"], POINTS["left_eye_inner"]),
)
_CORNERS = np.array(CORNERS)


def measure_looks(face: UprightFace) -> NDArray[np.float32]:
    """Return how far the eyes of one face are turned.

    Returns
    -------
    ndarray of float32, shape (2, 3)
        Of the right and the left eye: where the iris is off the middle between the corners, right
        and down in the picture, in radii of the ball that the iris's middle moves on (see
        `au_detect.features.gaze`); and how far that may be off.
    """
    corners = face.points[_CORNERS]
    right, left = (corners[:, 0] + corners[:, 1]) / 2
    windows = np.empty((2, HEIGHT_PX, WIDTH_PX), dtype=np.uint8)
    windows[0] = cut_window(face.crop, right)
    windows[1] = cut_window(face.crop, left)[:, ::-1]
    found = network().read(windows)
    found[1, 0] *= -1.0
    upright = face.matrix[:, :2] / math.hypot(face.matrix[0, 0], face.matrix[0, 1])
    found[:, :2] = found[:, :2] @ upright  # the crop's axes turned back to the picture's
    return found


def cut_window(crop: NDArray[np.uint8], middle: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the window (HEIGHT_PX, WIDTH_PX) of `FURROW_CROP` about `middle`, in whole pixels."""
    x, y = middle.tolist()
    return FURROW_CROP.window(crop, x, y, WIDTH_PX, HEIGHT_PX)[0]


def network_input(windows: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return what the network is given of windows (n, height, width): mean 0 and deviation 1."""
    given = windows.astype(np.float32)[..., None]
    for window, shown in zip(windows, given, strict=True):
        mean, deviation = cv2.meanStdDev(window)
        shown -= np.float32(mean[0, 0])
        shown *= np.float32(1 / max(float(deviation[0, 0]), LEAST_DEVIATION))
    return given


class LooksNetwork:
    """The network, loaded. Threads take turns.

    Parameters
    ----------
    content : bytes
        A ``.tflite`` file: windows on right eyes (n, height, width, 1) → x, y, error (n, 3).

    Raises
    ------
    ModelFileError
        If it is none.
    """

    def __init__(self, content: bytes) -> None:
        self._interpreter, inputs, outputs = open_network(content, len(CORNERS))
        taken, given = (tuple(map(int, io[0]["shape"][1:])) for io in (inputs, outputs))
        wanted = (HEIGHT_PX, WIDTH_PX, 1), (3,)
        if (taken, given) != wanted:
            raise ModelFileError(
                f"a gaze network must take windows {wanted[0]} and give rows {wanted[1]}, "
                f"got {taken} and {given}"
            )
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self._lock = Lock()

    def read(self, windows: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return x, y and the expected error of two windows on right eyes, shape (2, 3)."""
        with self._lock:
            self._interpreter.set_tensor(self._input, network_input(windows))
            self._interpreter.invoke()
            found: NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return found


@cache
def network(path: Path | None = None) -> LooksNetwork:
    """Load a gaze network, by default the one that is shipped, once per process.

    Raises
    ------
    ModelFileError
        If the file is missing or is none.
    """
    file = path if path is not None else packaged_folder("models") / GAZE_FILE
    try:
        return LooksNetwork(file.read_bytes())
    except (OSError, ModelFileError) as error:
        raise ModelFileError(f"{file} must be a gaze network, got {error}") from error
