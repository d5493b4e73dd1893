"""Crops as cameras and trackers could have shown them: moved, mirrored, lit otherwise, spoilt.

What the renderer draws too seldom is made here out of every picture anew in every epoch: other
tone curves, lamps from the side, hard shadows, blur, few pixels, skin's uneven tone, things before
the face, compression and noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.crop import NETWORK_CROP, FaceCrop, compose
from au_detect.landmarks.points import apply_affine

Picture = NDArray[np.float32]
Generator = np.random.Generator

SIDE_PX = NETWORK_CROP.side_px
_AXIS = np.linspace(-1, 1, SIDE_PX, dtype=np.float32)


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

    def draw(self, rng: Generator, crop: FaceCrop = NETWORK_CROP) -> NDArray[np.float64]:
        """Return a similarity (2, 3) of `crop` about its middle."""
        scale = np.exp(rng.normal(0, self.scale))
        angle = np.radians(rng.normal(0, self.rotation_deg))
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        linear = np.array([[cos, -sin], [sin, cos]])
        middle = np.full(2, (crop.side_px - 1) / 2)
        shift = rng.normal(0, self.shift_iod, 2) * crop.iod_px
        return np.column_stack([linear, middle - linear @ middle + shift])

    def matrix_from(self, crop: FaceCrop, rng: Generator) -> NDArray[np.float64]:
        """Return what brings a wider `crop` to the network's, off at random; shape (2, 3)."""
        return compose(self.draw(rng), crop.matrix_to(NETWORK_CROP))


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
    jitter: Jitter,
    rng: Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return what the network is shown of a wider crop, off by a random `jitter`, and the points.

    Parameters
    ----------
    crop : ndarray of uint8, shape (side_px, side_px)
    points : ndarray, shape (n, 2)
        In `crop`, px.
    crop_of : FaceCrop
        What `crop` is.
    jitter : Jitter
    rng : numpy.random.Generator
    """
    matrix = jitter.matrix_from(crop_of, rng)
    return NETWORK_CROP.cut(crop, matrix), apply_affine(matrix, points)


def spoilt(crop: NDArray[np.uint8], rng: Generator, *, covers: bool = True) -> NDArray[np.uint8]:
    """Return the network's crop as another camera could have taken it in other circumstances.

    Parameters
    ----------
    crop : ndarray of uint8, shape (side_px, side_px)
    rng : numpy.random.Generator
    covers : bool
        Whether things may be held before the face, too.
    """
    picture: Picture = np.asarray(crop, np.float32) / np.float32(255)
    for share, change in _CHANGES:
        if rng.random() < share and (covers or change is not _covered):
            picture = change(picture, rng)
    grey = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return _compressed(grey, rng) if rng.random() < 0.2 else grey


def _toned(picture: Picture, rng: Generator) -> Picture:
    """Change the light's fall across the face, the exposure and the camera's tone curve."""
    across, down = rng.normal(0, 0.35, 2).astype(np.float32)
    fall = np.exp(across * _AXIS[None, :] + down * _AXIS[:, None] + rng.normal(0, 0.2))
    return np.asarray(
        np.clip(picture * fall, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.35))), np.float32
    )


def _shadowed(picture: Picture, rng: Generator) -> Picture:
    """Lay a part of the face into shadow, behind a hard or a soft edge."""
    turn = rng.uniform(0, 2 * np.pi)
    along = np.cos(turn) * _AXIS[None, :] + np.sin(turn) * _AXIS[:, None]
    edge = (along - rng.uniform(-0.5, 0.5)) / rng.uniform(0.02, 0.3)
    share = rng.uniform(0.1, 0.6) / (1 + np.exp(-np.clip(edge, -30, 30)))
    return picture * (1 - share.astype(np.float32))


def _uneven(picture: Picture, rng: Generator) -> Picture:
    """Add patches of tone that have nothing to do with the face's shape."""
    n = int(rng.integers(4, 24))
    patches = rng.normal(0, rng.uniform(0, 0.06), (n, n)).astype(np.float32)
    return picture + cv2.resize(patches, picture.shape[::-1], interpolation=cv2.INTER_CUBIC)


def _blurred(picture: Picture, rng: Generator) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.8)))


def _small(picture: Picture, rng: Generator) -> Picture:
    """Show the face on fewer pixels: down to 20 between the eyes."""
    size = round(SIDE_PX * float(rng.uniform(0.4, 0.85)))
    few = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return cv2.resize(few, picture.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _covered(picture: Picture, rng: Generator) -> Picture:
    """Hold one or two things before the face, plain or patterned."""
    covered = picture.copy()
    for _ in range(rng.integers(1, 3)):
        height, width = rng.integers(SIDE_PX // 16, SIDE_PX // 3, 2)
        top, left = rng.integers(0, SIDE_PX - height), rng.integers(0, SIDE_PX - width)
        plain = rng.random() < 0.6
        thing = rng.random() if plain else rng.random((height, width))
        covered[top : top + height, left : left + width] = thing
    return covered


def _noisy(picture: Picture, rng: Generator) -> Picture:
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    return picture + noise * np.float32(rng.uniform(0, 0.03))


def _compressed(grey: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))]
    _, data = cv2.imencode(".jpg", grey, quality)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


_CHANGES: tuple[tuple[float, Callable[[Picture, Generator], Picture]], ...] = (
    (0.8, _toned),
    (0.35, _shadowed),
    (0.3, _uneven),
    (0.3, _blurred),
    (0.25, _small),
    (0.2, _covered),
    (0.8, _noisy),
)
"""How often each change is made, in the order in which light, lens and sensor make them."""
