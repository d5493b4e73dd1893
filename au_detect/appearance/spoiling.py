"""Crops of faces as other cameras could have shown them: lit otherwise, covered, spoilt.

What a renderer draws too seldom is made here out of every picture anew in every epoch: other
tone curves, lamps from the side, hard shadows, blur, few pixels, skin's uneven tone, things before
the face, compression and noise.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Generator = np.random.Generator

USUAL_SIDE_PX = 112
"""Of the crops whose blur is stated; in others it is as wide in comparison."""


def spoilt(crop: NDArray[np.uint8], rng: Generator, *, covers: bool = True) -> NDArray[np.uint8]:
    """Return a crop of a face as another camera could have taken it in other circumstances.

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
    fall = np.exp(_slope(picture, across, down) + rng.normal(0, 0.2))
    return np.asarray(
        np.clip(picture * fall, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.35))), np.float32
    )


def _slope(picture: Picture, across: float, down: float) -> Picture:
    """Return a plane over the picture that rises from its middle to its edges by so much."""
    axis = np.linspace(-1, 1, len(picture), dtype=np.float32)
    return across * axis[None, :] + down * axis[:, None]


def _shadowed(picture: Picture, rng: Generator) -> Picture:
    """Lay a part of the face into shadow, behind a hard or a soft edge."""
    turn = rng.uniform(0, 2 * np.pi)
    along = _slope(picture, np.cos(turn), np.sin(turn))
    edge = (along - rng.uniform(-0.5, 0.5)) / rng.uniform(0.02, 0.3)
    share = rng.uniform(0.1, 0.6) / (1 + np.exp(-np.clip(edge, -30, 30)))
    return picture * (1 - share.astype(np.float32))


def _uneven(picture: Picture, rng: Generator) -> Picture:
    """Add patches of tone that have nothing to do with the face's shape."""
    n = int(rng.integers(4, 24))
    patches = rng.normal(0, rng.uniform(0, 0.06), (n, n)).astype(np.float32)
    return picture + cv2.resize(patches, picture.shape[::-1], interpolation=cv2.INTER_CUBIC)


def _blurred(picture: Picture, rng: Generator) -> Picture:
    spread_px = float(rng.uniform(0.4, 1.8)) * (len(picture) / USUAL_SIDE_PX)
    return cv2.GaussianBlur(picture, (0, 0), spread_px)


def _small(picture: Picture, rng: Generator) -> Picture:
    """Show the face on fewer pixels: down to two fifths across."""
    size = round(len(picture) * float(rng.uniform(0.4, 0.85)))
    few = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return cv2.resize(few, picture.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _covered(picture: Picture, rng: Generator) -> Picture:
    """Hold one or two things before the face, plain or patterned."""
    covered, side_px = picture.copy(), len(picture)
    for _ in range(rng.integers(1, 3)):
        height, width = rng.integers(side_px // 16, side_px // 3, 2)
        top, left = rng.integers(0, side_px - height), rng.integers(0, side_px - width)
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
