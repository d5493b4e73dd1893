"""Upright crops of faces, as networks of pixels see them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.pictures import SIDE_PX
from au_detect.facs import Face
from au_detect.landmarks.crop import FaceCrop

ALIGNED = FaceCrop(box_px=48, side_px=96)
"""The whole face with room around it, 29 px between the outer eye corners."""

_PLACES: dict[Face | None, tuple[slice, slice]] = {
    "upper": (slice(10, 58), slice(24, 72)),
    "lower": (slice(40, 88), slice(24, 72)),
    None: (slice(14, 86), slice(12, 84)),
}
"""What of it each half of the face (None: the whole) is: forehead to nostrils, nose to chin."""

_PORTRAIT = FaceCrop(box_px=42, side_px=64)
_PORTRAIT_PLACE = (slice(4, 52), slice(8, 56))


def aligned_crop(image: NDArray[np.uint8], points: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the face with `points` (68, 2) upright in the middle of 96 x 96 px.

    Black where there are no points.
    """
    if not np.isfinite(points).all():
        return np.zeros((ALIGNED.side_px, ALIGNED.side_px), dtype=np.uint8)
    return ALIGNED.cut(image, ALIGNED.matrix(np.asarray(points, dtype=float)))


def part_of_face(pictures: NDArray, face: Face | None) -> NDArray:
    """Return the part of aligned crops (..., 96, 96) that one half of the face needs, 48 x 48 px.

    The whole face is averaged down.
    """
    rows, columns = _PLACES[face]
    part = pictures[..., rows, columns]
    if face is not None:
        return part
    flat = part.reshape(-1, *part.shape[-2:]).astype(np.float32)
    small = [cv2.resize(one, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA) for one in flat]
    resized = np.array(small, dtype=np.float32).reshape(*part.shape[:-2], SIDE_PX, SIDE_PX)
    return np.round(resized).astype(part.dtype) if part.dtype.kind in "iu" else resized


def portrait_crop(
    image: NDArray[np.uint8],
    points: NDArray[np.floating],
    change: NDArray[np.floating] | None = None,
) -> NDArray[np.uint8]:
    """Return a face as emotion networks see it, 48 x 48 px: about as FER2013 has faces.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width)
    points : ndarray, shape (68, 2)
    change : ndarray, shape (2, 3), optional
        What is done to the face's place in the crop; by default nothing.
    """
    matrix = _PORTRAIT.matrix(np.asarray(points, dtype=float))
    if change is not None:
        full = np.vstack([matrix, (0.0, 0.0, 1.0)])
        matrix = np.asarray(change, dtype=float) @ full
    return np.ascontiguousarray(_PORTRAIT.cut(image, matrix)[_PORTRAIT_PLACE])


def drawn_change(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw how a face stands differently in its portrait: larger, turned, aside; (2, 3)."""
    middle = cv2.getRotationMatrix2D(
        ((_PORTRAIT.side_px - 1) / 2, (_PORTRAIT.side_px - 1) / 2),
        float(rng.normal(0, 8.0)),
        float(np.exp(rng.normal(0, 0.12))),
    )
    middle[:, 2] += rng.normal(0, 1.5, 2)
    return middle
