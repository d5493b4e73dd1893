"""What a batch keeps on disk besides the results: records, a summary and a run file.

::

    OUT/results/NAME.csv     the table of an input, NAME made valid for every system
    OUT/events/NAME.eaf      its events, and OUT/annotated/NAME.mp4 its copy, where asked for
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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from au_detect.batch.inputs import PERSON, BatchInput, is_neutral_path
from au_detect.batch.outputs import Outputs
from au_detect.batch.people import Person
from au_detect.batch.summaries import InputSummary, summarise
from au_detect.emotions import EmotionResult
from au_detect.frames.files import printable
from au_detect.results import AUResult
from au_detect.results.event_files import ENDINGS
from au_detect.results.files import PREFIX_LENGTH, part_prefix
from au_detect.results.names import valid_path
from au_detect.results.writing import write_settings

ENDING_BYTES = len(".TextGrid")
ROOMS = ("results", "settings", "events", "annotated")

LEFTOVER_AFTER_S = 60.0
"""Unfinished files older than this are what a killed run left."""


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
    outputs: Outputs | None = None,
) -> InputSummary:
    """Write the result of an input, then its record; return its row of the summary.

    Parameters
    ----------
    state
        The input's `file_state` before it was read.
    started_s : float
        When its scoring began, on `time.perf_counter`.
    outputs : Outputs, optional
        By default the table of the recipe alone.
    """
    outputs = outputs or Outputs(
        recipe["format"], recipe["columns"], landmark_columns=recipe["landmark_columns"]
    )
    path, record = result_path(out, item, recipe["format"]), record_path(out, item)
    for file in (path, record):
        file.parent.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    emotions = outputs.emotions_of(result)
    outputs.write_table(result, path, emotions)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    more = _write_more(result, item, out, outputs, emotions, recipe.get("fps"))
    summary = summarise(
        result, os.path.relpath(path, out), time.perf_counter() - started_s, outputs.min_duration_s
    )
    write_settings(
        result,
        record,
        batch={
            "recipe": recipe_of(item, recipe),
            "input_path_sha256": path_sha256(item.source),
            "input_state": state,
            "result_sha256": sha256,
            "more_files": more,
            "summary": asdict(summary),
        },
    )
    return summary


def _write_more(
    result: AUResult,
    item: BatchInput,
    out: str,
    outputs: Outputs,
    emotions: EmotionResult | None,
    fps: float | None,
) -> list[str]:
    """Write what is wanted beside the table; return the paths of the files below `out`."""
    name, written = valid_path(item.name, ENDING_BYTES), []
    for folder, wanted in (("events", outputs.events is not None), ("annotated", outputs.video)):
        base = Path(out, folder, name)
        if wanted:
            base.parent.mkdir(parents=True, exist_ok=True)
        file = (
            outputs.write_events(result, base)
            if folder == "events"
            else outputs.write_copy(result, item.source, base, emotions=emotions, fps=fps)
        )
        written += [os.path.relpath(file, out)] if file else []
    return written


def discard(item: BatchInput, out: str, file_format: str) -> None:
    """Remove what an earlier run left of an input that has now failed."""
    for path in _files_of(item, out, file_format):
        with suppress(OSError):  # the folder may be missing or be a file: then there is no result
            path.unlink(missing_ok=True)


def _files_of(item: BatchInput, out: str, file_format: str) -> list[Path]:
    """Return every file that may be written for an input."""
    name = valid_path(item.name, ENDING_BYTES)
    return [
        record_path(out, item),
        result_path(out, item, file_format),
        *(Path(out, "events", f"{name}{ending}") for ending in ENDINGS.values()),
        *(Path(out, "annotated", f"{name}{ending}") for ending in (".mp4", ".webm", ".png")),
    ]


def read_whole(item: BatchInput, out: str, recipe: Mapping[str, Any]) -> InputSummary | None:
    """Return the row of an input that is done and whole, else None.

    It is if its record is complete, the recipe and the state of the input and of a neutral
    picture are those in the record, and the result has the recorded SHA-256.
    """
    try:
        batch = json.loads(record_path(out, item).read_bytes())["batch"]
        data = result_path(out, item, recipe["format"]).read_bytes()
        summary = InputSummary(**batch["summary"])
        same = batch["summary"].keys() == asdict(summary).keys() and (
            batch["recipe"] == recipe_of(item, recipe)
            and batch["input_state"] == file_state(item.source) is not None
            and batch["result_sha256"] == hashlib.sha256(data).hexdigest()
            and all(Path(out, file).is_file() for file in batch["more_files"])
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


def remove_leftovers(out: str) -> None:
    """Remove unfinished files that a killed run left behind."""
    for path in _unfinished(out):
        with suppress(OSError):  # somebody else was faster
            if time.time() - path.stat().st_mtime > LEFTOVER_AFTER_S:
                path.unlink(missing_ok=True)


def remove_unfinished(items: Iterable[BatchInput], out: str, file_format: str) -> None:
    """Remove what workers that were ended had begun to write of some inputs."""
    theirs = {
        (path.parent, part_prefix(path))
        for item in items
        for path in _files_of(item, out, file_format)
    }
    for path in _unfinished(out):
        if (path.parent, path.name[:PREFIX_LENGTH]) in theirs:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _unfinished(out: str) -> Iterator[Path]:
    unfinished = f".{'[0-9a-f]' * 32}.part"  # as `part_file` calls them
    for pattern in (unfinished, *(f"{room}/**/{unfinished}*" for room in ROOMS)):
        yield from Path(out).glob(pattern)
