"""Spectacle lenses: a breath of shade, and what they mirror."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.background import look_up
from au_detect.simulation.rendering.meshes import Props

LENS_BULGE_RAD = 0.16
"""How far a lens's surface turns away between its middle and its side."""
MIRRORED_SHARE = 0.25
"""Of the light that the most reflecting lenses throw back."""
BRIGHTEST = 6.0
"""Luminance at which what is mirrored is cut off; 1 is white paper."""


def glaze(
    props: Props,
    person: Appearance,
    pixels: NDArray[np.float32],
    rotation: NDArray[np.float64],
    level: float,
    panorama: NDArray[np.float32] | None,
    picture: NDArray[np.float32],
) -> None:
    """Lay spectacle lenses with their reflections over the picture."""
    rng = np.random.default_rng(person.seed + 3)
    spot, extent = rng.uniform(-0.4, 0.4, 2), rng.uniform(0.1, 0.5, 2)
    turned = 6.0 * rotation[:2, 2]
    for rows in props.lenses:
        rim = pixels[props.first + rows]
        mask = np.zeros(picture.shape, dtype=np.float32)
        cv2.fillPoly(mask, [np.rint(rim * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        picture *= 1 - 0.07 * mask
        if panorama is not None:
            share = np.float32(MIRRORED_SHARE * person.lens_reflection)
            _add_mirrored(panorama, rim, rotation, share * mask, picture)
        elif person.lens_reflection > 0.25:
            half = 0.5 * np.ptp(rim, axis=0)
            middle = rim.mean(axis=0) + (spot + turned) * half
            glare = np.zeros(picture.shape, dtype=np.float32)
            tilt = float(np.degrees(0.3 * spot[0]))
            axes = tuple(float(v) for v in 2 * extent * half)
            box = cv2.boxPoints(((float(middle[0]), float(middle[1])), axes, tilt))
            cv2.fillPoly(glare, [np.rint(box * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
            glare = cv2.GaussianBlur(glare, (0, 0), 0.03 * picture.shape[0] * extent[0] + 0.5)
            picture += glare * mask * np.float32(0.7 * person.lens_reflection * level)


def _add_mirrored(
    panorama: NDArray[np.float32],
    rim: NDArray[np.float32],
    rotation: NDArray[np.float64],
    share: NDArray[np.float32],
    picture: NDArray[np.float32],
) -> None:
    """Add to a picture the `share` of what a slightly bulging lens within `rim` mirrors."""
    left, top = np.clip(rim.min(axis=0), 0, None).astype(int)
    right, bottom = np.clip(rim.max(axis=0) + 2, 0, None).astype(int)
    window = (slice(top, bottom), slice(left, right))
    height, width = picture[window].shape
    if not height or not width:
        return
    middle, half = rim.mean(axis=0) - [left, top], 0.5 * float(np.ptp(rim[:, 0])) + 1e-6
    y, x = np.mgrid[:height, :width]
    bulge = LENS_BULGE_RAD * np.stack([x - middle[0], y - middle[1]], axis=-1) / half
    normal = np.concatenate([bulge, -np.ones((height, width, 1))], axis=-1) @ rotation.T
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    toward = np.array([0.0, 0.0, 1.0]) - 2 * normal[..., 2:] * normal
    picture[window] += share[window] * look_up(np.clip(panorama, 0, BRIGHTEST), toward)
