"""Any collection as a plain table, which `au_detect.datasets.sequence_table` reads again."""

from __future__ import annotations

import csv
import io
import math
import os
from os import PathLike
from pathlib import Path

from au_detect.datasets.collection import Collection, SequenceRecord
from au_detect.datasets.sequence_table import AUTO
from au_detect.errors import InputError


def write_sequence_table(path: str | PathLike[str], collection: Collection) -> None:
    """Write a row for every sequence or coded frame; paths are relative to the table's folder.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    root = Path(path).resolve().parent
    aus = sorted({au for record in collection.records for au in record.aus})
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    heads = ["path", "subject", "name", "frame", "neutral", "emotion"]
    writer.writerow([*heads, *(f"AU{au}" for au in aus)])
    for record in collection.records:
        place = record.frames[0] if _is_file(record) else record.folder
        frame = "" if record.apex is None else str(record.apex)
        cells = [_relative(place, root), record.subject, record.name, frame]
        cells += [_neutral(record, root), record.emotion]
        writer.writerow([*cells, *(_value(record, au) for au in aus)])
    try:
        Path(path).write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def _is_file(record: SequenceRecord) -> bool:
    """Return whether a path stands for one video or picture, not for a folder of pictures."""
    return record.is_video or (len(record.frames) == 1 and record.neutral is None)


def _neutral(record: SequenceRecord, root: Path) -> str:
    if record.neutral is None:
        return "none"
    if isinstance(record.neutral, tuple):
        return AUTO
    if isinstance(record.neutral, Path):
        return _relative(record.neutral, root)
    return str(record.neutral)


def _value(record: SequenceRecord, au: int) -> str:
    if au not in record.aus:
        return "0" if record.fully_coded else ""
    if au in record.sides:
        halves = zip("LR", reversed(record.sides[au]), strict=True)
        return " ".join(f"{half}{_word(value)}" for half, value in halves if value != 0)
    return _word(record.aus[au])


def _word(value: float) -> str:
    return "x" if math.isnan(value) else f"{value:g}"


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path.resolve(), root)).as_posix()
