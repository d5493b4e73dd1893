"""What is behind a simulated person."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.rendering.appearance import Appearance

PANORAMA_SHARE = 0.6
"""Of the pictures with a panorama that show it behind the person."""


def paint_background(
    person: Appearance, size: tuple[int, int], panorama: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Return the linear luminance behind a person, shape `size` (height, width).

    A `panorama` (see `Light`) is shown behind most people.
    """
    rng = np.random.default_rng(person.seed + 2)
    height, width = size
    if panorama is not None and rng.random() < PANORAMA_SHARE:
        half_tan = rng.uniform(0.35, 1.2)
        y, x = np.mgrid[-half_tan : half_tan : height * 1j, -half_tan : half_tan : width * 1j]
        return np.clip(look_up(panorama, np.stack([x, y, np.ones(size)], axis=-1)), 0, 3)
    tone = np.full(size, person.background_level, dtype=np.float32)
    contrast = person.background_contrast
    if person.background == "gradient":
        turn = rng.uniform(0, 2 * np.pi)
        y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
        tone += (contrast * (x * np.cos(turn) + y * np.sin(turn))).astype(np.float32)
    elif person.background == "cloud":
        tone += contrast * 0.5 * (_grains(rng, 5, size) + 0.4 * _grains(rng, 16, size))
    elif person.background == "texture":
        tone += contrast * 0.4 * (_grains(rng, 12, size) + 0.6 * _grains(rng, 50, size))
        for _ in range(int(rng.integers(2, 9))):
            low = rng.random(2) * [width, height]
            high = low + rng.normal(0, 0.35, 2) * [width, height]
            corners = [tuple(int(value) for value in corner) for corner in (low, high)]
            cv2.rectangle(tone, corners[0], corners[1], float(rng.random()), -1, cv2.LINE_AA)
        tone = cv2.GaussianBlur(tone, (0, 0), rng.uniform(0.5, 4.0) * height / 320)
    return np.clip(tone, 0.0, 1.0).astype(np.float32) ** np.float32(2.2)


def _grains(rng: np.random.Generator, n: int, size: tuple[int, int]) -> NDArray[np.float32]:
    grid = rng.normal(size=(n, n)).astype(np.float32)
    return cv2.resize(grid, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)


def look_up(panorama: NDArray[np.float32], toward: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the luminance from directions (height, width, 3) in camera axes.

    Parameters
    ----------
    panorama : ndarray of float32, shape (n, 2 * n)
        See `Light`.
    """
    height, width = panorama.shape
    x, y, z = np.moveaxis(np.asarray(toward, dtype=np.float32), -1, 0)
    column = (np.arctan2(x, z) / np.float32(2 * np.pi) + np.float32(0.5)) * width - 0.5
    row = (0.5 + np.arctan2(y, np.hypot(x, z)) / np.float32(np.pi)) * height - 0.5
    found = cv2.remap(panorama, column, row, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(found, 0, None)
