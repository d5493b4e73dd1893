"""The parts of a face that landmark networks look at, and what they are taught there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.crop import DETAIL_CROP, NETWORK_CROP, FaceCrop
from au_detect.landmarks.points import N_LANDMARKS
from au_detect.landmarks.windows import EYES, MOUTH, Window
from au_detect.simulation.landmarks.points import N_POINTS, PAIR_WEIGHTS, PAIRS, WEIGHTS
from au_detect.simulation.rendering.outline import FURTHER_LIDS, FURTHER_LIPS, IRISES


@dataclass(frozen=True, eq=False)
class Part:
    """What one network looks at, and what it is taught to find there.

    Parameters
    ----------
    name : str
    crop : FaceCrop
        In whose pixels it looks.
    height_px, width_px : int
    stride_px : int
        Pixels from one place of its maps to the next.
    narrowest_px : float
        Spread that maps are drawn to.
    found : ndarray of int
        The points that it finds in use, in its order.
    taught : ndarray of int
        Further points that it is taught beside them, which teach it the shape of what it draws.
    window : Window, optional
        None of the whole face.
    """

    name: str
    crop: FaceCrop
    height_px: int
    width_px: int
    stride_px: int
    narrowest_px: float
    found: NDArray[np.intp]
    taught: NDArray[np.intp]
    window: Window | None = None

    @cached_property
    def points(self) -> NDArray[np.intp]:
        """All points that it is taught, those that it finds in use first."""
        return np.concatenate([self.found, self.taught])

    @cached_property
    def weights(self) -> NDArray[np.float32]:
        """How much each point's distance counts, shape (n_points,)."""
        return WEIGHTS[self.points]

    @cached_property
    def pairs(self) -> NDArray[np.intp]:
        """Pairs of its points whose distances count, shape (n_pairs, 2), see `PAIRS`."""
        place = np.full(N_POINTS, -1)
        place[self.points] = np.arange(len(self.points))
        return place[PAIRS[self._has_pair]]

    @cached_property
    def pair_weights(self) -> NDArray[np.float32]:
        """How much each pair counts, shape (n_pairs,)."""
        return PAIR_WEIGHTS[self._has_pair]

    @cached_property
    def _has_pair(self) -> NDArray[np.bool_]:
        return np.logical_and.reduce(np.isin(PAIRS, self.points), axis=1)


_FURTHER = N_LANDMARKS + np.arange(N_POINTS - N_LANDMARKS)
_RIGHT = slice(0, len(_FURTHER[FURTHER_LIDS]) // 2)


def _whole(name: str, crop: FaceCrop, narrowest_px: float) -> Part:
    side, found = crop.side_px, np.arange(N_LANDMARKS)
    return Part(name, crop, side, side, 4, narrowest_px, found, _FURTHER)


def _seen_in(window: Window, taught: NDArray[np.intp]) -> Part:
    height, width, found = window.height_px, window.width_px, np.array(window.landmarks)
    return Part(window.name, DETAIL_CROP, height, width, 2, 1.2, found, taught, window)


FACE = _whole("face", NETWORK_CROP, 2.0)
RIGHT_EYE = _seen_in(EYES, np.concatenate([_FURTHER[IRISES][:1], _FURTHER[FURTHER_LIDS][_RIGHT]]))
LIPS = _seen_in(MOUTH, _FURTHER[FURTHER_LIPS])
PARTS = (FACE, RIGHT_EYE, LIPS)
TEACHER = _whole("teacher", FaceCrop(DETAIL_CROP.box_px, side_px=160), 2.5)
"""What labels photographs for the others: it sees whole faces as finely as they see windows."""
