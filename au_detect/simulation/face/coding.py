"""What a FACS coder could say of a simulated face."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.face.actions import AU_COLUMN

Array = NDArray[np.float64]

HIDES: dict[int, tuple[int, ...]] = {
    6: (7,), 9: (4, 10), 17: (24,), 18: (22,), 22: (18,), 23: (24,), 24: (23,),
    26: (27,), 27: (26,), 28: (23, 24, 25, 26), 43: (5, 7),
}  # fmt: skip
"""AU -> AUs that cannot be told to be off beside it. AU9 brings brow and upper lip along, closed
eyes and raised cheeks hide what lids do, and neighbouring actions of one muscle shade into each
other."""

CLEARLY_CLOSED = 3.0
"""Difference of strength between the eyes from which AU43 is a wink (AU46), which is not AU43."""
LIPS_TOUCH_IOD, LIPS_PART_IOD = 0.012, 0.03
LIPS_APART = 3.0
"""FACS intensity of AU25 that lips without AU25 get when another action parts them."""


DOUBTFUL_FROM, DOUBTFUL_JAW_FROM, DOUBTFUL_LIDS_FROM = 2.5, 1.2, 1.5
"""Strength from which a passing movement leaves in doubt whether an action is there."""
CODED_FROM: dict[int, float] = {26: 2.5, 43: 4.2}
"""AU -> strength from which it is coded even where speech, laughter or a blink shows it."""


def coded_intensity(
    strengths: NDArray[np.float32],
    lip_gap: Array,
    lip_gap_change: Array,
    passing: Mapping[int, Array] | None = None,
) -> NDArray[np.float32]:
    """Return FACS intensities (n, n_aus), 0 to 5, as a coder would see them.

    Parameters
    ----------
    strengths : ndarray, shape (n, n_aus, 2)
        What the muscles do. The stronger side counts.
    lip_gap, lip_gap_change : ndarray, shape (n,)
        Gap between the lips at the apex, and how much wider than at rest it is, in IOD: AU25 is
        scored whenever lips part, whichever action parts them.
    passing : mapping, optional
        AU -> how strongly passing movements look like it, 0 to 5, shape (n,); see
        `au_detect.simulation.face.passing.resemblance`. AUs that are off stay 0 up to moderate
        resemblance: rounded lips in speech are not AU18 or AU22. Dropped jaws (AU26) and closed
        eyes (AU43) are coded whatever drops and closes them.

    Returns
    -------
    ndarray of float32
        NaN where an AU is off but another one hides it (`HIDES`) or a passing movement looks much
        like it, where lips are barely apart, and for AU43 where one eye winks.
    """
    intensity = _with_passing(strengths.max(axis=2), passing or {})
    coded = intensity.copy()
    for au, hidden in HIDES.items():
        on = intensity[:, AU_COLUMN[au]] > 0
        for other in hidden:
            off = intensity[:, AU_COLUMN[other]] == 0
            coded[on & off, AU_COLUMN[other]] = np.nan
    closed = strengths[:, AU_COLUMN[43]]
    winks = closed.max(axis=1) - closed.min(axis=1) > CLEARLY_CLOSED
    coded[winks, AU_COLUMN[43]] = np.nan
    part = coded[:, AU_COLUMN[25]]
    apart = (lip_gap > LIPS_PART_IOD) & (lip_gap_change > LIPS_PART_IOD)
    touching = lip_gap_change < LIPS_TOUCH_IOD
    coded[:, AU_COLUMN[25]] = np.select(
        [apart, touching & (lip_gap < LIPS_PART_IOD)],
        [np.fmax(part, LIPS_APART), 0.0],
        default=np.nan,
    )
    return coded


def _with_passing(
    intensity: NDArray[np.float32], passing: Mapping[int, Array]
) -> NDArray[np.float32]:
    """Return the intensities with what passing movements put in doubt (NaN) or show."""
    seen = intensity.copy()
    doubtful_from = {26: DOUBTFUL_JAW_FROM, 43: DOUBTFUL_LIDS_FROM}
    for au, alike in passing.items():
        column = AU_COLUMN[au]
        off = intensity[:, column] == 0
        seen[off & (alike >= doubtful_from.get(au, DOUBTFUL_FROM)), column] = np.nan
        shown = off & (alike >= CODED_FROM.get(au, np.inf))
        seen[shown, column] = alike[shown]
    return seen
