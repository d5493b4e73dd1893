"""One fit of a crop, or two: of the crop and of its mirror image.

The mean of the two fits is steadier than either, and a mirrored picture gives mirrored points. What
they differ by is mostly a habit of the landmark model with this face: half of it turns one fit into
the mean. In a sequence it is therefore kept for some frames, as long as the face has the same
shape, and the second fit is saved (``benchmarks/steadiness.py`` says what that costs).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.crop import FIT_CROP
from au_detect.landmarks.crop_fit import CropFit

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
    half_error_px : ndarray, shape (68,), or float
        Half of what the expected errors of the two differ by, of models that tell them.
    reference : ndarray, shape (68, 2), optional
        The upright shape (`upright`) that they were made on; None if it is this one.
    age : int
        How many frames ago that was.
    """

    half_difference: NDArray[np.float64]
    half_error_px: NDArray[np.floating] | float = 0.0
    reference: NDArray[np.float64] | None = None
    age: int = 0

    @classmethod
    def of(
        cls,
        seen: NDArray[np.floating],
        mirrored: NDArray[np.floating],
    ) -> TwoFits:
        """Return the mean of two fits; the mirror image's is turned back already."""
        half = (seen - mirrored) / 2
        return cls(
            points=(seen + mirrored) / 2,
            uncertainty_iod=2 * FIT_CROP.rms_iod(half),
            half_difference=half,
        )

    def serve_for(self, one_fit: NDArray[np.float64], **uncertainty: Any) -> TwoFits | None:
        """Return the landmarks of a later frame from one fit of its crop, if it is near enough.

        `uncertainty` is what the model tells of the one fit (`uncertainty_iod`, `error_iod`).
        """
        if self.age == KEPT_FRAMES:
            return None
        reference = self.upright if self.reference is None else self.reference
        later = replace(
            self,
            points=one_fit - self.half_difference,
            reference=reference,
            age=self.age + 1,
            **uncertainty,
        )
        near = FIT_CROP.rms_iod(later.upright - reference) <= SAME_SHAPE_IOD
        return later if near else None
