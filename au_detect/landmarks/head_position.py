"""Where the head is, in millimetres from the camera: the mean face's size gives the distance.

Axes are the camera's (x to the right of the picture, y down, z away from it), through the middle of
the picture. A face twice as far away, or half as large, looks the same: distances are right for
people of the mean face's size, and for the focal length that is given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.points import STABLE_POINTS

MEAN_IOD_MM = 89.2
"""Between the outer corners of the eyes of the mean face."""
USUAL_FOCAL = (500 / 640, 500 / 480)
"""Focal length by the picture's width and height; the mean of both is what OpenFace takes."""


def usual_focal_px(picture_px: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the focal length (n,), px, that is taken for pictures of width and height (n, 2)."""
    return np.asarray(picture_px, dtype=float) @ USUAL_FOCAL / 2


def head_position_mm(
    points: NDArray[np.floating],
    scale_px: NDArray[np.floating],
    picture_px: NDArray[np.floating],
    focal_px: float | None = None,
) -> NDArray[np.float64]:
    """Return where the point between eyes and nose is, in camera axes, shape (n, 3), mm.

    Parameters
    ----------
    points : ndarray, shape (n, 68, 2)
        Landmarks, px.
    scale_px : ndarray, shape (n,)
        Pixels per inter-ocular distance, see `au_detect.landmarks.pose.HeadPose`.
    picture_px : ndarray, shape (n, 2)
        Width and height of the pictures; where they are NaN, the position is.
    focal_px : float, optional
        Focal length; by default `usual_focal_px`.
    """
    size = np.asarray(picture_px, dtype=float)
    focal = usual_focal_px(size) if focal_px is None else np.full(len(size), float(focal_px))
    distance = focal * MEAN_IOD_MM / scale_px
    offset = points[:, STABLE_POINTS].mean(axis=1) - (size - 1) / 2
    return np.column_stack([offset * (distance / focal)[:, None], distance + 0 * size[:, 0]])
