"""CASME II (Yan et al. 2014) and SAMM (Davison et al. 2016), as distributed.

A spreadsheet with a row for each sequence, under a heading that names *Subject*, *Filename*,
*Onset*, *Apex* and *Offset Frame* and *Action Units*, beside a folder of pictures for each::

    CASME2-coding-20140508.xlsx          CASME2_RAW_selected/sub01/EP02_01f/img46.jpg
    SAMM_Micro_FACS_Codes_v2.xlsx        006/006_1_2/006_05562.jpg

The neutral face is the onset frame, the coded one the apex. Frames are found by the number at the
end of their names. All AUs that are not listed are absent; a doubtful one (``12?``) is not coded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from au_detect.datasets.ckplus import EMOTIONS
from au_detect.datasets.collection import Collection, Problem, SequenceRecord
from au_detect.datasets.distributed import (
    LARGEST_SHEET_ROWS,
    files_in,
    folders_in,
    folders_with_pictures,
    in_folder,
    last_number,
    missing,
    read_sheet,
)
from au_detect.datasets.facs_labels import read_facs_codes
from au_detect.errors import InputError
from au_detect.facs import NETWORK_AUS

NEEDED = ("subject", "filename", "onset", "apex", "actionunits")
HEADING_ROWS = 40
"""A heading is looked for in so many rows; above it some tables have remarks."""


def is_micro_expressions(root: Path) -> bool:
    """Return whether a folder holds CASME II or SAMM."""
    return _find_sheet(root, HEADING_ROWS) is not None


def read_micro_expressions(folder: Path) -> Collection:
    """Read CASME II or SAMM. No picture is opened.

    Raises
    ------
    InputError
        If there is no spreadsheet with such a heading.
    """
    sheet = _find_sheet(folder)
    if sheet is None:
        raise InputError(f"{folder} must hold a spreadsheet with columns {', '.join(NEEDED)}")
    path, rows, columns, first = sheet
    reader = _Reader(_picture_folders(folder), [])
    records: dict[str, SequenceRecord] = {}
    for number, cells in enumerate(rows[first:], start=first + 1):
        row = {name: cells[i] if i < len(cells) else "" for name, i in columns.items()}
        if not row["subject"] or not row["filename"]:
            continue
        try:
            record = reader.record(row)
        except InputError as error:
            reader.problems.append(
                missing("rows left out", f"{path.name} row {number}", str(error))
            )
            continue
        records.setdefault(record.name, record)
    return Collection(str(folder), tuple(records.values()), tuple(reader.problems))


def _find_sheet(
    root: Path, n_rows: int = LARGEST_SHEET_ROWS
) -> tuple[Path, list[list[str]], dict[str, int], int] | None:
    """Return the spreadsheet, its rows, where its columns are, and the first row of data."""
    for folder in (root, *folders_in(root)):
        for path in files_in(folder, (".xlsx",)):
            try:
                rows = read_sheet(path, n_rows)
            except InputError:
                continue
            for number, cells in enumerate(rows[:HEADING_ROWS]):
                columns = _columns(cells)
                if columns is not None:
                    return path, rows, columns, number + 1
    return None


def _columns(cells: list[str]) -> dict[str, int] | None:
    plain = [re.sub(r"[^a-z]", "", cell.lower()) for cell in cells]
    found: dict[str, int] = {}
    for name in (*NEEDED, "emotion"):
        for place, text in enumerate(plain):
            matches = text == name if name in ("subject", "filename") else name in text
            if matches:
                found.setdefault(name, place)
    return found if set(NEEDED) <= found.keys() else None


@dataclass
class _Reader:
    """Makes records of rows; `folders`: by person and name, with the names of their pictures."""

    folders: dict[tuple[str, str], tuple[Path, list[str]]]
    problems: list[Problem]

    def record(self, row: dict[str, str]) -> SequenceRecord:
        """Return the sequence of a row.

        Raises
        ------
        InputError
            If there is something wrong with it.
        """
        subject = _plain_number(row["subject"])
        name = f"{subject}_{row['filename']}"
        found = self.folders.get((subject, row["filename"].lower()))
        if found is None:
            raise InputError(f"the pictures of {name} are not there")
        frames = tuple(in_folder(*found))
        places = {last_number(frame): i for i, frame in enumerate(frames)}
        onset, apex = (self._place(row, part, places) for part in ("onset", "apex"))
        text = row["actionunits"]
        doubtful = {int(n) for n in re.findall(r"(\d+)[A-Ea-e]?\s*\?", text)}
        codes = re.sub(r"[LRATBV]?(?:AU)?\d+[A-Ea-e]?\s*\?", " ", text).replace("or", " ")
        aus: dict[int, float] = dict.fromkeys(NETWORK_AUS, 0.0)
        coded = read_facs_codes(codes)
        aus |= coded.aus
        for au in doubtful - set(coded.aus):
            aus.pop(au, None)
        emotion = row.get("emotion", "").lower()
        return SequenceRecord(
            name=name,
            subject=subject,
            frames=frames,
            aus=aus,
            sides=coded.sides,
            emotion=emotion if emotion in EMOTIONS.values() else "",
            neutral=onset,
            apex=apex,
            fully_coded=False,
        )

    def _place(self, row: dict[str, str], part: str, places: dict[int | None, int]) -> int:
        text = row[part]
        if not text.isdecimal():
            raise InputError(f"the {part} frame must be a number, got {text!r}")
        if int(text) not in places:
            raise InputError(f"the {part} frame {text} has no picture")
        return places[int(text)]


def _plain_number(text: str) -> str:
    """Return ``"1"`` for ``"sub01"``, ``"01"`` and ``"1"``; other words as they are."""
    match = re.fullmatch(r"(?:sub|s)?0*(\d+)", text.strip(), re.IGNORECASE)
    return match[1] if match else text.strip().lower()


def _picture_folders(root: Path) -> dict[tuple[str, str], tuple[Path, list[str]]]:
    return {
        (_plain_number(folder.parent.name), folder.name.lower()): (folder, names)
        for folder, names in folders_with_pictures(root, 4)
    }
