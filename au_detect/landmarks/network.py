"""Landmarks by convolutional networks of ours that LiteRT runs.

One looks at the crop of the whole face and lays windows on eyes and mouth, which others look at
closely (`au_detect.landmarks.windows`). They give points and, of each, how far it may be off.
``au-detect train-landmarks`` makes such files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, ModelFileError
from au_detect.landmarks.crop import DETAIL_CROP, FIT_CROP, NETWORK_CROP, FaceCrop
from au_detect.landmarks.crop_fit import CropFit
from au_detect.landmarks.points import MIRROR, N_LANDMARKS, REGIONS
from au_detect.landmarks.two_fits import TwoFits
from au_detect.landmarks.windows import WINDOWS, Window, windows_beside
from au_detect.networks.litert import open_network

LEAST_DEVIATION = 5.0
"""Grey values of a picture are divided by their standard deviation, or by this if it is less."""

_INSIDE = slice(REGIONS["jaw"].stop, N_LANDMARKS)
_MIDDLE_PX = (FIT_CROP.side_px - 1) / 2
_ENLARGED = np.float32(DETAIL_CROP.box_px / NETWORK_CROP.box_px)
_FACE_SIZE = (NETWORK_CROP.side_px, NETWORK_CROP.side_px)


def network_input(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what a network is given for a picture: grey values of mean 0 and deviation 1."""
    mean, deviation = cv2.meanStdDev(picture)
    factor = 1 / max(float(deviation[0, 0]), LEAST_DEVIATION)
    shown = picture.astype(np.float32)
    shown *= np.float32(factor)
    shown -= np.float32(mean[0, 0] * factor)
    return shown


class _Network:
    """A network that is loaded.

    Parameters
    ----------
    content : bytes
        A ``.tflite`` file: pictures (n, height, width, 1) → x, y about the middle and the expected
        error (n, n_points, 3), px.
    n_rows : int
        How many pictures are looked at together.
    size : tuple of int
        Height and width of a picture, px.
    least_points : int
        How many points it must give.
    """

    def __init__(
        self,
        content: bytes,
        n_rows: int,
        size: tuple[int, int],
        least_points: int,
    ) -> None:
        self._interpreter, inputs, outputs = open_network(content, n_rows)
        taken, given = (
            [tuple(map(int, tensor["shape"]))[1:] for tensor in io] for io in (inputs, outputs)
        )
        fits = taken == [(*size, 1)] and len(given) == 1 and len(given[0]) == 2
        if not fits or given[0][1] != 3 or given[0][0] < least_points:
            raise ModelFileError(
                f"a landmark network must take pictures {(*size, 1)} and give "
                f"({least_points} or more, 3), got {taken} and {given}"
            )
        self._shown = np.empty((n_rows, *size, 1), np.float32)
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]

    def look(self, pictures: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return what is found in pictures, (n_rows, n_points, 3), px."""
        for shown, picture in zip(self._shown, pictures, strict=True):
            shown[..., 0] = network_input(picture)
        self._interpreter.set_tensor(self._input, self._shown)
        self._interpreter.invoke()
        found: NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return found


class NetworkFitter:
    """Landmark networks that are loaded: a `LandmarkFitter`. Threads take turns.

    Parameters
    ----------
    content : bytes
        A ``.tflite`` file: crops (1, side, side, 1) of `NETWORK_CROP` → x, y about the middle
        and the expected error (1, n_points, 3), px; the first 68 points are the landmarks.
    windows : mapping of str to bytes, optional
        Name of a window → a file that does the same for its landmarks. What has none is not looked
        at closely.

    Raises
    ------
    ModelFileError
        If a file is none.
    """

    def __init__(self, content: bytes, windows: Mapping[str, bytes] | None = None) -> None:
        self._face = _Network(content, 1, _FACE_SIZE, N_LANDMARKS)
        files = windows or {}
        self._windows = [(w, _of_window(w, files[w.name])) for w in WINDOWS if w.name in files]
        self.crop: FaceCrop = DETAIL_CROP if self._windows else NETWORK_CROP
        self._scale = FIT_CROP.box_px / self.crop.box_px
        self._lock = Lock()

    def fit(self, crop: NDArray[np.uint8], last: CropFit | None = None) -> CropFit:
        """Return the landmarks in a crop: the mean of what is seen in it and in its mirror image.

        If what was found in the last frame serves for this one, the crop is looked at alone.
        """
        plain = self._look(crop)
        seen, error_px = self._in_fit_crop(plain), plain[:, 2]
        if isinstance(last, TwoFits):
            served = last.serve_for(seen, **self._uncertainty(error_px - last.half_error_px))
            if served is not None:
                return served
        mirrored = self._look(crop[:, ::-1])[MIRROR]
        turned = self._in_fit_crop(mirrored * np.array([-1.0, 1.0, 1.0]))
        half_error_px = (error_px - mirrored[:, 2]) / 2
        uncertainty = self._uncertainty(error_px - half_error_px)
        return replace(TwoFits.of(seen, turned), half_error_px=half_error_px, **uncertainty)

    def _look(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return x, y about the crop's middle and expected error of the landmarks (68, 3), px."""
        with self._lock:
            if not self._windows:
                return self._face.look([crop])[0, :N_LANDMARKS]
            small = cv2.resize(crop, _FACE_SIZE, interpolation=cv2.INTER_LINEAR)
            found = self._face.look([small])[0, :N_LANDMARKS] * _ENLARGED
            for window, network in self._windows:
                _look_closely(crop, window, network, found)
        return found

    def _uncertainty(self, error_px: NDArray[np.floating]) -> dict[str, Any]:
        """Return the fields of a `CropFit` that tell how far its points may be off."""
        error_iod = np.maximum(error_px, 0) / np.float32(self.crop.iod_px)
        mean_iod = np.add.reduce(error_iod[_INSIDE]) / (N_LANDMARKS - _INSIDE.start)
        return {"uncertainty_iod": float(mean_iod), "error_iod": error_iod}

    def _in_fit_crop(self, found: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the points (68, 2) of what was found in the crop, in `FIT_CROP`, px."""
        return np.asarray(found[:, :2], dtype=float) * self._scale + _MIDDLE_PX


def _look_closely(
    crop: NDArray[np.uint8], window: Window, network: _Network, found: NDArray[np.float32]
) -> None:
    """Put into what was `found` (68, 3) in a crop what a window on it shows."""
    middle_px = (len(crop) - 1) / 2
    cuts = []
    for side, about in enumerate(window.about_sides):
        places = found[about]
        x, y, _ = (np.add.reduce(places) / len(places)).tolist()
        if side:
            x, crop = -x, crop[:, ::-1]
        cuts.append(window.cut(crop, x + middle_px, y + middle_px))
    seen = network.look([picture for picture, _ in cuts])
    for side, (points, (_, (x, y))) in enumerate(zip(seen, cuts, strict=True)):
        points += np.array([x - middle_px, y - middle_px, 0.0], np.float32)
        if side:
            points[:, 0] *= -1
        found[window.found[side]] = points[: len(window.landmarks)]


def _of_window(window: Window, content: bytes) -> _Network:
    size = (window.height_px, window.width_px)
    return _Network(content, len(window.found), size, len(window.landmarks))


def read_network(path: Path) -> NetworkFitter:
    """Load a landmark network, with those for the windows that lie beside it.

    Raises
    ------
    InputError
        If a file cannot be read or is no landmark network.
    """
    try:
        windows = {name: file.read_bytes() for name, file in windows_beside(path).items()}
        return NetworkFitter(path.read_bytes(), windows)
    except (OSError, ModelFileError) as error:
        raise InputError(
            f"landmark_model must be a landmark network, got {str(path)!r}: {error}"
        ) from error
