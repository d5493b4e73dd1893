"""Landmarks by a dlib shape predictor: regression trees.

The predictor looks at an upright crop and at its mirror image. The mean of the two fits is
steadier than either, a mirrored picture gives mirrored points, and how much they differ tells how
far they can be trusted. What they differ by is mostly a habit of the predictor with this face:
half of it turns one fit into the mean. In a sequence it is therefore kept for some frames, as long
as the face has the same shape, and the second fit is saved. Landmarks are then less steady by a
quarter, probabilities hardly (``benchmarks/steadiness.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.landmarks.crop import FIT_CROP, FaceCrop
from au_detect.landmarks.crop_fit import CropFit
from au_detect.landmarks.points import N_LANDMARKS, mirror

_FIRST_PX = (FIT_CROP.side_px - FIT_CROP.box_px) // 2
_LAST_PX = _FIRST_PX + FIT_CROP.box_px - 1
FIT_BOX = dlib.rectangle(_FIRST_PX, _FIRST_PX, _LAST_PX, _LAST_PX)
"""The face's box in `FIT_CROP`, where shape predictors are asked."""

# One fit serves for this many frames, and while the upright shape is as near to the one that was
# fitted twice; at rest, noise moves it by 0.007 IOD. Root mean square over the landmarks.
KEPT_FRAMES, SAME_SHAPE_IOD = 14, 0.01


@dataclass(frozen=True, kw_only=True)
class TwoFits(CropFit):
    """The mean of the fits of a crop and of its mirror image; how they differ is uncertain.

    Parameters
    ----------
    half_difference : ndarray, shape (68, 2)
        Half of the crop's fit minus its mirror image's, px, when both were last made.
    reference : ndarray, shape (68, 2), optional
        The upright shape (`upright`) that they were made on; None if it is this one.
    age : int
        How many frames ago that was.
    """

    half_difference: NDArray[np.float64]
    reference: NDArray[np.float64] | None = None
    age: int = 0

    @classmethod
    def of(cls, seen: NDArray[np.floating], mirrored: NDArray[np.floating]) -> TwoFits:
        """Return the mean of two fits; the mirror image's is turned back already."""
        half = (seen - mirrored) / 2
        uncertainty_iod = 2 * FIT_CROP.rms_iod(half)
        return cls(
            points=(seen + mirrored) / 2, uncertainty_iod=uncertainty_iod, half_difference=half
        )

    def serve_for(self, one_fit: NDArray[np.float64]) -> TwoFits | None:
        """Return the landmarks of a later frame from one fit of its crop, if it is near enough."""
        reference = self.upright if self.reference is None else self.reference
        later = replace(
            self, points=one_fit - self.half_difference, reference=reference, age=self.age + 1
        )
        near = FIT_CROP.rms_iod(later.upright - reference) <= SAME_SHAPE_IOD
        return later if near and later.age <= KEPT_FRAMES else None


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
