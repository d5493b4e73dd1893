"""Results as tables: data frames, CSV, Parquet and JSON files.

Conventions
-----------
- One row per frame and face, always; a row without a face has ``success`` 0 and empty cells.
- The columns begin as OpenFace's do. ``frame`` counts from 0 (OpenFace counts from 1).
- Numbers are rounded once, here, so that every format carries the same ones.
- Files are UTF-8 and appear complete or not at all: they are written beside their destination
  and then renamed.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from au_detect.errors import AUDetectError, InputError, check_option
from au_detect.facs import ACTION_UNITS, au_label, parse_au
from au_detect.landmarks import N_LANDMARKS
from au_detect.results.explanations import evidence_as_json, evidence_from_json, json_numbers

if TYPE_CHECKING:
    from au_detect.emotions import EmotionResult
    from au_detect.results.result import AUResult

PROBABILITY_DECIMALS = 6
TIME_DECIMALS = 6
POSE_DECIMALS = 6
POINT_DECIMALS = 3

FORMATS = ("csv", "parquet", "json")
CSV_ROWS = 1000

FORMAT = "au_detect result"
FORMAT_VERSION = 1

POSE_COLUMNS = ("pose_Rx", "pose_Ry", "pose_Rz")
POINT_COLUMNS = tuple(f"{axis}_{point}" for axis in "xy" for point in range(N_LANDMARKS))


def rounded(values: NDArray[Any], decimals: int) -> NDArray[np.float64]:
    """Return `values` rounded as they are written; minus zero becomes zero."""
    exact = np.asarray(values, dtype=np.float64)
    return np.asarray(np.round(exact, decimals) + 0.0, dtype=np.float64)


def result_table(
    result: AUResult,
    *,
    landmarks: bool = False,
    pose: bool = True,
    emotions: EmotionResult | None = None,
) -> pd.DataFrame:
    """Return the table that all files carry; see `AUResult.to_dataframe`."""
    return _table(result, landmarks, pose, _emotion_columns(result, emotions))


def _emotion_columns(result: AUResult, emotions: EmotionResult | None) -> pd.DataFrame:
    if emotions is None:
        return pd.DataFrame(index=range(len(result)))
    if len(emotions) != len(result):
        raise InputError(f"emotions must have {len(result)} rows, got {len(emotions)}")
    return emotions.to_dataframe()


def _table(result: AUResult, landmarks: bool, pose: bool, emotions: pd.DataFrame) -> pd.DataFrame:
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


def write_csv(
    result: AUResult,
    path: str | os.PathLike[str],
    *,
    landmarks: bool = False,
    pose: bool = True,
    emotions: EmotionResult | None = None,
) -> None:
    """Write the table as CSV; see `AUResult.to_csv`."""
    more = _emotion_columns(result, emotions)
    # Block by block: the whole table would take more memory than the result.
    starts = range(0, len(result), CSV_ROWS)
    parts = (
        table_as_csv(
            _table(block, landmarks, pose, more.iloc[start : start + CSV_ROWS]),
            ("input", "neutral"),
            header=start == 0,
        )
        for start, block in zip(starts, result.blocks(CSV_ROWS), strict=True)
    )
    write_atomically(path, parts)


def table_as_csv(table: pd.DataFrame, texts: Iterable[str], *, header: bool = True) -> bytes:
    """Return a table as CSV in which no cell of the columns `texts` is a formula or has lines."""
    safe = {column: [_cell(text) for text in table[column]] for column in texts}
    text = table.assign(**safe).to_csv(index=False, header=header, lineterminator="\n")
    return text.encode("utf-8")


def write_parquet(
    result: AUResult,
    path: str | os.PathLike[str],
    *,
    landmarks: bool = False,
    pose: bool = True,
    emotions: EmotionResult | None = None,
) -> None:
    """Write the table as Parquet; see `AUResult.to_parquet`."""
    table = result_table(result, landmarks=landmarks, pose=pose, emotions=emotions)
    try:
        data = table.to_parquet(index=False)
    except ImportError as error:
        raise AUDetectError(
            "Parquet files need pyarrow: pip install 'au-detect[parquet]'"
        ) from error
    write_atomically(path, data)


def write_json(
    result: AUResult, path: str | os.PathLike[str], *, emotions: EmotionResult | None = None
) -> None:
    """Write everything that is in `result`; see `AUResult.to_json`."""
    table = result_table(result, landmarks=True, emotions=emotions).astype(object)
    rows = table.where(table.notna(), None).to_numpy().tolist()
    head = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **_description(result),
        "columns": list(table.columns),
    }
    lines = [f"{_dumps(key)}: {_dumps(value)}" for key, value in head.items()]
    if result.evidence is not None:
        lines.append(f'"evidence": {_dumps(evidence_as_json(result.evidence))}')
        lines.append(_listed("furrows", [json_numbers(row) for row in result.evidence.furrows]))
    lines.append(_listed("rows", rows))
    _write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def write_result(
    result: AUResult,
    path: str | os.PathLike[str],
    file_format: str,
    *,
    landmarks: bool = False,
    emotions: EmotionResult | None = None,
) -> None:
    """Write the result as one of `FORMATS`; JSON holds the landmarks in any case.

    Raises
    ------
    InputError
        If the format is another or the folder does not exist.
    """
    check_option("format", file_format, FORMATS)
    if file_format == "json":
        write_json(result, path, emotions=emotions)
    else:
        write = write_csv if file_format == "csv" else write_parquet
        write(result, path, landmarks=landmarks, emotions=emotions)


def write_settings(result: AUResult, path: str | os.PathLike[str], **more: Any) -> None:
    """Write how `result` was made as JSON: input, neutral, AUs, thresholds and settings.

    It stands beside a CSV or Parquet file, which have no room for it. `more` is added to it.
    """
    write_document(path, _description(result) | more)


def write_document(path: str | os.PathLike[str], document: Mapping[str, Any]) -> None:
    """Write `document` as JSON to read and to compare."""
    _write_text(path, _dumps(document, indent=2) + "\n")


def read_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the fields of an `AUResult` from a file of `write_json`.

    Raises
    ------
    InputError
        If the file cannot be read or is something else.
    """
    try:
        document = json.loads(Path(path).read_bytes())
        if (document["format"], document["format_version"]) != (FORMAT, FORMAT_VERSION):
            raise ValueError(f"format {document['format']!r}, {document['format_version']!r}")
        table = dict(zip(document["columns"], zip(*document["rows"], strict=True), strict=True))
        fields = _fields(table, document)
        if "evidence" in document:
            fields["evidence"] = evidence_from_json(document["evidence"], document["furrows"])
        return fields
    except OSError as error:
        raise InputError(f"cannot read the result file {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} must be a JSON result of au_detect (format version {FORMAT_VERSION}), "
            f"got {type(error).__name__}: {error}"
        ) from error


def read_table(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the fields of an `AUResult` from a table and its side-car file.

    Raises
    ------
    InputError
        If one of them cannot be read or is something else.
    """
    file = Path(path)
    side_car = file.with_suffix(".settings.json")
    try:
        document = json.loads(side_car.read_bytes())
        is_csv = file.suffix.lower() == ".csv"
        table = pd.read_csv(file) if is_csv else pd.read_parquet(file)
        columns = {str(name): column.to_numpy() for name, column in table.items()}
        return _fields(columns, document)
    except OSError as error:
        raise InputError(
            f"a table must be read with its side-car file, cannot read {error.filename}: "
            f"{error.strerror}"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{file} must be a table of au_detect beside its {side_car.name}, "
            f"got {type(error).__name__}: {error}"
        ) from error


def write_atomically(path: str | os.PathLike[str], data: bytes | Iterable[bytes]) -> None:
    """Write `data` beside `path`, then rename: readers see the old file or the whole new one.

    Parameters
    ----------
    path : path
    data : bytes or iterable of bytes
        The content, or its parts in order.

    Raises
    ------
    InputError
        If the folder of `path` does not exist.
    OSError
        If it cannot be written, for example because the disk is full; names `path`.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise InputError(f"path must be in an existing folder, got {target}")
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        if target.exists() and not target.is_file():  # a device or pipe must not be replaced
            _write(target, data)
            return
        _write(part, data)
        part.replace(target)
    except OSError as error:
        if error.strerror:
            error.filename = str(target)
        raise
    finally:
        part.unlink(missing_ok=True)


def _write(path: Path, data: bytes | Iterable[bytes]) -> None:
    with open(path, "wb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)


def _write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write JSON as UTF-8; undecodable bytes of file names become JSON's own escapes."""
    write_atomically(path, text.encode("utf-8", "backslashreplace"))


def _dumps(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def _listed(name: str, rows: list[list[Any]]) -> str:
    """Return a list of rows as JSON, a line each."""
    return f'"{name}": [\n' + ",\n".join(_dumps(row) for row in rows) + "\n]"


def _description(result: AUResult) -> dict[str, Any]:
    labels = [au_label(au) for au in result.aus]
    return {
        "input": result.input,
        "neutral": {str(face_id): text for face_id, text in result.neutral.items()},
        "aus": labels,
        "thresholds": dict(zip(labels, result.thresholds.tolist(), strict=True)),
        "settings": result.settings,
    }


def _fields(table: Mapping[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a result from its columns and its description."""

    def numbers(names: Any) -> NDArray[np.float64]:
        return np.array([table[name] for name in names], dtype=np.float64).T

    not_kept = dict.fromkeys((*POINT_COLUMNS, *POSE_COLUMNS), np.full(len(table["frame"]), np.nan))
    table = not_kept | dict(table)

    labels = document["aus"]
    points = numbers(POINT_COLUMNS).reshape(-1, 2, N_LANDMARKS)
    return {
        "aus": tuple(parse_au(label) for label in labels),
        "probabilities": numbers(f"{label}_p" for label in labels),
        "side": numbers(f"{label}_side" for label in labels),
        "thresholds": [document["thresholds"][label] for label in labels],
        "frame": table["frame"],
        "timestamp_s": table["timestamp"],
        "face_id": table["face_id"],
        "face_found": np.array(table["success"]) == 1,
        "confidence": table["confidence"],
        "points": points.transpose(0, 2, 1),
        "pose": numbers(POSE_COLUMNS),
        "reliable": np.array(table["reliable"]) == 1,
        "neutral": {int(face_id): text for face_id, text in document["neutral"].items()},
        "input": document["input"],
        "settings": document["settings"],
    }


def _named(names: Any, values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    return dict(zip(names, values.T, strict=True))


def encodable(text: str) -> str:
    """Return `text` with undecodable bytes of a file name shown as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _cell(text: str) -> str:
    """Return `text` on one line, with an apostrophe before what a spreadsheet would calculate."""
    line = text.replace("\r", "\\r").replace("\n", "\\n")
    is_formula = line.lstrip().startswith(("=", "+", "-", "@")) or line.startswith("\t")
    return f"'{line}" if is_formula else line
