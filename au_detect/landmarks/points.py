"""The 68 facial landmarks: names, regions, mirroring and registration. No dlib here.

Landmarks follow the iBUG / Multi-PIE numbering (Sagonas et al. 2013), 0-based, in pixels,
x to the right of the picture and y down. **Left and right are the subject's**: points 17-21
and 36-41 are the subject's right brow and right eye, which a camera that does not mirror
shows on the left of the picture.

One inter-ocular distance (IOD) is the distance between the outer corners of the eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_shape

N_LANDMARKS = 68

REGIONS: dict[str, slice] = {
    "jaw": slice(0, 17),
    "right_brow": slice(17, 22),
    "left_brow": slice(22, 27),
    "nose_bridge": slice(27, 31),
    "nose_base": slice(31, 36),
    "right_eye": slice(36, 42),
    "left_eye": slice(42, 48),
    "outer_lip": slice(48, 60),
    "inner_lip": slice(60, 68),
}

CLOSED_REGIONS = ("right_eye", "left_eye", "outer_lip", "inner_lip")
"""Regions whose last landmark is next to their first."""

POINTS: dict[str, int] = {
    "jaw_right": 0,
    "chin": 8,
    "jaw_left": 16,
    "right_brow_outer": 17,
    "right_brow_middle": 19,
    "right_brow_inner": 21,
    "left_brow_inner": 22,
    "left_brow_middle": 24,
    "left_brow_outer": 26,
    "nasion": 27,
    "nose_tip": 30,
    "right_nostril": 31,
    "nose_bottom": 33,
    "left_nostril": 35,
    "right_eye_outer": 36,
    "right_upper_lid_outer": 37,
    "right_upper_lid_inner": 38,
    "right_eye_inner": 39,
    "right_lower_lid_inner": 40,
    "right_lower_lid_outer": 41,
    "left_eye_inner": 42,
    "left_upper_lid_inner": 43,
    "left_upper_lid_outer": 44,
    "left_eye_outer": 45,
    "left_lower_lid_outer": 46,
    "left_lower_lid_inner": 47,
    "right_lip_corner": 48,
    "upper_lip_right_peak": 50,
    "upper_lip_top": 51,
    "upper_lip_left_peak": 52,
    "left_lip_corner": 54,
    "lower_lip_bottom": 57,
    "right_inner_lip_corner": 60,
    "upper_lip_bottom": 62,
    "left_inner_lip_corner": 64,
    "lower_lip_top": 66,
}

MIRROR: NDArray[np.intp] = np.array(
    [
        *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
        45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
        54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
    ]
)  # fmt: skip
"""``MIRROR[i]`` is the landmark that point `i` becomes when the picture is mirrored."""

LEFT_POINTS: NDArray[np.intp] = np.array(
    [*range(9, 17), *range(22, 27), 34, 35, *range(42, 48), *range(52, 57), 63, 64, 65]
)
"""Landmarks of the subject's left half; their mirror images are the right half."""

STABLE_POINTS: NDArray[np.intp] = np.array([36, 39, 42, 45, 27, 28, 29, 30, 33])
"""Eye corners and the ridge and bottom of the nose: the points that expressions move least."""


def check_not_one_place(points: NDArray[np.floating]) -> None:
    """Raise if eyes and nose of a frame of `points` (n_frames, 68, 2) are all in one place.

    Raises
    ------
    InputError
        If so; the message names the first such frame.
    """
    stable = points[:, STABLE_POINTS]
    empty = np.flatnonzero((stable == stable[:, :1]).all(axis=(1, 2)))
    if len(empty):
        raise InputError(
            "points of a frame must be a face, or NaN where there is none, "
            f"got eyes and nose in one place in frame {empty[0]}"
        )


@dataclass(frozen=True)
class Landmarks:
    """The 68 landmarks of one face in every frame of a sequence.

    Parameters
    ----------
    points : ndarray of float32, shape (n_frames, 68, 2)
        x, y in pixels; a frame without a face is all NaN.

    Raises
    ------
    InputError
        If the shape is another, values are infinite, a frame is NaN in part, or its eyes and nose
        are all in one place (zeros where there is no face).
    """

    points: NDArray[np.float32]

    def __post_init__(self) -> None:
        try:
            given = np.asarray(self.points)
        except (TypeError, ValueError) as error:
            raise InputError(f"points must be numbers, got {type(self.points).__name__}") from error
        if given.dtype.kind not in "fiu":
            raise InputError(f"points must be numbers, got {given.dtype.type.__name__}")
        check_shape("points", given, ("n_frames", N_LANDMARKS, 2))
        with np.errstate(over="ignore"):  # numbers beyond float32 are found to be infinite below
            points = given.astype(np.float32, copy=False)
        missing = np.isnan(points)
        partly = missing.any(axis=(1, 2)) & ~missing.all(axis=(1, 2))
        if partly.any():
            raise InputError(
                "points of a frame must be all numbers or all NaN, "
                f"got some of each in frame {int(np.flatnonzero(partly)[0])}"
            )
        if np.isinf(points).any():
            raise InputError("points must be finite or NaN, got infinity")
        check_not_one_place(points)
        object.__setattr__(self, "points", points)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def face_found(self) -> NDArray[np.bool_]:
        """Which frames show the face, shape (n_frames,)."""
        return ~np.isnan(self.points[:, 0, 0])


def interocular_distance_px(points: ArrayLike) -> NDArray[np.floating]:
    """Return the distance between the outer eye corners of shape(s) (..., 68, 2), in pixels."""
    shape = np.asarray(points)
    corners = shape[..., POINTS["left_eye_outer"], :] - shape[..., POINTS["right_eye_outer"], :]
    return np.linalg.norm(corners, axis=-1)


def mirror(points: ArrayLike, width_px: float = 0.0) -> NDArray[np.floating]:
    """Return the landmarks of the mirrored picture of width `width_px`: left becomes right."""
    flipped = np.asarray(points, dtype=float)[..., MIRROR, :].copy()
    flipped[..., 0] = width_px - 1.0 - flipped[..., 0]
    return flipped


def fit_similarity(
    source: NDArray[np.floating], target: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return the 2x3 matrix that maps `source` onto `target` by rotation, scale and shift.

    Parameters
    ----------
    source, target : ndarray, shape (n_points, 2)
        Corresponding points.

    Notes
    -----
    Least squares in closed form: with points as complex numbers, the best factor is
    ``sum(conj(s) * t) / sum(|s|**2)`` about the two centroids (Umeyama 1991 in 2-D).
    """
    s = np.ascontiguousarray(source, dtype=float).view(complex).ravel()
    t = np.ascontiguousarray(target, dtype=float).view(complex).ravel()
    s_mean, t_mean = np.add.reduce(s) / len(s), np.add.reduce(t) / len(t)
    s = s - s_mean  # so that the mean of t falls out of the product
    factor = np.vdot(s, t) / np.vdot(s, s).real
    shift = t_mean - factor * s_mean
    a, b, x, y = factor.real, factor.imag, shift.real, shift.imag
    return np.array([[a, -b, x], [b, a, y]])


def apply_affine(matrix: ArrayLike, points: ArrayLike) -> NDArray[np.float64]:
    """Map points of shape (..., 2) with a 2x3 `matrix`, as OpenCV's ``transform`` does."""
    affine = np.asarray(matrix, dtype=float)
    return np.asarray(points, dtype=float) @ affine[:, :2].T + affine[:, 2]
