"""Which inputs a batch has: a folder tree, a glob pattern, a list, or paths.

Every input has a name, its path below where the batch's inputs lie, so that equal file names
in different folders do not clash. The name depends on the input and its place alone: more
inputs beside it change neither its result file nor its shard.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from au_detect.batch.tree import walk
from au_detect.errors import InputError
from au_detect.frames.files import natural_key, printable

MOST_FRAME_DIGITS = 18

LIST_ENDINGS = (".txt", ".csv")
PERSON = "person"  # one neutral for all clips of a person
WORDS = ("auto", "first", "median", PERSON)


@dataclass(frozen=True)
class BatchInput:
    """One input of a batch.

    Parameters
    ----------
    source : str
        Path of a picture, a video, or a folder of pictures (one sequence).
    name : str
        Where its files go below the output folder, without their ending.
    neutral : str, int, None or Person
        Its neutral face, as in `AUDetector.run`, or one for all clips of a person.
    subject : str
        Whom it shows, where a list says so.
    """

    source: str
    name: str
    neutral: Any = "auto"
    subject: str = ""


def find_inputs(
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, neutral: Any = "auto"
) -> list[BatchInput]:
    """Return the inputs of a batch, each once, in natural order (a list's in its own).

    Parameters
    ----------
    sources : path, or iterable of paths
        - A folder is a tree: each video in it is an input, and each folder that directly holds
          pictures is a sequence. Videos are known by their ending or their first bytes. Hidden
          files and folders are left out; a folder that links lead to again counts once.
        - A file ending in ``.txt`` names an input on every line, except empty lines and those
          that begin with ``#``. One ending in ``.csv`` has a column ``input`` and may have a
          column ``neutral``; where that is empty, `neutral` holds. Paths are relative to the
          list's folder. A folder in a list is one sequence.
        - A glob pattern (``**`` goes through folders) and an iterable name inputs and trees.
    neutral : str, int, None or path
        The neutral face of inputs that do not bring their own.

    Raises
    ------
    InputError
        If nothing is found, a list cannot be read, or an input is listed with two neutrals.
    """
    if isinstance(sources, (str, os.PathLike)):
        found = _found_in(os.fspath(sources), neutral)
        what = printable(sources)
    else:
        paths = [os.fspath(path) for path in sources]
        if any(not isinstance(path, str) for path in paths):
            raise InputError("sources must be paths as text, got bytes")
        found = _given(paths, _common_folder(paths), neutral) if paths else iter(())
        what = "sources"
    inputs: dict[str, BatchInput] = {}
    for item in found:
        first = inputs.setdefault(item.name, item)
        if first.neutral != item.neutral:
            raise InputError(
                f"{printable(item.source)} must be listed once, got it with neutral "
                f"{first.neutral!r} and {item.neutral!r}"
            )
        if os.path.abspath(first.source) != os.path.abspath(item.source):
            raise InputError(
                f"{printable(first.source)} and {printable(item.source)} must not both be named "
                f"{printable(item.name)}: move the list"
            )
    if not inputs:
        raise InputError(f"{what} must hold videos or pictures, got none")
    return list(inputs.values())


def in_shard(item: BatchInput, shard: str | None) -> bool:
    """Return whether the input belongs to shard ``"3/10"``, the third of ten.

    The SHA-256 of its name decides, so that machines agree without talking to each other, and
    inputs that come or go move no other. Shards are of about equal size, not exactly.

    Raises
    ------
    InputError
        If `shard` is not such a text.
    """
    if shard is None:
        return True
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", shard) if isinstance(shard, str) else None
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError(f'shard must be like "3/10", counted from 1, got {shard!r}')
    digest = hashlib.sha256(os.fsencode(item.name)).digest()
    return int.from_bytes(digest[:8], "big") % int(match[2]) == int(match[1]) - 1


def _found_in(source: str, neutral: Any) -> Iterator[BatchInput]:
    if "\0" in source or not source:
        raise InputError(f"sources must be a path, got {source!r}")
    if os.path.isdir(source):
        return _tree(source, source, neutral)
    if source.lower().endswith(LIST_ENDINGS) and os.path.isfile(source):
        return _listed(Path(source), neutral)
    if re.search(r"[*?[]", source) and not os.path.lexists(source):
        matches = sorted(glob(source, recursive=True), key=lambda path: natural_key(Path(path)))
        fixed = re.split(r"[*?[]", source, maxsplit=1)[0]
        return _given(matches, os.path.dirname(fixed), neutral)
    return _given([source], os.path.dirname(source), neutral)


def _given(paths: Iterable[str], root: str, neutral: Any) -> Iterator[BatchInput]:
    for path in paths:
        if os.path.isdir(path):
            yield from _tree(path, root, neutral)
        elif os.path.lexists(path):
            yield BatchInput(path, _name(path, root), neutral)
        else:
            raise InputError(f"{printable(path)} does not exist")


def _tree(folder: str, root: str, neutral: Any) -> Iterator[BatchInput]:
    for path in walk(folder):
        yield BatchInput(path, _name(path, root), neutral)


def _listed(path: Path, neutral: Any) -> Iterator[BatchInput]:
    """Yield what a list names; a folder in it is one sequence."""
    name, folder = printable(path), str(path.parent)
    try:
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from error
    is_table = path.suffix.lower() == ".csv"
    for line, source, own, subject in _table_rows(text, name) if is_table else _text_rows(text):
        if "\0" in source:
            raise InputError(f"{name}, line {line}: a path must have no zero characters")
        place = os.path.normpath(os.path.join(folder, source))
        yield BatchInput(place, _name(place, folder), _own_neutral(own, folder, neutral), subject)


def _text_rows(text: str) -> Iterator[tuple[int, str, str, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        source = line.removesuffix("\r")
        if source.strip() and not source.startswith("#"):
            yield number, source, "", ""


def _table_rows(text: str, name: str) -> Iterator[tuple[int, str, str, str]]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if "input" not in (rows.fieldnames or ()):
            raise InputError(f"{name} must have a column 'input', got {rows.fieldnames}")
        for row in rows:
            if row["input"]:
                yield (
                    rows.line_num,
                    row["input"],
                    row.get("neutral") or "",
                    row.get("subject") or "",
                )
    except csv.Error as error:
        raise InputError(f"{name} must be a CSV table, line {rows.line_num}: {error}") from error


def _own_neutral(text: str, folder: str, usual: Any) -> Any:
    if not text:
        return usual
    choice = parse_neutral(text)
    if is_neutral_path(choice):
        return os.path.normpath(os.path.join(folder, str(choice)))
    return choice


def is_neutral_path(neutral: Any) -> bool:
    """Return whether a neutral names a file: any text that is none of `WORDS`."""
    return isinstance(neutral, os.PathLike) or (isinstance(neutral, str) and neutral not in WORDS)


def parse_neutral(text: str) -> str | int | None:
    """Return what a neutral written as text means: None, a frame number, a word or a path.

    Numbers of more digits than any frame has are taken for a path.
    """
    if text.lower() == "none":
        return None
    return int(text) if text.isdecimal() and len(text) <= MOST_FRAME_DIGITS else text


def _common_folder(paths: Iterable[str]) -> str:
    places = [os.path.abspath(path) for path in paths]
    common = os.path.commonpath(places)
    return os.path.dirname(common) if common in places else common


def _name(path: str, root: str) -> str:
    """Return the path below `root`, or the whole path without its root where it is not below."""
    place, top = os.path.abspath(path), os.path.abspath(root or ".")
    relative = os.path.relpath(place, top)
    if relative == os.curdir:  # the tree itself: named like no entry in it
        name = os.path.basename(place) or "root"
        while os.path.lexists(os.path.join(place, name)):
            name = f"_{name}"
        return name
    if relative.split(os.sep)[0] == os.pardir:
        return os.path.splitdrive(place)[1].lstrip(os.sep)
    return relative
