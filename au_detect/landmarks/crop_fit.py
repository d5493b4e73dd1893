"""What a landmark model finds in one crop."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.crop import FIT_CROP, FaceCrop
from au_detect.landmarks.points import apply_affine


@dataclass(frozen=True)
class CropFit:
    """Landmarks in a crop, and how far they can be trusted.

    Parameters
    ----------
    points : ndarray, shape (68, 2)
        In `FIT_CROP`, px.
    uncertainty_iod : float
        How far the landmarks may be off, all in all, as far as the model can tell.
    error_iod : ndarray of float32, shape (68,), optional
        How far each may be off; None of models that cannot tell.
    """

    points: NDArray[np.float64]
    uncertainty_iod: float
    error_iod: NDArray[np.float32] | None = None

    @cached_property
    def correction(self) -> NDArray[np.float64]:
        """What brings the face to its place in the crop, (2, 3)."""
        return FIT_CROP.matrix(self.points)

    @cached_property
    def upright(self) -> NDArray[np.float64]:
        """The points of the face in its place, shape (68, 2), px."""
        return apply_affine(self.correction, self.points)


class LandmarkFitter(Protocol):
    """A landmark model that is loaded."""

    @property
    def crop(self) -> FaceCrop:
        """What it looks at: `FIT_CROP`, in the size that it takes."""

    def fit(self, crop: NDArray[np.uint8], last: CropFit | None = None) -> CropFit:
        """Return the landmarks in a crop.

        Parameters
        ----------
        crop : ndarray of uint8, shape (side_px, side_px)
            As `crop` cuts it.
        last : CropFit, optional
            Of the frame before, in which the face was at nearly the same place.
        """
