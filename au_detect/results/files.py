"""Files that appear complete or not at all: written beside their destination, then renamed."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from au_detect.errors import InputError

PREFIX_LENGTH = 1 + 16
"""A dot and as many hexadecimal digits: what `part_prefix` returns."""


def write_atomically(path: str | os.PathLike[str], data: bytes | Iterable[bytes]) -> None:
    """Write `data` beside `path`, then rename: readers see the old file or the whole new one.

    Parameters
    ----------
    path : path
    data : bytes or iterable of bytes
        The content, or its parts in order.

    Raises
    ------
    InputError
        If the folder of `path` does not exist.
    OSError
        If it cannot be written, for example because the disk is full; names `path`.
    """
    with part_file(path) as part:
        _write(part, data)


@contextmanager
def part_file(path: str | os.PathLike[str], ending: str = "") -> Iterator[Path]:
    """Give a path beside `path` to write to, and rename it if nothing was raised.

    A device or pipe must not be replaced: there, it is `path` itself.

    Parameters
    ----------
    path : path
    ending : str
        Of the file to write to, for writers that choose their format by it.

    Raises
    ------
    InputError, OSError
        As in `write_atomically`.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise InputError(f"path must be in an existing folder, got {target}")
    part = target.with_name(f"{part_prefix(target)}{uuid.uuid4().hex[:16]}.part{ending}")
    try:
        if target.exists() and not target.is_file():
            yield target
            return
        yield part
        part.replace(target)
    except OSError as error:
        if error.strerror and error.filename in (None, str(part), str(target)):
            error.filename = str(target)
        raise
    finally:
        part.unlink(missing_ok=True)


def part_prefix(path: str | os.PathLike[str]) -> str:
    """Return what names of a file's `part_file` begin with, however long its own name is."""
    return f".{hashlib.sha256(os.fsencode(Path(path).name)).hexdigest()}"[:PREFIX_LENGTH]


def check_is_no_input(
    path: str | os.PathLike[str],
    inputs: Iterable[str | os.PathLike[str]],
    name: str = "path",
) -> None:
    """Raise if a file that is to be written is one of those that are read.

    Parameters
    ----------
    path : path
    inputs : iterable of paths
        Those that do not exist (URLs, patterns) are left out.
    name : str
        Of the argument, for the message.

    Raises
    ------
    InputError
        If it is, also under another name or through a link.
    """
    for source in inputs:
        if is_same_file(path, source):
            raise InputError(f"{name} must not be an input, got {os.fspath(path)}")


def is_same_file(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Return whether both exist and are the same file."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # one is missing, or no path at all
        return False


def _write(path: Path, data: bytes | Iterable[bytes]) -> None:
    with open(path, "wb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)
