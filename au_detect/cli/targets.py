"""The files that ``au-detect run`` writes: never over an input, nor over another's results."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from glob import glob
from pathlib import Path
from typing import Any

from au_detect.errors import InputError

CAMERA = re.compile(r"camera:\d{1,3}")
COPY_ENDINGS = (".mp4", ".webm", ".png")

_PATTERN = re.compile(r"[*?[]")


@dataclass(frozen=True)
class Targets:
    """The files of one input, all in one folder.

    Parameters
    ----------
    folder : Path
    name : str
        Without ending, valid on every system.
    file_format : str
        Of the result.
    event_ending : str
        Of the file of events; empty if there is none.
    """

    folder: Path
    name: str
    file_format: str
    event_ending: str = ""

    @property
    def result(self) -> Path:
        """The result."""
        return self.folder / f"{self.name}.{self.file_format}"

    @property
    def side_car(self) -> Path:
        """How the result was made."""
        return self.folder / f"{self.name}.settings.json"

    @property
    def annotated(self) -> Path:
        """The annotated copy, without its ending."""
        return self.folder / f"{self.name}.annotated"

    @property
    def events(self) -> Path:
        """The file of events, without its ending."""
        return self.folder / f"{self.name}.events"

    def files(self, *, annotated: bool = True) -> list[Path]:
        """Return all that may be written."""
        copies = [Path(f"{self.annotated}{ending}") for ending in COPY_ENDINGS]
        events = [Path(f"{self.events}{self.event_ending}")] if self.event_ending else []
        return [self.result, self.side_car, *events, *(copies if annotated else ())]

    def check_owner(self, source: str, *, annotated: bool) -> None:
        """Raise if one of the files exists and is not of this input.

        Raises
        ------
        InputError
            If so: the side-car names another input, or there is none.
        """
        there = [file for file in self.files(annotated=annotated) if file.is_file()]
        owner = self._owner()
        if there and not _is_of(owner, source):
            whose = f"one of {owner['input']}" if owner.get("input") else "one of unknown origin"
            raise InputError(
                f"{there[0]} must not be of another input than {source}, got {whose}: "
                "choose another --out, or --overwrite"
            )

    def _owner(self) -> dict[str, Any]:
        """Return what the side-car says; nothing if there is none or it is none of ours."""
        try:
            document = json.loads(self.side_car.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}


def targets_of(
    inputs: Sequence[str],
    also_read: Iterable[Any],
    folder: Path,
    file_format: str,
    events: str | None = None,
) -> list[Targets]:
    """Return the files of every input: none twice, and none that is read.

    Parameters
    ----------
    inputs : sequence of str
        As given to ``run``.
    also_read : iterable
        Other files that are read; what is no path is left out.
    folder : Path
    file_format : str
    events : str, optional
        Format of the files of events.
    """
    from au_detect.results.event_files import ENDINGS
    from au_detect.results.names import valid_name

    read = [*inputs, *(os.fspath(p) for p in also_read if isinstance(p, (str, os.PathLike)))]
    taken: set[str] = set()
    chosen = []
    for source in inputs:
        base = _base_name(source)
        ending = "" if events is None else ENDINGS[events]
        number, targets = 1, Targets(folder, valid_name(base), file_format, ending)
        while not taken.isdisjoint(_names(targets)) or _overwrites(targets, read):
            number += 1
            targets = Targets(folder, valid_name(f"{base}_{number}"), file_format, ending)
        taken |= _names(targets)
        chosen.append(targets)
    return chosen


def _base_name(source: str) -> str:
    """Return how the files of an input are called; those of a camera never like older ones."""
    if CAMERA.fullmatch(source) and not os.path.lexists(source):
        return f"{source.replace(':', '_')}_{datetime.now():%Y%m%d_%H%M%S}"
    return Path(re.sub(r"[*?]", "_", source)).stem or "input"


def input_marks(source: str) -> dict[str, Any]:
    """Return what a side-car says of its input, beside its name, to tell it from others.

    The whole path may be private, so that its SHA-256 stands for it. Size and time of change are
    kept by an input that is moved.
    """
    from au_detect.batch.records import file_state, path_sha256

    return {"input_path_sha256": path_sha256(source), "input_state": file_state(source)}


def _is_of(owner: dict[str, Any], source: str) -> bool:
    """Return whether a side-car is of this input; those of the library name it in words only."""
    from au_detect.frames.files import printable

    marks = input_marks(source)
    if not owner.keys() >= marks.keys():
        return bool(owner.get("input") == printable(source))
    return any(value is not None and owner[name] == value for name, value in marks.items())


def _names(targets: Targets) -> set[str]:
    return {file.name.casefold() for file in targets.files()}


def _overwrites(targets: Targets, read: Iterable[str]) -> bool:
    there = [file for file in targets.files() if file.exists()]
    return any(_is_read(file, source) for file in there for source in read)


def _is_read(file: Path, source: str) -> bool:
    """Return whether `file` is this input, or one of the pictures in it."""
    from au_detect.results.files import is_same_file

    if os.path.isdir(source):
        return file.suffix == ".png" and is_same_file(file.parent, source)
    if _PATTERN.search(source) and not os.path.lexists(source):
        return any(is_same_file(file, match) for match in glob(source, recursive=True))
    return is_same_file(file, source)
