"""The two halves of a face: which action units are seen where, and which rows show most.

The upper half has brows and eyes, the lower one the mouth; `ACTION_UNITS` says which half an
action unit belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import ACTION_UNITS

if TYPE_CHECKING:
    from au_detect.features.measurement import FaceMeasurements


def reliable_aus(
    aus: Sequence[int], upper_reliable: NDArray[np.bool_], lower_reliable: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return where the half of the face that shows an AU can be trusted, shape (n_rows, n_aus).

    Parameters
    ----------
    aus : sequence of int
        FACS numbers.
    upper_reliable, lower_reliable : ndarray of bool, shape (n_rows,)
    """
    is_upper = np.array([ACTION_UNITS[au].face == "upper" for au in aus], dtype=bool)
    return np.asarray(np.where(is_upper, upper_reliable[:, None], lower_reliable[:, None]))


def most_shown(rows: FaceMeasurements) -> NDArray[np.bool_]:
    """Return which rows of one face show most of it, shape (n_rows,): both halves, if any do."""
    n_halves = rows.upper_reliable.astype(int) + rows.lower_reliable
    return np.asarray(n_halves == n_halves.max(initial=0))
