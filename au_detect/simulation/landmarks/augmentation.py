"""Crops as trackers could have laid them: off by a little, by a frame's movement, or by a box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.crop import FaceCrop, compose
from au_detect.landmarks.points import apply_affine

Generator = np.random.Generator


@dataclass(frozen=True)
class Jitter:
    """How far crops are off: standard deviations of a similarity.

    Parameters
    ----------
    rotation_deg, scale, shift_iod : float
        `scale` is a share: 0.04 makes a face 4 % larger or smaller.
    """

    rotation_deg: float
    scale: float
    shift_iod: float

    def draw(self, rng: Generator, crop: FaceCrop) -> NDArray[np.float64]:
        """Return a similarity (2, 3) of `crop` about its middle."""
        scale = np.exp(rng.normal(0, self.scale))
        angle = np.radians(rng.normal(0, self.rotation_deg))
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        linear = np.array([[cos, -sin], [sin, cos]])
        middle = np.full(2, (crop.side_px - 1) / 2)
        shift = rng.normal(0, self.shift_iod, 2) * crop.iod_px
        return np.column_stack([linear, middle - linear @ middle + shift])

    def matrix_from(self, crop: FaceCrop, to: FaceCrop, rng: Generator) -> NDArray[np.float64]:
        """Return what brings a wider `crop` `to` a network's, off at random; shape (2, 3)."""
        return compose(self.draw(rng, to), crop.matrix_to(to))


SETTLED = Jitter(rotation_deg=1.5, scale=0.02, shift_iod=0.015)
"""What a crop that is laid on the last points of the same picture is off by."""
FOLLOWED = Jitter(rotation_deg=3.0, scale=0.04, shift_iod=0.03)
"""What a crop that is laid on the points of the last frame is off by."""
FOUND = Jitter(rotation_deg=10.0, scale=0.1, shift_iod=0.1)
"""What a detector's box is off by."""


def cut_again(
    crop: NDArray[np.uint8],
    points: NDArray[np.floating],
    crop_of: FaceCrop,
    to: FaceCrop,
    jitter: Jitter,
    rng: Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return what the network is shown of a wider crop, off by a random `jitter`, and the points.

    Parameters
    ----------
    crop : ndarray of uint8, shape (side_px, side_px)
    points : ndarray, shape (n, 2)
        In `crop`, px.
    crop_of, to : FaceCrop
        What `crop` is, and what is returned.
    jitter : Jitter
    rng : numpy.random.Generator
    """
    matrix = jitter.matrix_from(crop_of, to, rng)
    return to.cut(crop, matrix), apply_affine(matrix, points)
