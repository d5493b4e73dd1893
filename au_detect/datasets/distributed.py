"""What readers of distributed collections share: folders, numbers, XML and spreadsheets."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from au_detect.datasets.collection import Problem
from au_detect.errors import InputError
from au_detect.frames.files import natural_name_key
from au_detect.frames.pictures import PICTURE_ENDINGS

VIDEO_ENDINGS = (".avi", ".mp4", ".mov", ".mpg", ".mpeg", ".mkv", ".wmv", ".m4v")
LARGEST_XML_BYTES = 5_000_000
LARGEST_SHEET_ROWS = 1_000_000


def folders_in(folder: Path, depth: int = 1) -> Iterator[Path]:
    """Yield the folders down to so many levels below a folder, sorted; hidden ones left out."""
    try:
        entries = sorted(
            (e for e in os.scandir(folder) if not e.name.startswith(".") and e.is_dir()),
            key=lambda e: e.name,
        )
    except OSError:
        return
    for entry in entries:
        yield Path(entry.path)
        if depth > 1:
            yield from folders_in(Path(entry.path), depth - 1)


def folders_with_pictures(root: Path, depth: int) -> Iterator[tuple[Path, list[str]]]:
    """Yield what `folders_in` does, each with the names of its pictures; every folder is read once.

    Names are as the folder lists them: see `in_folder`.
    """
    top = str(root).rstrip(os.sep).count(os.sep)
    for place, folders, files in os.walk(root, followlinks=True):
        level = place.count(os.sep) - top
        folders[:] = sorted(f for f in folders if not f.startswith(".") and level < depth)
        if level:
            yield Path(place), list(_with_ending(files, PICTURE_ENDINGS))


def find_folder(root: Path, name: str, depth: int = 3) -> Path | None:
    """Return the first folder of that name, whatever its case, in or below a folder."""
    found = (f for f in (root, *folders_in(root, depth)) if f.name.lower() == name.lower())
    return next(found, None)


def files_in(folder: Path, endings: Iterable[str]) -> list[Path]:
    """Return the files of a folder with one of the endings, in natural order."""
    return in_folder(folder, _names(folder, endings))


def in_folder(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return the files of these names in a folder, in natural order."""
    return [folder / name for name in sorted(names, key=natural_name_key)]


def has_files(folder: Path, ending: str) -> bool:
    """Return whether a folder holds a file with the ending."""
    return any(_names(folder, (ending,)))


def _names(folder: Path, endings: Iterable[str]) -> Iterator[str]:
    """Yield the names in a folder that have one of the endings; none where it cannot be listed."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    yield from _with_ending(names, endings)


def _with_ending(names: Iterable[str], endings: Iterable[str]) -> Iterator[str]:
    wanted = tuple(endings)
    return (n for n in names if not n.startswith(".") and n.lower().endswith(wanted))


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """Return the pictures of a folder in natural order."""
    return tuple(files_in(folder, PICTURE_ENDINGS))


def last_number(path: Path) -> int | None:
    """Return the last number in a file's name: ``reg_img46.jpg`` is 46."""
    found = re.findall(r"\d+", path.stem)
    return int(found[-1]) if found else None


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with open(path, "rb", buffering=0) as file:  # of thousands of files, it is quicker
            text = file.read().decode("utf-8", "replace").removeprefix("\ufeff")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    return text if "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")


def read_xml(path: Path) -> ElementTree.Element:
    """Return the root of an XML file without entities, which could grow or reach elsewhere.

    Raises
    ------
    InputError
        If it cannot be read, is too large, declares a document type, or is damaged.
    """
    try:
        size, content = path.stat().st_size, path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if size > LARGEST_XML_BYTES:
        raise InputError(f"{path} must have at most {LARGEST_XML_BYTES} bytes, got {size}")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise InputError(f"{path} must not declare a document type or entities")
    try:
        return ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise InputError(f"{path} must be XML: {error}") from error


def read_sheet(path: Path, n_rows: int = LARGEST_SHEET_ROWS) -> list[list[str]]:
    """Return the cells of a table as text: the first sheet of an ``.xlsx`` file, or a CSV file.

    Parameters
    ----------
    path : Path
    n_rows : int
        How many rows, at most.

    Raises
    ------
    InputError
        If it cannot be read, or openpyxl is needed and missing.
    """
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        text = read_text(path)
        head = text.partition("\n")[0]
        delimiter = max(",;\t", key=head.count)
        lines = csv.reader(text.splitlines()[:n_rows], delimiter=delimiter)
        return [[cell.strip().strip("'\"") for cell in line] for line in lines]
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise InputError(
            f"{path} must be read with openpyxl: pip install 'au_detect[collections]'"
        ) from error
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True, max_row=n_rows)
        return [[_cell(value) for value in row] for row in rows]
    except Exception as error:  # whatever a damaged archive makes zipfile and openpyxl raise
        raise InputError(f"{path} must be a spreadsheet (.xlsx): {error}") from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def missing(kind: str, place: object, text: str) -> Problem:
    """Return a problem whose consequence is that something is left out."""
    return Problem(kind, str(place), f"{text}: left out")
