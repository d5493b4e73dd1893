"""Tables that were parted from their side-car file: what it said, as far as the table tells it.

A decision is probability >= threshold, so that the thresholds lie between the probabilities that
are off and those that are on; which of these they were, a table does not say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from au_detect.results.rounding import PROBABILITY_DECIMALS

STEP = 10.0**-PROBABILITY_DECIMALS
USUAL_THRESHOLD = 0.5


def description_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in a side-car file, from the columns of a table.

    Parameters
    ----------
    table : mapping of str to ndarray
        Columns by name.

    Raises
    ------
    ValueError, KeyError
        If they are none of a result, or their decisions follow from no threshold.
    """
    labels = [match[1] for name in table if (match := re.fullmatch(r"(AU\d\d)_p", name))]
    if not labels:
        raise ValueError("no column like AU12_p")
    thresholds = {
        label: _threshold(label, table[f"{label}_p"], table[f"{label}_c"]) for label in labels
    }
    input_name = str(table["input"][0])
    words = dict(zip(table["face_id"].tolist(), table["neutral"].tolist(), strict=True))
    settings: dict[str, Any] = {
        "notices": ["read without its side-car file: thresholds are taken from the decisions"]
    }
    if "file" in table:
        of_frame = dict(zip(table["frame"].tolist(), table["file"].tolist(), strict=True))
        files = [str(of_frame.get(frame, "")) for frame in range(max(of_frame) + 1)]
        settings |= {"independent": True, "files": files}
    return {
        "input": input_name,
        "neutral": {str(face): text for face, text in words.items() if isinstance(text, str)},
        "aus": labels,
        "thresholds": thresholds,
        "settings": settings,
    }


def _threshold(label: str, probabilities: Any, decisions: Any) -> float:
    """Return the threshold that is nearest to the usual one and gives these decisions."""
    p = np.asarray(probabilities, dtype=float)
    known = np.isfinite(p)
    is_on = pd.to_numeric(pd.Series(decisions)).to_numpy(float, na_value=np.nan)[known] == 1
    highest_off = float(p[known][~is_on].max(initial=0.0))
    lowest_on = float(p[known][is_on].min(initial=1.0))
    if is_on.any() and lowest_on <= highest_off:
        raise ValueError(f"{label} is on at {lowest_on} and off at {highest_off}")
    least, most = highest_off + STEP, lowest_on if is_on.any() else 1.0 - STEP
    return float(np.clip(USUAL_THRESHOLD, min(least, most), most))
