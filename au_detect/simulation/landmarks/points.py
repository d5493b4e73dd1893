"""What the landmark network is trained to find: the 68 landmarks, and points that cost nothing.

The further points are the irises, and points of lids and lips between their landmarks
(`au_detect.simulation.rendering.outline`). They teach the network the shape of what it draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.points import MIRROR, N_LANDMARKS, REGIONS
from au_detect.simulation.rendering.outline import FURTHER_MIRROR, N_FURTHER

N_POINTS = N_LANDMARKS + N_FURTHER

MIRROR_ALL: NDArray[np.intp] = np.array([*MIRROR, *(N_LANDMARKS + FURTHER_MIRROR)])
"""``MIRROR_ALL[i]`` is the point that point `i` becomes when the picture is mirrored."""

_LIDS = N_LANDMARKS + 2
PAIRS: NDArray[np.intp] = np.array(
    [
        (37, 41), (38, 40), (43, 47), (44, 46), (_LIDS + 1, _LIDS + 4), (_LIDS + 7, _LIDS + 10),
        (48, 54), (60, 64), (51, 57), (61, 67), (62, 66), (63, 65), (49, 59), (53, 55),
        (48, 66), (54, 66), (33, 51), (33, 57), (33, 8),
        (21, 22), (17, 36), (19, 37), (21, 39), (22, 42), (24, 44), (26, 45),
    ]
)  # fmt: skip
"""Points whose distances action units change: lids, lips, brows, nose and chin."""

_N_LID_PAIRS = 6
_COUNT_MORE = {
    **dict.fromkeys([(61, 67), (62, 66), (63, 65), (48, 54), (33, 8)], 2.0),
    (21, 22): 3.0,
}
PAIR_WEIGHTS: NDArray[np.float32] = np.array(
    [
        _COUNT_MORE.get(tuple(p), 2.0 if i < _N_LID_PAIRS else 1.0)
        for i, p in enumerate(PAIRS.tolist())
    ],
    dtype=np.float32,
)
"""How much each pair's error counts: lids and lips, which move least, inner brows, and the chin."""


def _weights() -> NDArray[np.float32]:
    weights = np.full(N_POINTS, 2.0, dtype=np.float32)
    weights[: REGIONS["right_eye"].start] = 1.0
    weights[REGIONS["jaw"]] = 0.5
    weights[N_LANDMARKS:_LIDS] = 1.0
    return weights


WEIGHTS = _weights()
"""How much each point's distance counts: eyes and lips most, the jaw least."""


def mirror_all(points: NDArray[np.floating], width_px: float) -> NDArray[np.floating]:
    """Return the points (..., n_points, 2) of the mirrored picture of width `width_px`."""
    flipped = points[..., MIRROR_ALL, :].copy()
    flipped[..., 0] = width_px - 1.0 - flipped[..., 0]
    return flipped
