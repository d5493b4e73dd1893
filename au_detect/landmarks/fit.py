"""Find the 68 landmarks of one face with a dlib shape predictor.

The predictor looks at an upright crop and at its mirror image. The mean of the two fits is
steadier than either, a mirrored picture gives mirrored points, and how much they differ tells how
far they can be trusted. What they differ by is mostly a habit of the predictor with this face:
half of it turns one fit into the mean. In a sequence it is therefore kept for some frames, as long
as the face has the same shape, and the second fit is saved. Landmarks are then less steady by a
quarter, probabilities hardly (``benchmarks/steadiness.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.landmarks.crop import FIT_CROP, compose
from au_detect.landmarks.points import N_LANDMARKS, apply_affine, mirror

_FIRST_PX = (FIT_CROP.side_px - FIT_CROP.box_px) // 2
_LAST_PX = _FIRST_PX + FIT_CROP.box_px - 1
FIT_BOX = dlib.rectangle(_FIRST_PX, _FIRST_PX, _LAST_PX, _LAST_PX)
"""The face's box in `FIT_CROP`, where shape predictors are trained and asked."""

# A crop is kept while the face is off by less than REST_IOD, and fitted anew beyond the distance
# that the caller allows.
REST_IOD, MAX_FITS = 0.015, 5
# One fit serves for this many frames, and while the upright shape is as near to the one that was
# fitted twice; at rest, noise moves it by 0.007 IOD. Root mean square over the landmarks.
KEPT_FRAMES, SAME_SHAPE_IOD = 14, 0.01

MIN_FACE_PX = 8


@dataclass(frozen=True)
class CropFit:
    """Landmarks in a crop, and what is known of how the fits of crop and mirror image differ.

    Parameters
    ----------
    points : ndarray, shape (68, 2)
        In the crop, px.
    half_difference : ndarray, shape (68, 2)
        Half of the crop's fit minus its mirror image's, px, when both were last made.
    reference : ndarray, shape (68, 2), optional
        The upright shape (`upright`) that they were made on; None if it is this one.
    age : int
        How many frames ago that was.
    """

    points: NDArray[np.float64]
    half_difference: NDArray[np.float64]
    reference: NDArray[np.float64] | None = None
    age: int = 0

    @cached_property
    def disagreement_iod(self) -> float:
        """Root mean square distance of the two fits when both were last made."""
        return 2 * FIT_CROP.rms_iod(self.half_difference)

    @cached_property
    def correction(self) -> NDArray[np.float64]:
        """What brings the face to its place in the crop, (2, 3)."""
        return FIT_CROP.matrix(self.points)

    @cached_property
    def upright(self) -> NDArray[np.float64]:
        """The points of the face in its place, shape (68, 2), px."""
        return apply_affine(self.correction, self.points)

    def serve_for(self, one_fit: NDArray[np.float64]) -> CropFit | None:
        """Return the landmarks of a later frame from one fit of its crop, if it is near enough."""
        reference = self.upright if self.reference is None else self.reference
        later = CropFit(
            one_fit - self.half_difference, self.half_difference, reference, self.age + 1
        )
        near = FIT_CROP.rms_iod(later.upright - reference) <= SAME_SHAPE_IOD
        return later if near and later.age <= KEPT_FRAMES else None


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
    def disagreement_iod(self) -> float:
        """How far crop and mirror image disagree, see `CropFit`."""
        return self.in_crop.disagreement_iod

    @cached_property
    def box(self) -> NDArray[np.float64]:
        """The box in the picture: left, top, right, bottom."""
        return FIT_CROP.box(self.matrix)

    def likeness(self, thumbnail: NDArray[np.float32]) -> float:
        """Return the correlation, in [-1, 1], of this face with another's thumbnail."""
        return float(np.sum(self.thumbnail * thumbnail))

    def is_inside(self, image: NDArray[np.uint8]) -> bool:
        """Return whether the middle of the face is in the picture, and more than a few pixels."""
        x, y = (self.box[:2] + self.box[2:]) / 2
        height, width = image.shape
        return bool(0 <= x < width and 0 <= y < height and self.box[2] - self.box[0] > MIN_FACE_PX)


@lru_cache(maxsize=4)
def load_predictor(path: str) -> dlib.shape_predictor:
    """Load a shape predictor once per process and file.

    Raises
    ------
    InputError
        If the file is no shape predictor, or one of another number of points.
    """
    try:
        predictor = dlib.shape_predictor(path)
    except (RuntimeError, MemoryError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"landmark_model must be a dlib shape predictor, got {path!r}: {reason}"
        ) from error
    blank = np.zeros((64, 64), dtype=np.uint8)
    n_points = predictor(blank, dlib.rectangle(16, 16, 47, 47)).num_parts
    if n_points != N_LANDMARKS:
        raise InputError(
            f"landmark_model must have {N_LANDMARKS} points, got {n_points} in {path!r}"
        )
    return predictor


def fit_face(
    predictor: dlib.shape_predictor,
    image: NDArray[np.uint8],
    matrix: NDArray[np.float64],
    settled_iod: float,
    last: CropFit | None = None,
) -> FaceFit:
    """Find the landmarks in the crop of `matrix`, moving the crop until it sits on the face.

    A crop that sits well is kept as it is, so that a face at rest gives points at rest.

    Parameters
    ----------
    predictor : dlib.shape_predictor
    image : ndarray of uint8, shape (height, width)
        Grey picture.
    matrix : ndarray, shape (2, 3)
        From the picture to `FIT_CROP`, nearly.
    settled_iod : float
        How far off the face may be in the crop.
    last : CropFit, optional
        What was found in the frame before: one fit may then be enough.
    """
    for _ in range(MAX_FITS):
        crop = FIT_CROP.cut(image, matrix)
        fit, last = fit_crop(predictor, crop, last), None
        points = apply_affine(cv2.invertAffineTransform(matrix), fit.points)
        shift_iod = FIT_CROP.shift_iod(fit.correction)
        if shift_iod > REST_IOD:
            matrix = compose(fit.correction, matrix)
        if shift_iod <= settled_iod:
            break
    return FaceFit(points, matrix, fit, FIT_CROP.thumbnail(crop))


def fit_crop(
    predictor: dlib.shape_predictor, crop: NDArray[np.uint8], last: CropFit | None = None
) -> CropFit:
    """Return the mean of the fits in a crop and in its mirror image.

    Parameters
    ----------
    predictor : dlib.shape_predictor
    crop : ndarray of uint8, shape (side_px, side_px)
        As `FIT_CROP` cuts it.
    last : CropFit, optional
        Of the frame before; if it serves for this one, the crop is fitted alone.
    """
    seen = _predict(predictor, crop)
    served = last.serve_for(seen) if last else None
    if served is not None:
        return served
    mirrored = mirror(_predict(predictor, cv2.flip(crop, 1)), FIT_CROP.side_px)
    return CropFit((seen + mirrored) / 2, (seen - mirrored) / 2)


def _predict(predictor: dlib.shape_predictor, crop: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the points (68, 2), whole pixels, of the face in the middle of `crop`."""
    parts = predictor(crop, FIT_BOX).parts()
    return np.array([(part.x, part.y) for part in parts], dtype=float)
