"""What is behind a simulated person."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.rendering.appearance import Appearance


def paint_background(person: Appearance, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the linear luminance behind a person, shape `size` (height, width)."""
    rng = np.random.default_rng(person.seed + 2)
    height, width = size
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
