"""Find the 68 landmarks of one face: lay a crop on it, and let a landmark model look at that.

What kind of model it is, a network or dlib's trees, matters nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.crop import FIT_CROP, compose
from au_detect.landmarks.crop_fit import CropFit, LandmarkFitter
from au_detect.landmarks.models import LandmarkModel
from au_detect.landmarks.network import read_network
from au_detect.landmarks.points import apply_affine
from au_detect.landmarks.trees import read_trees

# A crop is kept while the face is off by less than REST_IOD, and fitted anew beyond the distance
# that the caller allows.
REST_IOD, MAX_FITS = 0.015, 8

MIN_FACE_PX = 8


@dataclass(frozen=True)
class FaceFit:
    """The landmarks of one face in one picture, and the crop that shows it upright.

    Parameters
    ----------
    points : ndarray of float64, shape (68, 2)
        Landmarks in the picture, in pixels.
    matrix : ndarray of float64, shape (2, 3)
        The similarity from the picture to `FIT_CROP`.
    in_crop : CropFit
    thumbnail : ndarray of float32
        What the crop shows (`FaceCrop.thumbnail`).
    """

    points: NDArray[np.float64]
    matrix: NDArray[np.float64]
    in_crop: CropFit
    thumbnail: NDArray[np.float32]

    @property
    def uncertainty_iod(self) -> float:
        """How far the landmarks may be off, see `CropFit`."""
        return self.in_crop.uncertainty_iod

    @cached_property
    def box(self) -> NDArray[np.float64]:
        """The box in the picture: left, top, right, bottom."""
        return FIT_CROP.box(self.matrix)

    def likeness(self, thumbnail: NDArray[np.float32]) -> float:
        """Return the correlation, in [-1, 1], of this face with another's thumbnail."""
        return float(np.vdot(self.thumbnail, thumbnail))

    def is_inside(self, image: NDArray[np.uint8]) -> bool:
        """Return whether the middle of the face is in the picture, and more than a few pixels."""
        left, top, right, bottom = self.box.tolist()
        height, width = image.shape
        in_picture = 0 <= (left + right) / 2 < width and 0 <= (top + bottom) / 2 < height
        return in_picture and right - left > MIN_FACE_PX


@lru_cache(maxsize=4)
def load_fitter(model: LandmarkModel) -> LandmarkFitter:
    """Load a landmark model once per process and file.

    Raises
    ------
    InputError
        If the file is no landmark model of its kind, or one of another number of points.
    """
    return read_network(model.path) if model.is_network else read_trees(model.path)


def fit_face(
    fitter: LandmarkFitter,
    image: NDArray[np.uint8],
    matrix: NDArray[np.float64],
    settled_iod: float,
    last: CropFit | None = None,
) -> FaceFit:
    """Find the landmarks in the crop of `matrix`, moving the crop until it sits on the face.

    A crop that sits well is kept as it is, so that a face at rest gives points at rest.

    Parameters
    ----------
    fitter : LandmarkFitter
    image : ndarray of uint8, shape (height, width)
        Grey picture.
    matrix : ndarray, shape (2, 3)
        From the picture to `FIT_CROP`, nearly.
    settled_iod : float
        How far off the face may be in the crop.
    last : CropFit, optional
        What was found in the frame before: one fit may then be enough.
    """
    to_its_size = FIT_CROP.matrix_to(fitter.crop)
    for _ in range(MAX_FITS):
        crop = fitter.crop.cut(image, compose(to_its_size, matrix))
        fit, last = fitter.fit(crop, last), None
        points = apply_affine(cv2.invertAffineTransform(matrix), fit.points)
        shift_iod = FIT_CROP.shift_iod(fit.correction)
        if shift_iod > REST_IOD:
            matrix = compose(fit.correction, matrix)
        if shift_iod <= settled_iod:
            break
    return FaceFit(points, matrix, fit, fitter.crop.thumbnail(crop))
