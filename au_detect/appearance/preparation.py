"""What is done to pictures before a network sees them, and to copies that it learns from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SHIFT_SHARE = 0.1
"""Copies are moved by up to this part of their side, across and down."""


def equalised(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return pictures (n, height, width) with their histograms equalised, each by itself."""
    return np.stack([cv2.equalizeHist(image) for image in images]) if len(images) else images


def pixel_statistics(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean and the variance of every pixel, shape (height, width, 1) each.

    A pixel that never varies has variance 1.
    """
    mean = images.mean(axis=0, dtype=np.float64)
    square = np.square(images, dtype=np.float32).mean(axis=0, dtype=np.float64)
    variance = square - mean**2
    variance[variance < 1e-3] = 1.0
    return mean[..., None].astype(np.float32), variance[..., None].astype(np.float32)


def as_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what networks take: (n, height, width, 1), grey from 0 to 255."""
    return images[..., None].astype(np.float32)


def shifted_and_flipped(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return copies of pictures, half of them mirrored, all moved; the border is repeated."""
    reach = round(SHIFT_SHARE * images.shape[1])
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    height, width = images.shape[1:]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    down, across = rng.integers(0, 2 * reach + 1, (len(images), 2)).T
    copies = windows[np.arange(len(images)), down, across]
    flipped = rng.random(len(images)) < 0.5
    copies[flipped] = copies[flipped, :, ::-1]
    return copies
