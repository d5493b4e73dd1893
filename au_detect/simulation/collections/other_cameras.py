"""Rendered pictures as other cameras could have taken them, in other light.

The renderer's own cameras and lamps vary less than those of the photographs and films that people
have: what is measured on such copies teaches networks what a face's measurements vary by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.spoiling import spoilt
from au_detect.simulation.rendering.renderer import Rendering

ALIKE_SHARE = 0.5
"""Of the pairs, that are taken with one camera in one light; the others with two, in two."""
AROUND_FACE = 1.7
"""Side of the square that is changed, in parts of the extent of the landmarks."""


def taken_otherwise(pictures: Sequence[Rendering], rng: np.random.Generator) -> list[Rendering]:
    """Return pictures of one person as other cameras could have taken them, all in one way or not.

    Parameters
    ----------
    pictures : sequence of Rendering
        They are changed around the face.
    rng : numpy.random.Generator
    """
    seeds = rng.integers(1 << 32, size=len(pictures))
    if rng.random() < ALIKE_SHARE:
        seeds[:] = seeds[0]
    return [
        replace(picture, image=_spoilt_around_face(picture, np.random.default_rng(seed)))
        for picture, seed in zip(pictures, seeds, strict=True)
    ]


def _spoilt_around_face(picture: Rendering, rng: np.random.Generator) -> NDArray[np.uint8]:
    image = picture.image.copy()
    low, high = picture.landmarks.min(axis=0), picture.landmarks.max(axis=0)
    side = min(round(AROUND_FACE * float((high - low).max())), *image.shape)
    first = np.rint((low + high - side) / 2).astype(int)
    left, top = np.clip(first, 0, np.array(image.shape[::-1]) - side).tolist()
    around = (slice(top, top + side), slice(left, left + side))
    image[around] = spoilt(image[around], rng, covers=False)
    return image
