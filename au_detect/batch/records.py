"""What a batch keeps on disk besides the results: records, a summary and a run file.

::

    OUT/results/NAME.csv     the table of an input, NAME made valid for every system
    OUT/settings/NAME.json   how it was made, and whether it is still what it was
    OUT/summary.csv          one row per input
    OUT/run.json             version, model, options, thresholds, counts
    OUT/.batch.lock          while a batch runs

The record in ``settings`` is written after the result. It holds the result's SHA-256, the
options, and the input's size and time of change (for a folder, of every file in it), so that
a later run can tell what is done and whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from au_detect.batch.inputs import PERSON, BatchInput, is_neutral_path
from au_detect.batch.people import Person
from au_detect.escapes import encodable
from au_detect.facs import au_label
from au_detect.frames.files import printable
from au_detect.results import AUResult
from au_detect.results.files import write_atomically
from au_detect.results.names import valid_path
from au_detect.results.rounding import PROBABILITY_DECIMALS, rounded
from au_detect.results.tables import table_as_csv
from au_detect.results.writing import write_result, write_settings

ENDING_BYTES = len(".parquet")

LEFTOVER_AFTER_S = 60.0
"""Unfinished files older than this are what a killed run left."""


@dataclass(frozen=True)
class InputSummary:
    """One row of a batch's summary.

    Parameters
    ----------
    input, result : str
        Path of the input; path of its result below the output folder, empty if it failed.
    frames, frames_with_face, faces : int or None
        Frames, frames in which a face was found, and different faces; None if it failed.
    neutral : str
        What the neutral face was; of several faces, all of them.
    peaks : dict of str to float
        Highest probability of each AU over all frames and faces; empty without a face.
    seconds : float
        How long scoring and writing took.
    error : str
        Why it failed, else empty.
    """

    input: str
    result: str = ""
    frames: int | None = None
    frames_with_face: int | None = None
    faces: int | None = None
    neutral: str = ""
    peaks: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""


def result_path(out: str, item: BatchInput, file_format: str) -> Path:
    """Return where the result of an input is."""
    return Path(out, "results", f"{valid_path(item.name, ENDING_BYTES)}.{file_format}")


def record_path(out: str, item: BatchInput) -> Path:
    """Return where the record of an input is."""
    return Path(out, "settings", f"{valid_path(item.name, ENDING_BYTES)}.json")


def file_state(path: str) -> Any:
    """Return size and time of change of a file, or of all files in a folder; None if missing."""
    try:
        if not os.path.isdir(path):
            return _state(os.stat(path))
        with os.scandir(path) as entries:
            files = sorted((os.fsencode(e.name).hex(), *_state(e.stat())) for e in entries)
    except OSError:
        return None
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def _state(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns]


def recipe_of(item: BatchInput, recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that the result of an input depends on, its neutral included."""
    own = item.neutral
    if isinstance(own, Person):
        states = {printable(clip): file_state(clip) for clip in own.clips}
        return {**recipe, "neutral": f"{PERSON} {own.name}", "neutral_state": states}
    state = file_state(own) if is_neutral_path(own) else None
    return {**recipe, "neutral": own, "neutral_state": state}


def store(
    result: AUResult,
    item: BatchInput,
    out: str,
    recipe: Mapping[str, Any],
    state: Any,
    started_s: float,
) -> InputSummary:
    """Write the result of an input, then its record; return its row of the summary.

    Parameters
    ----------
    state
        The input's `file_state` before it was read.
    started_s : float
        When its scoring began, on `time.perf_counter`.
    """
    path, record = result_path(out, item, recipe["format"]), record_path(out, item)
    for file in (path, record):
        file.parent.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    write_result(
        result, path, recipe["format"],
        landmarks=recipe["landmark_columns"], columns=recipe["columns"],
    )  # fmt: skip
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    summary = summarise(result, os.path.relpath(path, out), time.perf_counter() - started_s)
    write_settings(
        result,
        record,
        batch={
            "recipe": recipe_of(item, recipe),
            "input_path_sha256": path_sha256(item.source),
            "input_state": state,
            "result_sha256": sha256,
            "summary": asdict(summary),
        },
    )
    return summary


def summarise(result: AUResult, path: str, seconds: float) -> InputSummary:
    """Return the row of a summary for a result that was written to `path`."""
    found = result.face_found
    peaks: dict[str, float] = {}
    if found.any():
        highest = rounded(result.probabilities[found].max(axis=0), PROBABILITY_DECIMALS)
        peaks = dict(zip(map(au_label, result.aus), highest.tolist(), strict=True))
    return InputSummary(
        input=result.input,
        result=path,
        frames=len(np.unique(result.frame)),
        frames_with_face=len(np.unique(result.frame[found])),
        faces=len(np.unique(result.face_id[found])),
        neutral=", ".join(result.neutral[face] for face in sorted(result.neutral)),
        peaks=peaks,
        seconds=round(seconds, 3),
    )


def discard(item: BatchInput, out: str, file_format: str) -> None:
    """Remove what an earlier run left of an input that has now failed."""
    for path in (record_path(out, item), result_path(out, item, file_format)):
        try:
            path.unlink(missing_ok=True)
        except OSError:  # the folder may be missing or be a file: then there is no result
            continue


def read_whole(item: BatchInput, out: str, recipe: Mapping[str, Any]) -> InputSummary | None:
    """Return the row of an input that is done and whole, else None.

    It is if its record is complete, the recipe and the state of the input and of a neutral
    picture are those in the record, and the result has the recorded SHA-256.
    """
    try:
        batch = json.loads(record_path(out, item).read_bytes())["batch"]
        data = result_path(out, item, recipe["format"]).read_bytes()
        summary = InputSummary(**batch["summary"])
        same = (
            batch["recipe"] == recipe_of(item, recipe)
            and batch["input_state"] == file_state(item.source) is not None
            and batch["result_sha256"] == hashlib.sha256(data).hexdigest()
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return summary if same else None


def other_owner(item: BatchInput, out: str) -> str | None:
    """Return which other input the files of this one's name belong to, if they do.

    Another has another path and another size or time of change: a study may have been moved.
    """
    try:
        document = json.loads(record_path(out, item).read_bytes())
        batch = document["batch"]
        is_same = (
            batch["input_path_sha256"] == path_sha256(item.source)
            or batch["input_state"] == file_state(item.source) is not None
        )
        return None if is_same else str(document["input"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def path_sha256(path: str) -> str:
    """Return the SHA-256 of the whole path, links followed: it tells inputs apart, and no more."""
    return hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()


def summary_frame(summaries: Iterable[InputSummary]) -> pd.DataFrame:
    """Return the summary: a row per input, ``AU01_peak ...`` for every AU of any of them."""
    rows = list(summaries)
    labels = sorted({label for row in rows for label in row.peaks})

    def texts(name: str) -> list[str]:
        return [encodable(getattr(row, name)) for row in rows]

    columns: dict[str, Any] = {name: texts(name) for name in ("input", "result")}
    for name in ("frames", "frames_with_face", "faces"):
        columns[name] = pd.array([getattr(row, name) for row in rows], dtype="Int64")
    columns["neutral"] = texts("neutral")
    for label in labels:
        columns[f"{label}_peak"] = [row.peaks.get(label, np.nan) for row in rows]
    columns["seconds"] = [row.seconds for row in rows]
    columns["error"] = texts("error")
    return pd.DataFrame(columns)


def write_summary(summaries: Iterable[InputSummary], path: Path) -> None:
    """Write the summary as CSV; its texts are kept from being formulas, as in results."""
    table = summary_frame(summaries)
    write_atomically(path, table_as_csv(table, ("input", "result", "neutral", "error")))


def remove_leftovers(out: str) -> None:
    """Remove unfinished files that a killed run left behind."""
    unfinished = f".{'[0-9a-f]' * 32}.part"  # as `write_atomically` calls them
    for pattern in (unfinished, f"results/**/{unfinished}", f"settings/**/{unfinished}"):
        for path in Path(out).glob(pattern):
            try:
                if time.time() - path.stat().st_mtime > LEFTOVER_AFTER_S:
                    path.unlink(missing_ok=True)
            except OSError:  # somebody else was faster
                continue
