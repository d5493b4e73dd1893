"""The columns that a result can be written in.

Conventions
-----------
- ``standard`` and ``full`` have a row for every frame and face, and begin as OpenFace's tables do;
  ``full`` adds both halves of the face, ``short`` leaves out all but the AUs. ``frame`` counts
  from 0.
- ``openface`` is the table of OpenFace 2: its columns in its order and units, empty where nothing
  of the kind is measured. There, and only there, ``frame`` counts from 1.
- ``tidy`` has a row for every frame, face and AU.
- Columns of intensities are left out where the model has not learnt them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from au_detect.errors import InputError, check_option
from au_detect.escapes import encodable
from au_detect.facs import au_label
from au_detect.landmarks import N_LANDMARKS
from au_detect.results.checks import HALVES
from au_detect.results.head_columns import (
    GAZE_COLUMNS,
    POSE_COLUMNS,
    TRANSLATION_COLUMNS,
    head_columns,
)
from au_detect.results.result import AUResult
from au_detect.results.rounding import (
    POINT_DECIMALS,
    PROBABILITY_DECIMALS,
    TIME_DECIMALS,
    rounded,
)

LAYOUTS = ("standard", "full", "short", "openface", "tidy")
POINT_COLUMNS = tuple(f"{axis}_{point}" for axis in "xy" for point in range(N_LANDMARKS))

Columns = dict[str, Any]


def _numbered(names: str, n: int) -> list[str]:
    return [f"{name}_{i}" for name in names.split() for i in range(n)]


_OPENFACE_AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
OPENFACE_COLUMNS = (
    *("frame", "face_id", "timestamp", "confidence", "success"),
    *(f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz"),
    *GAZE_COLUMNS,
    *_numbered("eye_lmk_x eye_lmk_y eye_lmk_X eye_lmk_Y eye_lmk_Z", 56),
    *(*TRANSLATION_COLUMNS, *POSE_COLUMNS),
    *POINT_COLUMNS,
    *_numbered("X Y Z", N_LANDMARKS),
    *("p_scale", "p_rx", "p_ry", "p_rz", "p_tx", "p_ty"),
    *_numbered("p", 34),
    *(f"{au_label(au)}_r" for au in _OPENFACE_AUS),
    *(f"{au_label(au)}_c" for au in sorted({*_OPENFACE_AUS, 28})),
)


def wide_columns(result: AUResult, layout: str, *, pose: bool) -> Columns:
    """Return a row for every frame and face: "standard", "full" or "short", without landmarks."""
    if layout == "short":
        columns = _frame_columns(result)
        del columns["confidence"]
        return columns | _whole_face(result) | _input(result)
    columns = _frame_columns(result) | _whole_face(result) | _per_au(result, "_side", result.side)
    if layout == "full":
        columns |= _halves(result)
    if pose:
        columns |= head_columns(result)
    for name in ("reliable", *HALVES):
        columns[name] = getattr(result, name).astype(np.int64)
    columns |= _input(result)
    columns["neutral"] = [encodable(result.neutral.get(i, "")) for i in result.face_id.tolist()]
    return columns


def openface_columns(result: AUResult) -> Columns:
    """Return the columns of OpenFace 2."""
    known = _frame_columns(result) | {"frame": result.frame + 1}
    known |= _whole_face(result) | head_columns(result) | point_columns(result)
    empty = np.full(len(result), np.nan)
    return {name: known.get(name, empty) for name in OPENFACE_COLUMNS}


def tidy_columns(result: AUResult) -> Columns:
    """Return a row for every frame, face and AU."""
    n_aus = len(result.aus)
    columns = _input(result) | _frame_columns(result)
    columns["reliable"] = result.reliable.astype(np.int64)
    columns = {name: np.repeat(values, n_aus) for name, values in columns.items()}
    columns["au"] = [au_label(au) for au in result.aus] * len(result)
    columns["active"] = _decisions(result.active.ravel(), result.probabilities.ravel())
    said = {"probability": result.probabilities, "left": result.left, "right": result.right}
    if result.intensity_scale is not None:
        said["intensity"] = result.intensity
        said["left_intensity"] = result.intensity_left
        said["right_intensity"] = result.intensity_right
    said["side"] = result.side
    return columns | {n: rounded(v.ravel(), PROBABILITY_DECIMALS) for n, v in said.items()}


def point_columns(result: AUResult) -> Columns:
    """Return the landmarks, in pixels."""
    points = rounded(result.points, POINT_DECIMALS).transpose(0, 2, 1)
    return _named(POINT_COLUMNS, points.reshape(len(result), -1))


def check_layout(layout: str, *, landmarks: bool) -> None:
    """Raise if there is no such layout, or landmarks have no place in it."""
    check_option("columns", layout, LAYOUTS)
    if layout == "tidy" and landmarks:
        raise InputError("landmarks must be False where columns are 'tidy', got True")


def _frame_columns(result: AUResult) -> Columns:
    return {
        "frame": result.frame,
        "face_id": result.face_id,
        "timestamp": _times(result),
        "confidence": rounded(result.confidence, PROBABILITY_DECIMALS),
        "success": result.face_found.astype(np.int64),
    }


def _times(result: AUResult) -> NDArray[np.float64]:
    """Return time stamps in s; independent pictures have none."""
    if result.is_independent:
        return np.full(len(result), np.nan)
    return rounded(result.timestamp_s, TIME_DECIMALS)


def _whole_face(result: AUResult) -> Columns:
    decided = zip(result.aus, result.active.T, result.probabilities.T, strict=True)
    columns: Columns = {f"{au_label(au)}_c": _decisions(on, p) for au, on, p in decided}
    columns |= _per_au(result, "_p", result.probabilities)
    if result.intensity_scale is not None:
        columns |= _per_au(result, "_r", result.intensity)
    return columns


def _halves(result: AUResult) -> Columns:
    columns = _per_au(result, "L_p", result.left) | _per_au(result, "R_p", result.right)
    if result.intensity_scale is not None:
        columns |= _per_au(result, "L_r", result.intensity_left)
        columns |= _per_au(result, "R_r", result.intensity_right)
    return columns


def _decisions(on: NDArray[np.bool_], probabilities: NDArray[np.float32]) -> Any:
    """Return 0 and 1, missing where there is no probability."""
    return pd.arrays.IntegerArray(on.astype(np.int64), np.isnan(probabilities))


def _input(result: AUResult) -> Columns:
    """Return what a row is of: the input, and of independent pictures the file too."""
    files = {"file": [encodable(file) for file in result.files]} if result.files else {}
    return {"input": [encodable(result.input)] * len(result)} | files


def _per_au(result: AUResult, suffix: str, values: NDArray[Any]) -> Columns:
    names = [f"{au_label(au)}{suffix}" for au in result.aus]
    return _named(names, rounded(values, PROBABILITY_DECIMALS))


def _named(names: Any, values: NDArray[Any]) -> Columns:
    return dict(zip(names, values.T, strict=True))
