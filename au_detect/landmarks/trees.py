"""Landmarks by a dlib shape predictor: regression trees.

How much the fits of an upright crop and of its mirror image differ tells how far they can be
trusted.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.landmarks.crop import FIT_CROP, FaceCrop
from au_detect.landmarks.crop_fit import CropFit
from au_detect.landmarks.points import N_LANDMARKS, mirror
from au_detect.landmarks.two_fits import TwoFits

_FIRST_PX = (FIT_CROP.side_px - FIT_CROP.box_px) // 2
_LAST_PX = _FIRST_PX + FIT_CROP.box_px - 1
FIT_BOX = dlib.rectangle(_FIRST_PX, _FIRST_PX, _LAST_PX, _LAST_PX)
"""The face's box in `FIT_CROP`, where shape predictors are asked."""


class TreesFitter:
    """A shape predictor that is loaded: a `LandmarkFitter`.

    Parameters
    ----------
    predictor : dlib.shape_predictor
        Of 68 points.
    """

    crop: FaceCrop = FIT_CROP

    def __init__(self, predictor: dlib.shape_predictor) -> None:
        self._predictor = predictor

    def fit(self, crop: NDArray[np.uint8], last: CropFit | None = None) -> TwoFits:
        """Return the mean of the fits in a crop and in its mirror image.

        If what was found in the last frame serves for this one, the crop is fitted alone.
        """
        seen = _predict(self._predictor, crop)
        served = last.serve_for(seen) if isinstance(last, TwoFits) else None
        if served is not None:
            return served
        return TwoFits.of(
            seen, mirror(_predict(self._predictor, cv2.flip(crop, 1)), FIT_CROP.side_px)
        )


def read_trees(path: Path) -> TreesFitter:
    """Load a shape predictor.

    Raises
    ------
    InputError
        If the file is no shape predictor, or one of another number of points.
    """
    try:
        predictor = dlib.shape_predictor(str(path))
    except (RuntimeError, MemoryError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"landmark_model must be a dlib shape predictor, got {str(path)!r}: {reason}"
        ) from error
    blank = np.zeros((64, 64), dtype=np.uint8)
    n_points = predictor(blank, dlib.rectangle(16, 16, 47, 47)).num_parts
    if n_points != N_LANDMARKS:
        raise InputError(
            f"landmark_model must have {N_LANDMARKS} points, got {n_points} in {str(path)!r}"
        )
    return TreesFitter(predictor)


def _predict(predictor: dlib.shape_predictor, crop: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the points (68, 2), whole pixels, of the face in the middle of `crop`."""
    parts = predictor(crop, FIT_BOX).parts()
    return np.array([(part.x, part.y) for part in parts], dtype=float)
