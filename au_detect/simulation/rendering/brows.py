"""The brows that are painted into the skin, hair by hair."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks import REGIONS
from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.surface import TEXTURE_SIZE, Surface
from au_detect.simulation.rendering.texels import Texture, draw_strokes


def brow_curve(surface: Surface, person: Appearance, side: int) -> NDArray[np.float64]:
    """Return x, y (cm) of five points along the middle of a brow, outer to inner end.

    Parameters
    ----------
    side : int
        0 for the subject's right brow, 1 for the left one.
    """
    right = surface.model.neutral[surface.model.landmark_vertices[REGIONS["right_brow"]]]
    curve = right[:, :2].astype(float)
    curve[:, 1] += person.brow_arch_cm * np.array([-0.9, 0.3, 0.9, 0.3, -0.5]) - person.brow_drop_cm
    curve[:, 0] = curve[4, 0] + (curve[:, 0] - curve[4, 0]) * person.brow_length
    return curve * [-1.0, 1.0] if side else curve


def brow_thickness(person: Appearance) -> NDArray[np.float64]:
    """Return the height (cm) of the brow at the points of `brow_curve`."""
    return person.brow_thickness_cm * np.array([0.35, 0.8, 1.0, 1.0, 0.9])


def brow_cover(
    surface: Surface,
    person: Appearance,
    rng: np.random.Generator,
    strip: NDArray[np.float32] | None = None,
) -> Texture:
    """Return how much of the skin the hairs of the brows hide, in [0, 1].

    A `strip` (rows across a brow over twice its height, columns from its inner to its outer
    end) takes the place of hairs that are drawn here.
    """
    if strip is not None:
        return _bent_strip(surface, person, strip)
    cover = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), dtype=np.float32)
    for side in (0, 1):
        curve, thickness = brow_curve(surface, person, side), brow_thickness(person)
        n = int(90 + 330 * person.brow_density)
        along, across = rng.random(n) * 4, np.clip(rng.normal(0, 0.24, n), -0.5, 0.5)
        base = [np.interp(along, range(5), curve[:, k]) for k in (0, 1)]
        base[1] = base[1] + across * np.interp(along, range(5), thickness)
        outward = 1.0 if side else -1.0
        upright = np.clip((along - 2.6) / 1.4, 0, 1) * 0.9 - 0.9 * across
        length = rng.uniform(0.35, 0.7, n) * np.interp(along, range(5), [0.7, 1, 1, 1, 0.8])
        angle = (
            upright
            + rng.normal(0, 0.15, n)
            + np.interp(along, range(5), [-0.4, -0.2, 0.1, 0.1, 0.2])
        )
        roots = np.column_stack(base)
        tips = roots + length[:, None] * np.column_stack([outward * np.cos(angle), np.sin(angle)])
        canvas = np.zeros(cover.shape, dtype=np.uint8)
        draw_strokes(canvas, surface.texture_points(roots), surface.texture_points(tips), 235)
        soft = cv2.GaussianBlur(canvas, (0, 0), 5.0)
        hairs = cv2.GaussianBlur(canvas, (0, 0), 0.7)
        dense = np.clip(hairs / 255.0 + 0.7 * person.brow_density * soft / 255.0, 0, 1)
        cover = np.maximum(cover, dense.astype(np.float32))
    return cover * (0.6 + 0.4 * person.brow_density)


def _bent_strip(surface: Surface, person: Appearance, strip: NDArray[np.float32]) -> Texture:
    """Lay a straight brow along both brows' curves."""
    place = surface.positions[0]
    in_front = place[..., 2] > 0
    cover = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), dtype=np.float32)
    for side in (0, 1):
        curve = brow_curve(surface, person, side)
        outer, inner = curve[0, 0], curve[4, 0]
        along = (place[..., 0] - inner) / np.float32(outer - inner)
        order = np.argsort(curve[:, 0])
        middle = np.interp(place[..., 0], curve[order, 0], curve[order, 1])
        across = (middle - place[..., 1]) / person.brow_thickness_cm / 2 + 0.5
        found = cv2.remap(
            strip, (along * strip.shape[1]).astype(np.float32) - 0.5,
            (across * strip.shape[0]).astype(np.float32) - 0.5, cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )  # fmt: skip
        cover = np.maximum(cover, found * in_front)
    soft = cv2.GaussianBlur(cover, (0, 0), 3.0)
    dense = (0.8 + 0.6 * person.brow_density) * cover + 0.9 * person.brow_density * soft
    return np.asarray(np.clip(dense, 0, 0.95), dtype=np.float32)
