"""What is drawn on the face's texture by canonical place: noise, bells, outlines, strokes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.rendering.surface import TEXTURE_SIZE, Surface

Texture = NDArray[np.float32]


def noise(rng: np.random.Generator, n: int) -> Texture:
    """Return smooth noise of mean 0 and about unit variance with `n` grains along a side."""
    grid = rng.normal(size=(n, n)).astype(np.float32)
    return cv2.resize(grid, (TEXTURE_SIZE, TEXTURE_SIZE), interpolation=cv2.INTER_CUBIC) * 1.4


def blob(surface: Surface, middle: tuple[float, float], width: float, height: float) -> Texture:
    """Return a bell around canonical x, y (cm) of the face's texture."""
    place = surface.positions[0]
    bell = np.zeros(place.shape[:2], dtype=np.float32)
    reach = np.array([[-2.0, -2.0], [2.0, 2.0], [-2.0, 2.0], [2.0, -2.0], [2.3, 0], [-2.3, 0]])
    texels = surface.texture_points(np.array(middle) + reach * [width, height])
    low, high = np.clip(texels.min(axis=0), 0, None).astype(int), texels.max(axis=0).astype(int) + 2
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    near = place[window]
    squared = ((near[..., 0] - middle[0]) / width) ** 2
    squared += ((near[..., 1] - middle[1]) / height) ** 2
    bell[window] = np.clip(np.exp(-squared) - 0.018, 0, None) * (near[..., 2] > 0)
    return bell


def polygon(surface: Surface, landmarks: list[int]) -> Texture:
    """Return a mask of the texels inside the polygon of landmark vertices."""
    model = surface.model
    xy = model.neutral[model.landmark_vertices[landmarks]][:, :2]
    points = np.rint(surface.texture_points(xy) * 16).astype(np.int32)
    mask = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), dtype=np.float32)
    cv2.fillPoly(mask, [points], 1.0, cv2.LINE_AA, shift=4)
    return mask


def lip_mask(surface: Surface) -> Texture:
    """Return a mask of both lips."""
    upper = polygon(surface, [*range(48, 55), 64, 63, 62, 61, 60])
    return np.maximum(upper, lower_lip_mask(surface))


def lower_lip_mask(surface: Surface) -> Texture:
    """Return a mask of the lower lip."""
    return polygon(surface, [48, 60, 67, 66, 65, 64, *range(54, 60)])


def draw_strokes(
    canvas: NDArray[np.uint8], roots: NDArray[np.float64], tips: NDArray[np.float64], value: int
) -> None:
    """Draw fine hairs from `roots` to `tips` (n, 2) in texels."""
    ends = np.rint(np.stack([roots, tips], axis=1) * 16).astype(np.int32)
    cv2.polylines(canvas, list(ends), False, value, 1, cv2.LINE_AA, shift=4)
