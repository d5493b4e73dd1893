"""A plain table of labelled sequences, so that any collection can be read without code.

``sequences.csv`` has a row for each sequence, or for each coded frame. Commas, semicolons or tabs
divide the columns; paths are relative to the table's folder; frames count from 0.

========== ===================================================================================
column     meaning
========== ===================================================================================
path       a folder of pictures (in natural order), a glob pattern, a video, or one picture
subject    whose face it is; the same word for the same person in every row
neutral    the neutral face: a frame number, or a picture; ``auto``: of the person's coded
           frames, the one nearest to their median face; ``none``: there is none; empty is
           the first frame
frame      the frame that was coded, by its number or the name of its picture, if the labels
           are of this frame alone (frame-coded collections); empty: the sequence goes from
           neutral to peak, and its last frame was coded; a picture with neutral ``none``
           needs no frame
aus        action units that are on, ``12:3 25:2``, ``12 25`` or ``12C+25B``: after the colon
           stands the intensity, 1 to 5 (0: absent); all others are absent; empty: none is on;
           ``L14`` and ``R14`` are on in one half of the face
AU1, AU2 … instead of ``aus``: intensity 0 (absent) to 5, or A to E; ``x`` for present without
           an intensity; ``L3 R2`` for the halves of the face; empty, ``?``, ``-``, ``-1``,
           ``9`` and ``999``: not coded, like AUs without a column
emotion    neutral, anger, contempt, disgust, fear, happiness, sadness, surprise, or CK+'s
           number 0 to 7; empty: unknown
name       what the sequence is called; made of `path` and `frame` where it is missing
========== ===================================================================================

``path``, ``subject`` and ``aus`` or AU columns are needed. Rows that cannot be read are left out
and listed as problems.

For example::

    path,subject,neutral,aus,emotion
    anna/smile,anna,,12:3 25,happiness
    anna/frown.mp4,anna,4,4:2,anger
    ben/angry.jpg,ben,ben/rest.jpg,4 7 24,anger
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from os import PathLike
from pathlib import Path

from au_detect.datasets.ckplus import label_problems, read_emotion
from au_detect.datasets.coded_frames import NEUTRAL_FRAMES, spread
from au_detect.datasets.collection import Collection, Problem, SequenceRecord
from au_detect.datasets.facs_labels import (
    NOT_CODED,
    CodedAUs,
    higher_intensity,
    read_facs_codes,
    read_intensity,
)
from au_detect.datasets.frame_files import FrameFile
from au_detect.datasets.table_frames import TableFrames, find_frames
from au_detect.errors import InputError
from au_detect.frames.pictures import picture_format

TABLE_NAME = "sequences.csv"
AUTO = "auto"
_PRESENT_WORDS = ("x", "present", "yes")
_NOT_CODED_WORDS = ("?", "-", "-1", "9", "999", "nan", "na")
_SIDES = re.compile(r"(?:l(\S+?))?\s*(?:r(\S+))?")

Row = Mapping[str, str]


def read_sequence_table(path: str | PathLike[str]) -> Collection:
    """Read a table of labelled sequences. Videos are opened, pictures are not decoded.

    Raises
    ------
    InputError
        If the file cannot be read, or a column that is needed is missing. Rows that cannot be
        read are among the problems.
    """
    columns, rows = _read_rows(Path(path))
    reader = _TableReader(Path(path).parent, _au_columns(Path(path), columns))
    records: dict[str, SequenceRecord] = {}
    for number, row in enumerate(rows, start=2):  # as an editor counts the lines
        if not any(row.values()):
            continue
        place = f"row {number}"
        try:
            record = reader.record(row, place)
        except InputError as error:
            reader.problems.append(Problem("rows left out", place, f"{error}: left out"))
            continue
        if record.name in records:
            reader.problems.append(
                Problem("rows left out", place, f"{record.name} stands above already: left out")
            )
            continue
        records[record.name] = record
    found = tuple(_with_medians(list(records.values())))
    return Collection(str(path), found, tuple(reader.problems))


def _read_rows(path: Path) -> tuple[list[str], list[Row]]:
    """Return the names of the columns in lower case, and the rows as dictionaries."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if b"\0" in data:
        raise InputError(f"{path} must be a table as text (CSV), got something else")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # what spreadsheets write that know nothing else
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    columns = [name.strip().lower() for name in lines[0]] if lines else []
    for needed in ("path", "subject"):
        if needed not in columns:
            raise InputError(f"{path} must have a column {needed!r}, got {', '.join(columns)}")
    twice = sorted({name for name in columns if columns.count(name) > 1 and name})
    if twice:
        raise InputError(f"columns of {path} must differ, got twice: {', '.join(twice)}")
    return columns, [
        dict.fromkeys(columns, "") | dict(zip(columns, (c.strip() for c in line), strict=False))
        for line in lines[1:]
    ]


def _au_columns(path: Path, columns: list[str]) -> dict[str, int]:
    """Return which columns hold the intensities of which AU; none if there is a column `aus`."""
    found = {name: int(name[2:]) for name in columns if re.fullmatch(r"au0*[1-9]\d{0,2}", name)}
    if ("aus" in columns) == bool(found):
        got = "both" if found else "neither"
        raise InputError(f"{path} must have a column 'aus' or columns 'AU1', 'AU2' …, got {got}")
    if len(set(found.values())) < len(found):
        raise InputError(f"{path} must have one column for each AU, got {', '.join(found)}")
    return found


@dataclass
class _TableReader:
    """Reads row after row, and every folder once."""

    root: Path
    au_columns: dict[str, int]
    problems: list[Problem] = field(default_factory=list)
    _frames: dict[str, TableFrames | InputError] = field(default_factory=dict)

    def record(self, row: Row, place: str) -> SequenceRecord:
        """Return the sequence of a row.

        Raises
        ------
        InputError
            If there is something wrong with it.
        """
        for needed in ("path", "subject"):
            if not row[needed]:
                raise InputError(f"{needed} must be given, got an empty cell")
        found = self._frames_of(row["path"])
        coded = self._coded(row)
        apex = found.number_of(row["frame"]) if row.get("frame") else None
        shown = f"{row['path']}#{row['frame']}" if row.get("frame") else row["path"]
        record = SequenceRecord(
            name=row.get("name") or shown,
            subject=row["subject"],
            frames=found.frames,
            aus=coded.aus,
            emotion=self._emotion(row, place),
            neutral=self._neutral(row.get("neutral", "")),
            apex=apex,
            fully_coded=not self.au_columns,
            is_video=found.is_video,
            sides=coded.sides,
        )
        self.problems.extend(label_problems(place, coded))
        return record

    def _coded(self, row: Row) -> CodedAUs:
        if not self.au_columns:
            return read_facs_codes(row["aus"])
        cells = {au: _read_au_cell(row[name].lower()) for name, au in self.au_columns.items()}
        known = {au: cell for au, cell in cells.items() if cell is not None}
        sides = {au: halves for au, (_, halves) in known.items() if halves is not None}
        one_sided = tuple(au for au, halves in sides.items() if 0 in halves)
        return CodedAUs({au: cell[0] for au, cell in known.items()}, one_sided, sides=sides)

    def _emotion(self, row: Row, place: str) -> str:
        try:
            return read_emotion(row.get("emotion", ""))
        except InputError as error:
            self.problems.append(Problem("damaged emotions", place, f"{error}: taken as unknown"))
            return ""

    def _neutral(self, text: str) -> int | Path | tuple[FrameFile, ...] | None:
        if text.lower() == "none":
            return None
        if text.lower() == AUTO:
            return ()  # filled in when all rows of the person are known
        if not text or text.isdecimal():
            return int(text or 0)
        path = self.root / text
        if not path.is_file() or picture_format(path) is None:
            raise InputError(f"neutral must be a frame number or a picture, got {text!r}")
        return path

    def _frames_of(self, text: str) -> TableFrames:
        """Return what a path stands for."""
        if text not in self._frames:
            try:
                self._frames[text] = find_frames(self.root, text)
            except InputError as error:
                self._frames[text] = error
        found = self._frames[text]
        if isinstance(found, InputError):
            raise found
        return found


def _with_medians(records: Sequence[SequenceRecord]) -> list[SequenceRecord]:
    """Give those with the neutral "auto" the frames of their person, spread over them."""
    coded: dict[str, list[FrameFile]] = {}
    for record in records:
        if record.neutral == ():
            number = 0 if record.apex is None else record.apex
            coded.setdefault(record.subject, []).append(record.frame(number))
    neutrals = {
        subject: tuple(frames[i] for i in spread(len(frames), NEUTRAL_FRAMES))
        for subject, frames in coded.items()
    }
    return [
        replace(record, neutral=neutrals[record.subject]) if record.neutral == () else record
        for record in records
    ]


@lru_cache(maxsize=1000)
def _read_au_cell(cell: str) -> tuple[float, tuple[float, float] | None] | None:
    """Return intensity and, if they were coded, those of right and left; None if not coded.

    Raises
    ------
    InputError
        If it is no intensity.
    """
    if not cell or cell in _NOT_CODED_WORDS:
        return None
    match = _SIDES.fullmatch(cell)
    if match is None:
        return _read_cell(cell), None
    halves = _read_cell(match[2]), _read_cell(match[1])
    return higher_intensity(*halves), halves


def _read_cell(cell: str | None) -> float:
    """Return the intensity in the cell of an AU or of one half; 0 for the half that is not there.

    Raises
    ------
    InputError
        If it is no intensity.
    """
    if cell is None:
        return 0.0
    return NOT_CODED if cell in _PRESENT_WORDS else read_intensity(cell)
