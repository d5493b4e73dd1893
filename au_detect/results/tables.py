"""Results as tables, a row for every frame and face.

Conventions
-----------
- One row per frame and face, always; a row without a face has ``success`` 0 and empty cells.
- The columns begin as OpenFace's do. ``frame`` counts from 0 (OpenFace counts from 1).
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
from au_detect.landmarks import N_LANDMARKS
from au_detect.results.result import AUResult
from au_detect.results.rounding import (
    POINT_DECIMALS,
    POSE_DECIMALS,
    PROBABILITY_DECIMALS,
    TIME_DECIMALS,
    rounded,
)

POSE_COLUMNS = ("pose_Rx", "pose_Ry", "pose_Rz")
POINT_COLUMNS = tuple(f"{axis}_{point}" for axis in "xy" for point in range(N_LANDMARKS))


def result_table(
    result: AUResult,
    *,
    landmarks: bool = False,
    pose: bool = True,
    emotions: EmotionResult | None = None,
) -> pd.DataFrame:
    """Return the table that all files carry; see `AUResult.to_dataframe`."""
    return joined_table(result, landmarks, pose, emotion_columns(result, emotions))


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
    result: AUResult, landmarks: bool, pose: bool, emotions: pd.DataFrame
) -> pd.DataFrame:
    """Return the table of a result (or of a block of one) with these columns of emotions."""
    labels = [au_label(au) for au in result.aus]
    columns: dict[str, Any] = {
        "frame": result.frame,
        "face_id": result.face_id,
        "timestamp": rounded(result.timestamp_s, TIME_DECIMALS),
        "confidence": rounded(result.confidence, PROBABILITY_DECIMALS),
        "success": result.face_found.astype(np.int64),
    }
    active, no_face = result.active.astype(np.int64), ~result.face_found
    for column, label in enumerate(labels):
        columns[f"{label}_c"] = pd.arrays.IntegerArray(active[:, column].copy(), no_face.copy())
    for suffix, values in (("p", result.probabilities), ("side", result.side)):
        names = [f"{label}_{suffix}" for label in labels]
        columns |= _named(names, rounded(values, PROBABILITY_DECIMALS))
    if pose:
        columns |= _named(POSE_COLUMNS, rounded(result.pose, POSE_DECIMALS))
    columns["reliable"] = result.reliable.astype(np.int64)
    columns["input"] = [encodable(result.input)] * len(result)
    columns["neutral"] = [encodable(result.neutral.get(i, "")) for i in result.face_id.tolist()]
    columns |= {str(name): values.to_numpy() for name, values in emotions.items()}
    if landmarks:
        points = rounded(result.points, POINT_DECIMALS).transpose(0, 2, 1)
        columns |= _named(POINT_COLUMNS, points.reshape(len(result), -1))
    return pd.DataFrame(columns)


def summary_table(result: AUResult) -> pd.DataFrame:
    """Return the peak of every AU of every face; see `AUResult.summary`."""
    rows = [
        {"face_id": face_id, "au": au_label(au), "name": ACTION_UNITS[au].name}
        | _peak(result, face_id, column)
        for face_id in result.face_ids
        for column, au in enumerate(result.aus)
    ]
    return pd.DataFrame(rows).set_index(["face_id", "au"]).astype({"frame": "Int64"})


def _peak(result: AUResult, face_id: int, column: int) -> dict[str, Any]:
    rows = np.flatnonzero((result.face_id == face_id) & result.face_found)
    threshold = float(result.thresholds[column])
    if not len(rows):
        missing = {"peak": np.nan, "frame": pd.NA, "threshold": threshold}
        return missing | {"active": False, "share": np.nan}
    probabilities = rounded(result.probabilities[rows, column], PROBABILITY_DECIMALS)
    peak = int(probabilities.argmax())
    return {
        "peak": probabilities[peak],
        "frame": result.frame[rows[peak]],
        "threshold": threshold,
        "active": bool(probabilities[peak] >= threshold),
        "share": round(float((probabilities >= threshold).mean()), 3),
    }


def table_as_csv(table: pd.DataFrame, texts: Iterable[str], *, header: bool = True) -> bytes:
    """Return a table as CSV; the columns `texts` are made safe, see `safe_cell`."""
    safe = {column: [safe_cell(text) for text in table[column]] for column in texts}
    text = table.assign(**safe).to_csv(index=False, header=header, lineterminator="\n")
    return text.encode("utf-8")


def encodable(text: str) -> str:
    """Return `text` with undecodable bytes of a file name shown as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def safe_cell(text: str) -> str:
    """Return `text` on one line, with an apostrophe before what a spreadsheet would calculate.

    Control characters are escaped: many look at a CSV file in a terminal.
    """
    is_formula = text.lstrip().startswith(("=", "+", "-", "@"))
    return f"'{escaped(text)}" if is_formula else escaped(text)


def _named(names: Any, values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    return dict(zip(names, values.T, strict=True))
