"""RAF-AU (Yan et al. 2020) and EmotioNet (Benitez-Quiroz et al. 2016), as distributed.

Pictures of many people, without a neutral face of any: they train and judge the networks that
compare with nobody. Nobody knows who is on them: each counts as a person of its own.

RAF-AU: ``RAFAU_label.txt``, ``0001.jpg 1+2+L12`` a line, ``null`` for no AU; what is not listed is
absent. Pictures may be called ``0001.jpg`` or ``0001_aligned.jpg``.

EmotioNet: a table (CSV or ``.xlsx``) with a column for the address of each picture and columns
``AU 1``, ``AU 2`` …: 1 present, 0 absent, 999 not coded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from au_detect.datasets.collection import Collection, Problem, SequenceRecord
from au_detect.datasets.distributed import (
    LARGEST_SHEET_ROWS,
    files_in,
    folders_in,
    missing,
    pictures_in,
    read_sheet,
    read_text,
)
from au_detect.datasets.facs_labels import NOT_CODED, read_facs_codes
from au_detect.errors import InputError

RAF_LABELS = "rafau_label.txt"
_VALUES = {"0": 0.0, "1": NOT_CODED}
_WORDS = {*_VALUES, "999", ""}


def is_raf_au(root: Path) -> bool:
    """Return whether a folder holds RAF-AU."""
    return _raf_labels(root) is not None


def read_raf_au(folder: Path) -> Collection:
    """Read RAF-AU. No picture is opened.

    Raises
    ------
    InputError
        If the labels are not there.
    """
    labels = _raf_labels(folder)
    if labels is None:
        raise InputError(f"{folder} must hold RAFAU_label.txt, but it does not")
    pictures = _pictures(folder)
    problems: list[Problem] = []
    records = []
    for number, line in enumerate(read_text(labels).splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        place, stem = f"{labels.name} line {number}", Path(words[0]).stem
        picture = pictures.get(stem) or pictures.get(f"{stem}_aligned")
        if picture is None:
            problems.append(missing("labels without frames", place, f"{words[0]} is not there"))
            continue
        text = " ".join(words[1:])
        try:
            aus = {} if text.lower() in ("null", "") else read_facs_codes(text).aus
        except InputError as error:
            problems.append(missing("damaged labels", place, str(error)))
            continue
        records.append(_record(stem, picture, aus, fully_coded=True))
    return Collection(str(folder), tuple(records), tuple(problems))


def is_emotionet(root: Path) -> bool:
    """Return whether a folder holds EmotioNet."""
    return next(_emotionet_tables(root, n_rows=1), None) is not None


def read_emotionet(folder: Path) -> Collection:
    """Read EmotioNet. No picture is opened.

    Raises
    ------
    InputError
        If there is no such table.
    """
    tables = list(_emotionet_tables(folder))
    if not tables:
        raise InputError(f"{folder} must hold a table with columns URL, AU 1, AU 2 ...")
    pictures = _pictures(folder)
    problems: list[Problem] = []
    records: dict[str, SequenceRecord] = {}
    for path, rows in tables:
        address, columns = _emotionet_columns(rows[0])
        for number, cells in enumerate(rows[1:], start=2):
            if len(cells) <= address or not cells[address]:
                continue
            place = f"{path.name} row {number}"
            stem = Path(cells[address].rpartition("/")[2]).stem
            if stem not in pictures:
                text = f"the picture {stem} is not there"
                problems.append(missing("labels without frames", place, text))
                continue
            found = {au: cells[i] for i, au in columns.items() if i < len(cells)}
            wrong = set(found.values()) - _WORDS
            if wrong:
                text = f"must hold 0, 1 or 999, got {sorted(wrong)}"
                problems.append(missing("damaged labels", place, text))
                continue
            aus = {au: _VALUES[v] for au, v in found.items() if v in _VALUES}
            records[stem] = _record(stem, pictures[stem], aus, fully_coded=False)
    return Collection(str(folder), tuple(records.values()), tuple(problems))


def _record(
    stem: str, picture: Path, aus: dict[int, float], *, fully_coded: bool
) -> SequenceRecord:
    return SequenceRecord(stem, stem, (picture,), aus, neutral=None, fully_coded=fully_coded)


def _raf_labels(root: Path) -> Path | None:
    found = (
        path
        for folder in (root, *folders_in(root, 2))
        for path in files_in(folder, (".txt",))
        if path.name.lower() == RAF_LABELS
    )
    return next(found, None)


def _pictures(root: Path) -> dict[str, Path]:
    """Return the pictures in and below a folder by their names; originals before aligned ones."""
    folders = sorted((root, *folders_in(root, 3)), key=lambda f: "aligned" in f.name.lower())
    found: dict[str, Path] = {}
    for folder in folders:
        for path in pictures_in(folder):
            found.setdefault(path.stem, path)
    return found


def _emotionet_tables(
    root: Path, n_rows: int = LARGEST_SHEET_ROWS
) -> Iterator[tuple[Path, list[list[str]]]]:
    for folder in (root, *folders_in(root)):
        for path in files_in(folder, (".csv", ".xlsx")):
            if path.name == "sequences.csv":
                continue
            try:
                rows = read_sheet(path, n_rows)
            except InputError:
                continue
            if rows and _is_emotionet_head(rows[0]):
                yield path, rows


def _is_emotionet_head(head: list[str]) -> bool:
    address, columns = _emotionet_columns(head)
    return address >= 0 and len(columns) > 1


def _emotionet_columns(head: list[str]) -> tuple[int, dict[int, int]]:
    """Return the column of the address (-1: none), and the AU of each other column."""
    plain = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in head]
    columns = {i: int(t[2:]) for i, t in enumerate(plain) if re.fullmatch(r"au0*[1-9]\d?", t)}
    addresses = [i for i, text in enumerate(plain) if "url" in text]
    return (addresses[0] if addresses else -1), columns
