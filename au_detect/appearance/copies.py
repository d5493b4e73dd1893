"""Copies of rows that networks of pixels learn from: mirrored, tilted, lighter and darker."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

TILTS_DEG = (-6.0, -3.0, 0.0, 3.0, 6.0)
CONTRAST_SD, BRIGHTNESS_SD = 0.15, 15.0


def changed_pictures(
    rows: NDArray[np.float32], n_grey: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return copies of grids, each mirrored or not, at one of `TILTS_DEG`, in other light.

    Parameters
    ----------
    rows : ndarray of float32, shape (n, height, width, n_channels)
        Grey channels (0-255) first, then flows: across, down, across, ...
    n_grey : int
        How many channels are grey. All of a row change alike; light changes for each picture.
    rng : numpy.random.Generator
    """
    copies = np.empty_like(rows)
    for number, row in enumerate(rows):
        copy = _turned(row, n_grey, float(rng.choice(TILTS_DEG)))
        if rng.random() < 0.5:
            copy = copy[:, ::-1].copy()
            copy[..., n_grey::2] *= -1
        contrast = np.exp(rng.normal(0, CONTRAST_SD, n_grey))
        brightness = rng.normal(0, BRIGHTNESS_SD, n_grey)
        copy[..., :n_grey] = np.clip(copy[..., :n_grey] * contrast + brightness, 0, 255)
        copies[number] = copy
    return copies


def changed_sequences(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return copies of sequences of crops (n, n_steps, height, width, 1), each changed as one."""
    together = np.moveaxis(rows[..., 0], 1, -1)
    copies = changed_pictures(np.ascontiguousarray(together), together.shape[-1], rng)
    return np.moveaxis(copies, -1, 1)[..., None]


def _turned(row: NDArray[np.float32], n_grey: int, tilt_deg: float) -> NDArray[np.float32]:
    if tilt_deg == 0:
        return row.copy()
    height, width, n_channels = row.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), tilt_deg, 1.0)
    turned = np.empty_like(row)
    for channel in range(n_channels):
        border = cv2.BORDER_REPLICATE if channel < n_grey else cv2.BORDER_CONSTANT
        turned[..., channel] = cv2.warpAffine(
            np.ascontiguousarray(row[..., channel]), matrix, (width, height), borderMode=border
        )
    flows = turned[..., n_grey:].reshape(height, width, -1, 2)
    turned[..., n_grey:] = (flows @ matrix[:, :2].T.astype(np.float32)).reshape(height, width, -1)
    return turned
