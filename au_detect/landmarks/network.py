"""Landmarks by a convolutional network of ours that LiteRT runs: one look at the crop.

The network gives points and, of each, how far it may be off. ``au-detect train-landmarks`` makes
such files.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, ModelFileError
from au_detect.landmarks.crop import FIT_CROP, NETWORK_CROP, FaceCrop
from au_detect.landmarks.crop_fit import CropFit
from au_detect.landmarks.points import MIRROR, N_LANDMARKS, REGIONS
from au_detect.landmarks.two_fits import TwoFits
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
    shown = crop.astype(np.float32)
    shown *= np.float32(factor)
    shown -= np.float32(mean[0, 0] * factor)
    return shown


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
        """Return the landmarks in a crop: the mean of what is seen in it and in its mirror image.

        If what was found in the last frame serves for this one, the crop is looked at alone.
        """
        shown = network_input(crop)
        plain = self._look(shown)
        seen, error_px = _in_fit_crop(plain), plain[:, 2]
        if isinstance(last, TwoFits):
            served = last.serve_for(seen, **_uncertainty(error_px - last.half_error_px))
            if served is not None:
                return served
        mirrored = self._look(shown[:, ::-1])[MIRROR]
        turned = _in_fit_crop(mirrored * np.array([-1.0, 1.0, 1.0]))
        half_error_px = (error_px - mirrored[:, 2]) / 2
        uncertainty = _uncertainty(error_px - half_error_px)
        return replace(TwoFits.of(seen, turned), half_error_px=half_error_px, **uncertainty)

    def _look(self, shown: NDArray[np.float32]) -> NDArray[np.float32]:
        with self._lock:
            self._interpreter.set_tensor(self._input, shown[None, ..., None])
            self._interpreter.invoke()
            found: NDArray[np.float32] = self._interpreter.get_tensor(self._output)[0, :N_LANDMARKS]
        return found


def _uncertainty(error_px: NDArray[np.floating]) -> dict[str, Any]:
    """Return the fields of a `CropFit` that tell how far its points may be off."""
    error_iod = np.maximum(error_px, 0) / np.float32(NETWORK_CROP.iod_px)
    mean_iod = np.add.reduce(error_iod[_INSIDE]) / (N_LANDMARKS - _INSIDE.start)
    return {"uncertainty_iod": float(mean_iod), "error_iod": error_iod}


def _in_fit_crop(found: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the points (68, 2) of what the network gives, in `FIT_CROP`, px."""
    return np.asarray(found[:, :2], dtype=float) * _SCALE + _MIDDLE_PX


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
