"""How exact the numbers of a result are: rounded once, so that every format and decision agrees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

PROBABILITY_DECIMALS = 6
TIME_DECIMALS = 6
POSE_DECIMALS = 6
TRANSLATION_DECIMALS = 3
POINT_DECIMALS = 3


def rounded(values: NDArray[Any], decimals: int) -> NDArray[np.float64]:
    """Return `values` rounded as they are written; minus zero becomes zero."""
    exact = np.asarray(values, dtype=np.float64)
    return np.asarray(np.round(exact, decimals) + 0.0, dtype=np.float64)
