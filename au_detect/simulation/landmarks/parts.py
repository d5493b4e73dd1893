"""The parts of a face that landmark networks look at, and what they are taught there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.crop import DETAIL_CROP, NETWORK_CROP, FaceCrop
from au_detect.landmarks.points import N_LANDMARKS
from au_detect.landmarks.windows import EYES, Window
from au_detect.simulation.landmarks.points import N_POINTS, PAIR_WEIGHTS, PAIRS, WEIGHTS
from au_detect.simulation.rendering.outline import FURTHER_LIDS, IRISES


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

FACE = Part(
    "face",
    NETWORK_CROP,
    height_px=NETWORK_CROP.side_px,
    width_px=NETWORK_CROP.side_px,
    stride_px=4,
    narrowest_px=2.0,
    found=np.arange(N_LANDMARKS),
    taught=_FURTHER,
)
RIGHT_EYE = Part(
    EYES.name,
    DETAIL_CROP,
    height_px=EYES.height_px,
    width_px=EYES.width_px,
    stride_px=2,
    narrowest_px=1.2,
    found=np.array(EYES.landmarks),
    taught=np.concatenate([_FURTHER[IRISES][:1], _FURTHER[FURTHER_LIDS][_RIGHT]]),
    window=EYES,
)
PARTS = (FACE, RIGHT_EYE)
