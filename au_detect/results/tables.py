"""Results as tables, a row for every frame and face.

Conventions
-----------
- One row per frame and face, always; a row without a face has ``success`` 0 and empty cells. So
  have the AUs of a half of the face that is not seen.
- The columns are those of `au_detect.results.layouts`.
- Numbers are rounded as `au_detect.results.rounding` says: the table holds what the files hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from au_detect.emotions.result import EmotionResult
from au_detect.errors import InputError
from au_detect.escapes import escaped
from au_detect.facs import ACTION_UNITS, au_label
from au_detect.results.layouts import (
    Columns,
    check_layout,
    openface_columns,
    point_columns,
    tidy_columns,
    wide_columns,
)
from au_detect.results.result import AUResult
from au_detect.results.rounding import PROBABILITY_DECIMALS, rounded


def result_table(
    result: AUResult,
    *,
    landmarks: bool = False,
    pose: bool = True,
    emotions: EmotionResult | None = None,
    columns: str = "standard",
) -> pd.DataFrame:
    """Return the table that all files carry; see `AUResult.to_dataframe`."""
    more = emotion_columns(result, emotions)
    return joined_table(result, more, landmarks=landmarks, pose=pose, columns=columns)


def emotion_columns(result: AUResult, emotions: EmotionResult | None) -> pd.DataFrame:
    """Return what `joined_table` adds of emotions: no column without them.

    Raises
    ------
    InputError
        If they have another number of rows.
    """
    if emotions is None:
        return pd.DataFrame(index=range(len(result)))
    if len(emotions) != len(result):
        raise InputError(f"emotions must have {len(result)} rows, got {len(emotions)}")
    return emotions.to_dataframe()


def joined_table(
    result: AUResult,
    emotions: pd.DataFrame,
    *,
    landmarks: bool = False,
    pose: bool = True,
    columns: str = "standard",
) -> pd.DataFrame:
    """Return the table of a result (or of a block of one) with these columns of emotions.

    Raises
    ------
    InputError
        If `columns` is not one of `LAYOUTS`, or "tidy" with landmarks.
    """
    joined = joined_columns(result, emotions, landmarks=landmarks, pose=pose, columns=columns)
    return pd.DataFrame(joined)


def joined_columns(
    result: AUResult,
    emotions: pd.DataFrame,
    *,
    landmarks: bool = False,
    pose: bool = True,
    columns: str = "standard",
) -> Columns:
    """Return the columns of `joined_table`, by name."""
    check_layout(columns, landmarks=landmarks)
    if columns == "openface":
        table, landmarks = openface_columns(result), False
    elif columns == "tidy":
        table, emotions = tidy_columns(result), emotions.loc[emotions.index.repeat(len(result.aus))]
    else:
        table = wide_columns(result, columns, pose=pose)
    table |= {str(name): values.to_numpy() for name, values in emotions.items()}
    if landmarks:
        table |= point_columns(result)
    return table


def summary_table(result: AUResult) -> pd.DataFrame:
    """Return the peak of every AU of every face; see `AUResult.summary`."""
    if result.files:
        first = dict(zip(result.frame.tolist(), result.files, strict=True))
        parts = {first[frame]: _summary(result.of_frame(frame)) for frame in first}
        return pd.concat(parts, names=["file"])
    return _summary(result)


def _summary(result: AUResult) -> pd.DataFrame:
    intensity = result.intensity
    rows = [
        {"face_id": face_id, "au": au_label(au), "name": ACTION_UNITS[au].name}
        | _peak(result, intensity, face_id, column)
        for face_id in result.face_ids
        for column, au in enumerate(result.aus)
    ]
    return pd.DataFrame(rows).set_index(["face_id", "au"]).astype({"frame": "Int64"})


def _peak(
    result: AUResult, intensity: NDArray[np.float32], face_id: int, column: int
) -> dict[str, Any]:
    rows = np.flatnonzero((result.face_id == face_id) & result.seen[:, column])
    threshold = float(result.thresholds[column])
    if not len(rows):
        missing = {"peak": np.nan, "frame": pd.NA}
        return missing | _intensity(result, np.nan) | {"active": False, "share": np.nan}
    probabilities = rounded(result.probabilities[rows, column], PROBABILITY_DECIMALS)
    peak = int(probabilities.argmax())
    return {
        "peak": probabilities[peak],
        "frame": result.frame[rows[peak]],
        **_intensity(result, float(intensity[rows[peak], column])),
        "active": bool(probabilities[peak] >= threshold),
        "share": round(float((probabilities >= threshold).mean()), 3),
    }


def _intensity(result: AUResult, value: float) -> dict[str, float]:
    """Return the column of intensities, rounded; none where the model has not learnt them."""
    return {} if result.intensity_scale is None else {"intensity": round(value, 2)}


def table_as_csv(
    table: pd.DataFrame, texts: Iterable[str], *, header: bool = True, decimal: str = "point"
) -> bytes:
    """Return a table as CSV; those of its columns in `texts` are made safe, see `safe_cell`.

    `decimal` is "point", or "comma" with semicolons between the columns.
    """
    there = [column for column in texts if column in table]
    safe = {column: [safe_cell(text) for text in table[column]] for column in there}
    how: dict[str, Any] = {"sep": ";", "decimal": ","} if decimal == "comma" else {}
    text = table.assign(**safe).to_csv(index=False, header=header, lineterminator="\n", **how)
    return text.encode("utf-8")


def safe_cell(text: str) -> str:
    """Return `text` on one line, with an apostrophe before what a spreadsheet would calculate.

    Control characters are escaped: many look at a CSV file in a terminal.
    """
    is_formula = text.lstrip().startswith(("=", "+", "-", "@"))
    return f"'{escaped(text)}" if is_formula else escaped(text)
