"""What each network of pixels or time reads of a row, as one long row of numbers.

The contract of classifiers knows rows alone; how a row is folded into a grid, the classifier is
told when it is made.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.crops import part_of_face
from au_detect.appearance.flow import STEP_PX
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import check_option
from au_detect.facs import Face

GRIDS = {
    "frame": ("frame",),
    "frame and flow": ("frame", "flow"),
    "features": ("features",),
    "frames": ("steps",),
}
"""Name of a grid -> what of a row's pixels it is made of, see `au_detect.appearance.pixel_rows`."""


def grid_rows(
    sequences: LabelledSequences, grid: str, face: Face | None, *, uses_neutral: bool
) -> tuple[NDArray[np.float32], tuple[int, ...]]:
    """Return what a network reads of sequences, and how a row is folded.

    Parameters
    ----------
    sequences : LabelledSequences
        With pixels, see `with_pixels`.
    grid : str
        One of `GRIDS`.
    face : {"upper", "lower"} or None
        Which half of the face; None is all of it.
    uses_neutral : bool
        Whether the neutral face is read too.

    Returns
    -------
    rows : ndarray of float32, shape (n, n_numbers)
        Grey from 0 to 255, flows in px, features in their units.
    shape : tuple of int
        Of one row.
    """
    check_option("grid", grid, GRIDS)
    if grid == "features":
        folded = _features(sequences, face, uses_neutral)
    elif grid == "frames":
        folded = part_of_face(sequences.attributes["step_crop"], face)[..., None]
    else:
        names = ("crop", "neutral_crop") if uses_neutral else ("crop",)
        planes = [part_of_face(sequences.attributes[name], face)[..., None] for name in names]
        if grid == "frame and flow":
            flow = part_of_face(sequences.attributes["flow"], face).astype(np.float32) * STEP_PX
            planes.append(np.moveaxis(flow, 1, -1))
        folded = np.concatenate([plane.astype(np.float32) for plane in planes], axis=-1)
    return folded.reshape(len(folded), -1).astype(np.float32), folded.shape[1:]


def _features(
    sequences: LabelledSequences, face: Face | None, uses_neutral: bool
) -> NDArray[np.float32]:
    """Return the features of every step, shape (n, n_steps, n_features); NaN without a neutral."""
    points = sequences.attributes["step_points"]
    furrows = sequences.attributes["step_furrows"]
    n, n_steps = points.shape[:2]
    known = np.flatnonzero(sequences.has_neutral) if uses_neutral else np.arange(n)
    steps = replace(
        sequences.rows(np.repeat(known, n_steps)),
        points=points[known].reshape(-1, *points.shape[2:]),
        furrows=furrows[known].reshape(-1, furrows.shape[2]),
        attributes={},
    )
    table = steps.features(uses_neutral=uses_neutral, uses_furrows=True)
    halves = {"upper": (table.upper,), "lower": (table.lower,), None: (table.upper, table.lower)}
    found = np.hstack(halves[face])
    features = np.full((n, n_steps, found.shape[1]), np.nan, dtype=np.float32)
    features[known] = found.reshape(len(known), n_steps, -1)
    return features
