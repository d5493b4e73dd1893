"""Results from the files that were written of them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.facs import parse_au
from au_detect.landmarks import N_LANDMARKS
from au_detect.results.bare_tables import description_of
from au_detect.results.checks import HALVES
from au_detect.results.evidence import evidence_from_json
from au_detect.results.head_columns import (
    GAZE_COLUMNS,
    HEAD_COLUMNS,
    POSE_COLUMNS,
    TRANSLATION_COLUMNS,
)
from au_detect.results.layouts import POINT_COLUMNS
from au_detect.results.result import AUResult
from au_detect.results.rounding import PROBABILITY_DECIMALS, rounded
from au_detect.results.writing import FORMAT, FORMAT_VERSION

_WRONG = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What a file of another content makes its readers raise."""


def read_result(path: str | os.PathLike[str]) -> AUResult:
    """Read a result that `AUResult.to_json`, `to_csv` or `to_parquet` wrote.

    Parameters
    ----------
    path : path
        A table (its ending is ``.csv`` or ``.parquet``) gives a result that cannot be explained;
        without landmark columns its `points` are NaN. Without its side-car file
        ``<name>.settings.json``, settings are missing, and thresholds are such that the
        decisions are those of the table (``settings["notices"]`` says so). Where a file holds the
        difference of the halves alone (``AU12_side``), they are put around the probability of the
        whole face.

    Raises
    ------
    InputError
        If the file cannot be read or is no such result.
    """
    if str(path).lower().endswith((".csv", ".parquet")):
        return AUResult(**read_table(path))
    return AUResult(**read_json(path))


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
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} must be a result of au_detect (.json, .csv or .parquet), got something else"
        ) from error
    except _WRONG as error:
        raise InputError(
            f"{path} must be a JSON result of au_detect (format version {FORMAT_VERSION}), "
            f"got {type(error).__name__}: {error}"
        ) from error


def read_table(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the fields of an `AUResult` from a table and its side-car file, if that is there.

    Raises
    ------
    InputError
        If one of them cannot be read or is something else.
    """
    file = Path(path)
    side_car = file.with_suffix(".settings.json")
    try:
        table = _read_csv(file) if file.suffix.lower() == ".csv" else pd.read_parquet(file)
        columns = {str(name): column.to_numpy() for name, column in table.items()}
        if side_car.is_file():
            return _fields(columns, json.loads(side_car.read_bytes()))
        return _fields(columns, description_of(columns))
    except OSError as error:
        raise InputError(f"cannot read {error.filename or file}: {error.strerror}") from error
    except _WRONG as error:
        beside = f" beside its {side_car.name}" if side_car.is_file() else ""
        raise InputError(
            f"{file} must be a table of au_detect{beside}, of the standard or full columns, "
            f"got {type(error).__name__}: {error}"
        ) from error


def _read_csv(file: Path) -> pd.DataFrame:
    """Read a CSV table with decimal points or, where semicolons part its columns, commas."""
    with file.open("rb") as text:
        header = text.readline()
    if header.count(b";") > header.count(b","):
        return pd.read_csv(file, sep=";", decimal=",")
    return pd.read_csv(file)


def _fields(table: Mapping[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a result from its columns and its description."""

    def numbers(names: Any) -> NDArray[np.float64]:
        return np.array([table[name] for name in names], dtype=np.float64).T

    texts = [document["input"], document["neutral"], document["settings"]]
    # Raises where half a character cannot be shown; undecodable bytes of file names can.
    json.dumps(texts, ensure_ascii=False).encode("utf-8", "surrogateescape")
    not_kept = dict.fromkeys((*POINT_COLUMNS, *HEAD_COLUMNS), np.full(len(table["frame"]), np.nan))
    table = not_kept | dict(table)

    labels = document["aus"]
    probabilities = numbers(f"{label}_p" for label in labels)
    names = {half: [f"{label}{half}_p" for label in labels] for half in "LR"}
    if "halves" in document:
        left, right = (np.array(document["halves"][half], dtype=np.float64) for half in "LR")
    elif names["L"][0] in table:
        left, right = (numbers(names[half]) for half in "LR")
    else:
        left, right = _around(probabilities, numbers(f"{label}_side" for label in labels))
    points = numbers(POINT_COLUMNS).reshape(-1, 2, N_LANDMARKS)
    return {
        "aus": tuple(parse_au(label) for label in labels),
        "probabilities": probabilities,
        "left": left,
        "right": right,
        "thresholds": [document["thresholds"][label] for label in labels],
        "frame": table["frame"],
        "timestamp_s": np.nan_to_num(np.array(table["timestamp"], dtype=np.float64)),
        "face_id": table["face_id"],
        "face_found": np.array(table["success"]) == 1,
        "confidence": table["confidence"],
        "points": points.transpose(0, 2, 1),
        "pose": numbers(POSE_COLUMNS),
        "translation": numbers(TRANSLATION_COLUMNS),
        "gaze": numbers(GAZE_COLUMNS),
        "reliable": np.array(table["reliable"]) == 1,
        **{half: np.array(table.get(half, table["success"])) == 1 for half in HALVES},
        "neutral": {int(face_id): text for face_id, text in document["neutral"].items()},
        "input": document["input"],
        "settings": document["settings"],
        "intensity_scale": document.get("intensity_scale"),
    }


def _around(
    probabilities: NDArray[np.float64], side: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return halves whose difference is `side`, as evenly around the whole as [0, 1] allows."""
    right = np.clip(probabilities - side / 2, np.maximum(-side, 0), np.minimum(1 - side, 1))
    right = rounded(right, PROBABILITY_DECIMALS)
    return rounded(right + side, PROBABILITY_DECIMALS), right
