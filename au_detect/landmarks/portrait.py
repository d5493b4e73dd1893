"""What a face looks like, as a vector: whether two faces in one video are the same person.

Histograms of oriented gradients (Dalal & Triggs 2005) on 8 x 8 cells of the upright face, less
those of the mean face, which all people share. It recognises people within a video, in about the
same light; it is no face recognition across pictures and years.

On 51 people in one studio, a neutral and a smiling picture of one person have a likeness of 0.62
to 1 (95 %), those of two people less than 0.60 (95 %) and 0.69 (99 %).
"""

from __future__ import annotations

import json
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import ModelFileError, check_shape
from au_detect.landmarks.crop import FaceCrop
from au_detect.paths import packaged_folder

CELLS, DIRECTIONS = 8, 8
_SMOOTHING_BOXES = 0.014
"""Standard deviation of the blur before the gradients, as a part of the face box."""

Portrait = NDArray[np.float32]
"""A unit vector of CELLS * CELLS * DIRECTIONS numbers."""


def gradient_histograms(crop: NDArray[np.uint8], face: FaceCrop) -> NDArray[np.float32]:
    """Return the histograms of a face in its crop, shape (CELLS * CELLS * DIRECTIONS,).

    Parameters
    ----------
    crop : ndarray of uint8, shape (side_px, side_px)
        As `face` cuts it.
    face : FaceCrop
        Where the face box is in the crop.
    """
    check_shape("crop", crop, (face.side_px, face.side_px))
    margin = (face.side_px - face.box_px) // 2
    inside = slice(margin, margin + face.box_px)
    grey = cv2.GaussianBlur(
        crop[inside, inside].astype(np.float32), (0, 0), _SMOOTHING_BOXES * face.box_px
    )
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    strength = cv2.magnitude(across, down)
    direction = np.arctan2(down, across) / (2 * np.pi) * DIRECTIONS % DIRECTIONS
    cells = np.empty((CELLS, CELLS, DIRECTIONS), dtype=np.float32)
    for number in range(DIRECTIONS):
        off = np.abs(direction - number)
        share = np.maximum(0, 1 - np.minimum(off, DIRECTIONS - off)) * strength
        cells[..., number] = cv2.resize(share, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    length = np.linalg.norm(cells, axis=-1, keepdims=True)
    cells /= length + cells.mean() + 1e-3
    return (cells - cells.mean(axis=(0, 1))).ravel()


def portrait(crop: NDArray[np.uint8], face: FaceCrop) -> Portrait:
    """Return what the face in a crop looks like; the product of two portraits is their likeness.

    Parameters
    ----------
    crop, face
        As in `gradient_histograms`.

    Returns
    -------
    ndarray of float32, shape (CELLS * CELLS * DIRECTIONS,)
        Of length 1. Two portraits' product is in [-1, 1]: near 1 for the same picture.
    """
    own = unit_length(gradient_histograms(crop, face)) - mean_portrait()
    return unit_length(own)


def unit_length(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vector at length 1 (as it is where it is all zeros)."""
    return vector / max(float(np.linalg.norm(vector)), 1e-6)


@cache
def mean_portrait() -> NDArray[np.float32]:
    """Return the mean of the unit histograms of simulated people.

    Raises
    ------
    ModelFileError
        If ``models/mean_portrait.json`` is damaged.
    """
    path = packaged_folder("models") / "mean_portrait.json"
    try:
        values = np.array(json.loads(path.read_text(encoding="utf-8")), dtype=np.float32)
        check_shape("mean_portrait", values, (CELLS * CELLS * DIRECTIONS,))
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path} must hold the mean portrait: {error}") from error
    return values
