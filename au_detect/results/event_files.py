"""Events as files of the programs that behaviour is coded with: ELAN, Praat, BORIS; and CSV.

An event lasts from its onset to the end of its last frame, so that one of a single frame has a
length. Every AU (of every face, if there are several) has a tier of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from au_detect.errors import AUDetectError, InputError, check_option
from au_detect.escapes import encodable
from au_detect.facs import ACTION_UNITS, au_label
from au_detect.frames.stream import USUAL_FPS
from au_detect.results.event import AUEvent
from au_detect.results.files import part_file
from au_detect.results.result import AUResult
from au_detect.results.tables import safe_cell, table_as_csv

ENDINGS = {"csv": ".csv", "elan": ".eaf", "praat": ".TextGrid", "boris": ".xlsx"}
_NEEDS = {"elan": "pympi", "praat": "pympi", "boris": "openpyxl"}
_VIDEO_TYPES = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime"}
_ANY_VIDEO = "video/*"

Interval = tuple[float, float, AUEvent]
"""Begin and end in s, and what is in between."""


def write_events(
    result: AUResult,
    path: str | os.PathLike[str],
    file_format: str | None = None,
    *,
    min_duration_s: float = 0.0,
    max_gap: int = 0,
) -> Path:
    """Write the events of a result; see `AUResult.write_events`."""
    file = Path(path)
    if file_format is None:
        by_ending = {ending.lower(): name for name, ending in ENDINGS.items()}
        if file.suffix.lower() not in by_ending:
            raise InputError(
                f"path must end in {', '.join(ENDINGS.values())} or come with a format, got {file}"
            )
        file_format = by_ending[file.suffix.lower()]
    check_event_format(file_format)
    if result.is_independent:
        raise InputError("events must be of a sequence, got independent pictures")
    events = result.events(min_duration_s, max_gap=max_gap)
    with part_file(file, ENDINGS[file_format]) as part:
        if file_format == "csv":
            part.write_bytes(_csv(events))
        elif file_format == "elan":
            _write_elan(result, events, part)
        elif file_format == "praat":
            _write_praat(result, events, part)
        else:
            _boris_table(result, events).to_excel(part, index=False, engine="openpyxl")
    return file


def check_event_format(file_format: str) -> None:
    """Raise unless events can be written so here.

    Raises
    ------
    InputError
        If there is no such format.
    AUDetectError
        If what it needs is not installed.
    """
    check_option("events", file_format, tuple(ENDINGS))
    needed = _NEEDS.get(file_format)
    try:
        if needed:
            __import__(needed)
    except ImportError as error:
        raise AUDetectError(
            f"event files of {file_format} need {needed}: pip install 'au-detect[events]'"
        ) from error


def event_table(events: list[AUEvent]) -> pd.DataFrame:
    """Return events as a table: ``au`` (label), ``name`` (FACS), then the fields of `AUEvent`."""
    fields = list(AUEvent.__dataclass_fields__)
    table = pd.DataFrame([asdict(event) for event in events], columns=fields)
    table.insert(1, "name", [ACTION_UNITS[event.au].name for event in events])
    table["au"] = [au_label(event.au) for event in events]
    table["duration_s"] = [round(event.duration_s, 6) for event in events]
    return table


def _csv(events: list[AUEvent]) -> bytes:
    return table_as_csv(event_table(events), ())


def _tiers(result: AUResult, events: list[AUEvent]) -> Iterator[tuple[str, list[Interval]]]:
    """Yield name and intervals of each tier; intervals do not overlap."""
    many, last_s = len(result.face_ids) > 1, _frame_s(result)

    def tier(event: AUEvent) -> tuple[int, int]:
        return event.face_id, event.au

    for (face_id, au), found in groupby(sorted(events, key=tier), key=tier):
        mine = sorted(found, key=lambda event: event.onset)
        limits = [*(event.onset_s for event in mine[1:]), np.inf]
        name = f"{au_label(au)} {ACTION_UNITS[au].name}"
        yield (
            f"face {face_id} {name}" if many else name,
            [
                (e.onset_s, min(e.offset_s + last_s, limit), e)
                for e, limit in zip(mine, limits, strict=True)
            ],
        )


def _frame_s(result: AUResult) -> float:
    """Return how long a frame is shown."""
    steps = np.diff(np.unique(result.timestamp_s))
    return float(np.median(steps)) if len(steps) else 1.0 / USUAL_FPS


def _write_elan(result: AUResult, events: list[AUEvent], file: Path) -> None:
    from pympi.Elan import Eaf

    document = Eaf(author="au_detect")
    name = encodable(os.path.basename(result.input))
    kind = _VIDEO_TYPES.get(Path(name).suffix.lower(), _ANY_VIDEO)
    document.add_linked_file(name, relpath=f"./{name}", mimetype=kind)
    for tier, intervals in _tiers(result, events):
        document.add_tier(tier)
        for begin_s, end_s, event in intervals:
            begin, end = round(begin_s * 1000), round(end_s * 1000)
            document.add_annotation(tier, begin, max(end, begin + 1), _value(event))
    if len(document.get_tier_names()) > 1:  # there must be one
        document.remove_tier("default")
    document.to_file(str(file))


def _write_praat(result: AUResult, events: list[AUEvent], file: Path) -> None:
    from pympi.Praat import TextGrid

    end_s = float(result.timestamp_s.max()) + _frame_s(result)
    document = TextGrid(xmin=0.0, xmax=end_s)
    for name, intervals in _tiers(result, events):
        tier = document.add_tier(name)
        for begin_s, stop_s, event in intervals:
            tier.add_interval(begin_s, min(stop_s, end_s), _value(event))
    document.to_file(str(file))


def _boris_table(result: AUResult, events: list[AUEvent]) -> pd.DataFrame:
    """Return what BORIS imports into an observation: a row where a state begins and one at its end.

    It knows a state event by its code, which must be in the ethogram as a state.
    """
    rows: list[dict[str, Any]] = []
    many = len(result.face_ids) > 1
    for _, intervals in _tiers(result, events):
        for begin_s, end_s, event in intervals:
            shared = {
                "subject": f"face {event.face_id}" if many else "",
                "code": au_label(event.au),
                "modifier": "",
                "comment": safe_cell(f"{event.peak_probability:.2f}"),
            }
            rows += [{"time": round(time_s, 3), **shared} for time_s in (begin_s, end_s)]
    columns = ["time", "subject", "code", "modifier", "comment"]
    return pd.DataFrame(rows, columns=columns).sort_values("time", kind="stable")


def _value(event: AUEvent) -> str:
    return f"{au_label(event.au)} {event.peak_probability:.2f}"
