"""Windows on rendered eyes, as detection could cut them: off, mirrored, lit otherwise, spoilt."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.features.furrows import FURROW_CROP
from au_detect.features.looks import CORNERS, HEIGHT_PX, WIDTH_PX
from au_detect.simulation.landmarks.examples import EXAMPLE_CROP, LandmarkExamples

Picture = NDArray[np.float32]
Generator = np.random.Generator

ROTATION_DEG, SCALE, SHIFT_PX = 3.0, 0.05, 1.2
"""Standard deviations of what landmarks turn, enlarge and move windows by."""
_SCALE_OF_CROP = FURROW_CROP.iod_px / EXAMPLE_CROP.iod_px
_MIDDLE = np.array([WIDTH_PX - 1, HEIGHT_PX - 1]) / 2


def draw_windows(
    examples: LandmarkExamples, rows: NDArray[np.intp], rng: Generator, *, spoil: bool = True
) -> tuple[Picture, Picture]:
    """Return windows on both eyes of examples and how far these are turned.

    Parameters
    ----------
    examples : LandmarkExamples
    rows : ndarray of int, shape (n,)
        Which of them.
    rng : numpy.random.Generator
        Says how windows are off.
    spoil : bool
        Whether light, lens and sensor change too.

    Returns
    -------
    windows : ndarray of float32, shape (2 n, height, width)
        Grey values, as of right eyes: those of left eyes are mirrored.
    looks : ndarray of float32, shape (2 n, 2)
        Right and down in the windows.
    """
    windows = np.empty((2 * len(rows), HEIGHT_PX, WIDTH_PX), dtype=np.float32)
    looks = np.empty((2 * len(rows), 2), dtype=np.float32)
    for place, row in enumerate(rows):
        for eye, corners in enumerate(CORNERS):
            middle = examples.points[row, list(corners)].mean(axis=0)
            turn, matrix = _off(middle, mirrored=eye == 1, rng=rng)
            window = cv2.warpAffine(
                examples.crops[row], matrix, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REPLICATE
            )
            at = 2 * place + eye
            windows[at] = spoilt(window, rng) if spoil else window
            looks[at] = turn @ examples.looks[row]
    return windows, looks


def _off(
    middle: NDArray[np.floating], *, mirrored: bool, rng: Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a rotation or reflection, and the matrix (2, 3) of a window about `middle`, nearly."""
    angle = np.radians(rng.normal(0, ROTATION_DEG))
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    if mirrored:
        turn = np.diag([-1.0, 1.0]) @ turn
    linear = _SCALE_OF_CROP * np.exp(rng.normal(0, SCALE)) * turn
    shift = _MIDDLE + rng.normal(0, SHIFT_PX, 2) - linear @ middle
    return turn, np.column_stack([linear, shift])


def spoilt(window: NDArray[np.uint8], rng: Generator) -> Picture:
    """Return a window as another camera could have taken it in another light, grey values."""
    picture = window.astype(np.float32) / np.float32(255)
    if rng.random() < 0.6:
        picture = _lit(picture, rng)
    if rng.random() < 0.35:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.6)))
    if rng.random() < 0.3:
        share = rng.uniform(0.35, 0.8)
        few = (round(WIDTH_PX * share), round(HEIGHT_PX * share))
        small = cv2.resize(picture, few, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.7:
        noise = rng.standard_normal(picture.shape, dtype=np.float32)
        picture = picture + noise * np.float32(rng.uniform(0, 0.03))
    return np.asarray(np.clip(picture, 0, 1) * 255, dtype=np.float32)


def _lit(picture: Picture, rng: Generator) -> Picture:
    """Change the light's fall across the eye, the exposure and the camera's tone curve."""
    across, down = rng.normal(0, 0.3, 2)
    x, y = np.linspace(-1, 1, WIDTH_PX), np.linspace(-1, 1, HEIGHT_PX)[:, None]
    fall = np.exp(across * x + down * y + rng.normal(0, 0.25)).astype(np.float32)
    return np.asarray(np.clip(picture * fall, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.3))))
