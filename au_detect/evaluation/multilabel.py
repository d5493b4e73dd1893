"""Measures of the multi-label literature: how well the whole set of AUs of a face is told.

For one face with the set Y of AUs that are present and Z of those detected: the Hamming score is
|Y and Z| / |Y or Z| (Godbole & Sarawagi 2004, also called accuracy), precision |Y and Z| / |Z|,
recall |Y and Z| / |Y|; means over faces. Of an empty set in the denominator the score is 1 if both
are empty (nothing there, nothing detected), else 0. Cells that were not coded are in neither set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import check_shape


def multilabel_scores(y: ArrayLike, decided: ArrayLike) -> dict[str, float]:
    """Return ``hamming_score``, ``precision``, ``recall`` and ``exact`` (all AUs right).

    Parameters
    ----------
    y, decided : array_like, shape (n, n_aus)
        1, 0 or NaN (not coded; no answer). Faces without an answer are left out.
    """
    truth = np.asarray(y, dtype=float)
    answer = np.asarray(decided, dtype=float)
    check_shape("decided", answer, truth.shape)
    known = np.isfinite(truth) & np.isfinite(answer)
    rows = known.any(axis=1)
    present, found = ((values == 1) & known for values in (truth, answer))
    both, either = (present & found).sum(axis=1)[rows], (present | found).sum(axis=1)[rows]
    nothing = either == 0
    return {
        "hamming_score": _mean_share(both, either, nothing),
        "precision": _mean_share(both, found.sum(axis=1)[rows], nothing),
        "recall": _mean_share(both, present.sum(axis=1)[rows], nothing),
        "exact": float((both == either).mean()) if rows.any() else float("nan"),
    }


def _mean_share(
    part: NDArray[np.int64], whole: NDArray[np.int64], nothing: NDArray[np.bool_]
) -> float:
    if not len(part):
        return float("nan")
    share = np.where(nothing, 1.0, part / np.maximum(whole, 1))
    return float(share.mean())
