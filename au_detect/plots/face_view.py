"""The part of a picture that shows the face, for thumbnails."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.points import apply_affine

MARGIN = 0.25
"""Around the landmarks, as part of their height; the forehead has none, so it gets twice this."""


def face_view(
    image: NDArray[Any], points: NDArray[np.floating], height_px: int
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the face cut out and scaled to `height_px`, and its landmarks there.

    Parameters
    ----------
    image : ndarray, shape (height, width) or (height, width, 3)
    points : ndarray, shape (68, 2)
        Pixels of `image`. If they are NaN the whole picture is shown.
    height_px : int
    """
    height, width = image.shape[:2]
    left, top, right, bottom = 0.0, 0.0, float(width), float(height)
    if np.isfinite(points).all():
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        room = MARGIN * (y1 - y0)
        middle, half = (x0 + x1) / 2, max((x1 - x0) / 2 + room, (y1 - y0 + 3 * room) * 0.42)
        left, right, top, bottom = middle - half, middle + half, y0 - 2 * room, y1 + room
        left, top = max(left, 0.0), max(top, 0.0)
        right, bottom = min(right, float(width)), min(bottom, float(height))
    scale = height_px / max(bottom - top, 1.0)
    matrix = np.array([[scale, 0.0, -left * scale], [0.0, scale, -top * scale]])
    size = (max(round((right - left) * scale), 1), height_px)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    view = cv2.warpAffine(image, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return view, apply_affine(matrix, points)
