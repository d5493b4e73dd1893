"""Landmarks by a convolutional network of ours that LiteRT runs: one look at the crop.

The network gives points and, of each, how far it may be off. ``au-detect train-landmarks`` makes
such files.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, ModelFileError
from au_detect.landmarks.crop import FIT_CROP, NETWORK_CROP, FaceCrop
from au_detect.landmarks.crop_fit import CropFit
from au_detect.landmarks.points import MIRROR, N_LANDMARKS, REGIONS
from au_detect.networks.litert import open_network

LEAST_DEVIATION = 5.0
"""Grey values of a crop are divided by their standard deviation, or by this if it is less."""

_INSIDE = slice(REGIONS["jaw"].stop, N_LANDMARKS)
_MIDDLE_PX = (FIT_CROP.side_px - 1) / 2
_SCALE = FIT_CROP.box_px / NETWORK_CROP.box_px


def network_input(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what the network is given for a crop: grey values of mean 0 and deviation 1."""
    mean, deviation = cv2.meanStdDev(crop)
    factor = 1 / max(float(deviation[0, 0]), LEAST_DEVIATION)
    return np.multiply(crop, np.float32(factor), dtype=np.float32) - np.float32(mean[0, 0] * factor)


class NetworkFitter:
    """A landmark network that is loaded: a `LandmarkFitter`. Threads take turns.

    Parameters
    ----------
    content : bytes
        A ``.tflite`` file: crops (1, side, side, 1) of `NETWORK_CROP` -> x, y about the middle
        and the expected error (1, n_points, 3), px; the first 68 points are the landmarks.

    Raises
    ------
    ModelFileError
        If it is none.
    """

    crop: FaceCrop = NETWORK_CROP

    def __init__(self, content: bytes) -> None:
        self._interpreter, inputs, outputs = open_network(content, 1)
        taken, given = (
            [tuple(map(int, tensor["shape"])) for tensor in io] for io in (inputs, outputs)
        )
        side = NETWORK_CROP.side_px
        fits = taken == [(1, side, side, 1)] and len(given) == 1
        if not fits or given[0][2:] != (3,) or given[0][1] < N_LANDMARKS:
            raise ModelFileError(
                f"a landmark network must take (1, {side}, {side}, 1) and give (1, 68 or more, 3), "
                f"got {taken} and {given}"
            )
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self._lock = Lock()

    def fit(self, crop: NDArray[np.uint8], last: CropFit | None = None) -> CropFit:
        """Return the landmarks in a crop; what was found before does not matter.

        They are the mean of what is seen in the crop and in its mirror image.
        """
        seen = network_input(crop)
        with self._lock:
            plain, mirrored = self._look(seen), self._look(seen[:, ::-1])
        found = (plain + mirrored[MIRROR] * np.array([-1.0, 1.0, 1.0])) / 2
        error_iod = np.asarray(np.maximum(found[:, 2], 0) / NETWORK_CROP.iod_px, np.float32)
        return CropFit(
            points=found[:, :2] * _SCALE + _MIDDLE_PX,
            uncertainty_iod=float(error_iod[_INSIDE].mean()),
            error_iod=error_iod,
        )

    def _look(self, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        self._interpreter.set_tensor(self._input, seen[None, ..., None])
        self._interpreter.invoke()
        found: NDArray[np.float32] = self._interpreter.get_tensor(self._output)[0, :N_LANDMARKS]
        return found


def read_network(path: Path) -> NetworkFitter:
    """Load a landmark network.

    Raises
    ------
    InputError
        If the file cannot be read or is no landmark network.
    """
    try:
        return NetworkFitter(path.read_bytes())
    except (OSError, ModelFileError) as error:
        raise InputError(
            f"landmark_model must be a landmark network, got {str(path)!r}: {error}"
        ) from error
