"""Results as files: CSV, Parquet, JSON, and the side-car file that says how they were made.

Files are UTF-8 and appear complete or not at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from au_detect.emotions.result import EmotionResult
from au_detect.errors import AUDetectError, check_option
from au_detect.facs import au_label
from au_detect.results.evidence import evidence_as_json, json_numbers
from au_detect.results.files import write_atomically
from au_detect.results.result import AUResult
from au_detect.results.rounding import PROBABILITY_DECIMALS, rounded
from au_detect.results.tables import (
    emotion_columns,
    joined_columns,
    joined_table,
    result_table,
    table_as_csv,
)

FORMATS = ("csv", "parquet", "json")
DECIMALS = ("point", "comma")
CSV_ROWS = 1000

FORMAT = "au_detect result"
FORMAT_VERSION = 1


def write_csv(
    result: AUResult,
    path: str | os.PathLike[str],
    *,
    landmarks: bool = False,
    pose: bool = True,
    emotions: EmotionResult | None = None,
    columns: str = "standard",
    decimal: str = "point",
) -> None:
    r"""Write the table of `AUResult.to_dataframe` as CSV, in UTF-8.

    With the `decimal` "comma", columns are separated by semicolons.

    An apostrophe is put before a file name that a spreadsheet would run as a formula (one that
    begins with ``=``, ``+``, ``-`` or ``@``), and control characters in it, such as line breaks,
    are written as escapes (``\n``).
    """
    check_option("decimal", decimal, DECIMALS)
    more = emotion_columns(result, emotions)
    # Block by block: the whole table would take more memory than the result.
    starts = range(0, len(result), CSV_ROWS)
    parts = (
        table_as_csv(
            joined_table(
                block,
                more.iloc[start : start + CSV_ROWS],
                landmarks=landmarks,
                pose=pose,
                columns=columns,
            ),
            ("input", "file", "neutral"),
            header=start == 0,
            decimal=decimal,
        )
        for start, block in zip(starts, result.blocks(CSV_ROWS), strict=True)
    )
    write_atomically(path, parts)


def write_parquet(
    result: AUResult,
    path: str | os.PathLike[str],
    *,
    landmarks: bool = False,
    pose: bool = True,
    emotions: EmotionResult | None = None,
    columns: str = "standard",
) -> None:
    """Write the table as Parquet; see `AUResult.to_parquet`."""
    check_format("parquet")
    table = result_table(result, landmarks=landmarks, pose=pose, emotions=emotions, columns=columns)
    write_atomically(path, table.to_parquet(index=False))


def check_format(file_format: str) -> None:
    """Raise unless results can be written so here: before the work, not after it.

    Raises
    ------
    InputError
        If the format is none of `FORMATS`.
    AUDetectError
        If it is Parquet, and pyarrow is not installed.
    """
    check_option("format", file_format, FORMATS)
    try:
        if file_format == "parquet":
            import pyarrow  # noqa: F401
    except ImportError as error:
        raise AUDetectError(
            "Parquet files need pyarrow: pip install 'au-detect[parquet]'"
        ) from error


def write_json(
    result: AUResult, path: str | os.PathLike[str], *, emotions: EmotionResult | None = None
) -> None:
    """Write everything that is in `result`; see `AUResult.to_json`."""
    table = joined_columns(result, emotion_columns(result, emotions), landmarks=True)
    rows = zip(*map(_json_column, table.values()), strict=True)
    head = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **_description(result),
        "columns": list(table),
    }
    lines = [f"{_dumps(key)}: {_dumps(value)}" for key, value in head.items()]
    if result.evidence is not None:
        lines.append(f'"evidence": {_dumps(evidence_as_json(result.evidence))}')
        lines.append(_listed("furrows", [json_numbers(row) for row in result.evidence.furrows]))
    halves = {"L": result.left, "R": result.right}
    listed = {half: _json_rows(values) for half, values in halves.items()}
    lines.append(f'"halves": {_dumps(listed)}')
    lines.append(_listed("rows", rows))
    _write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def write_result(
    result: AUResult,
    path: str | os.PathLike[str],
    file_format: str,
    *,
    landmarks: bool = False,
    emotions: EmotionResult | None = None,
    columns: str = "standard",
    decimal: str = "point",
) -> None:
    """Write the result as one of `FORMATS`; JSON holds everything in any case.

    `decimal` is that of CSV, one of `DECIMALS`.

    Raises
    ------
    InputError
        If the format or layout is another or the folder does not exist.
    """
    check_format(file_format)
    if file_format == "json":
        write_json(result, path, emotions=emotions)
    elif file_format == "parquet":
        write_parquet(result, path, landmarks=landmarks, emotions=emotions, columns=columns)
    else:
        write_csv(
            result, path,
            landmarks=landmarks, emotions=emotions, columns=columns, decimal=decimal,
        )  # fmt: skip


def write_settings(result: AUResult, path: str | os.PathLike[str], **more: Any) -> None:
    """Write how `result` was made as JSON: input, neutral, AUs, thresholds and settings.

    It stands beside a CSV or Parquet file, which have no room for it. `more` is added to it.
    """
    write_document(path, _description(result) | more)


def write_document(path: str | os.PathLike[str], document: Mapping[str, Any]) -> None:
    """Write `document` as JSON to read and to compare."""
    _write_text(path, _dumps(document, indent=2) + "\n")


def _write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write JSON as UTF-8; undecodable bytes of file names become JSON's own escapes."""
    write_atomically(path, text.encode("utf-8", "backslashreplace"))


def _dumps(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def _json_column(values: Any) -> list[Any]:
    """Return a column as JSON can hold it; None for what is missing."""
    listed = values.tolist() if hasattr(values, "tolist") else values
    return [None if value is pd.NA or value != value else value for value in listed]


def _json_rows(values: NDArray[np.float32]) -> list[list[float | None]]:
    """Return probabilities as JSON can hold them; None for NaN."""
    written = rounded(values, PROBABILITY_DECIMALS).astype(object)
    written[np.isnan(values)] = None
    return written.tolist()


def _listed(name: str, rows: Iterable[Sequence[Any]]) -> str:
    """Return a list of rows as JSON, a line each."""
    return f'"{name}": [\n' + ",\n".join(_dumps(row) for row in rows) + "\n]"


def _description(result: AUResult) -> dict[str, Any]:
    labels, scale = [au_label(au) for au in result.aus], result.intensity_scale
    return {
        "input": result.input,
        "neutral": {str(face_id): text for face_id, text in result.neutral.items()},
        "aus": labels,
        "thresholds": dict(zip(labels, result.thresholds.tolist(), strict=True)),
        "settings": result.settings,
        **({} if scale is None else {"intensity_scale": scale.tolist()}),
    }
