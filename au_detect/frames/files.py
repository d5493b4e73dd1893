"""Files and their names: what can be read, in which order, and how it is called."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from au_detect.errors import InputError, TooLargeError

_DIGITS = re.compile(r"(\d+)")
MOST_DIGITS = 4000
"""Python makes no number of much longer texts."""


def read_head(path: Path, n_bytes: int) -> bytes:
    """Return the first bytes of a regular file (a pipe or device could block for ever).

    Raises
    ------
    InputError
        If there is no such file or it cannot be read.
    """
    if "\0" in str(path):
        raise InputError(f"a path must have no zero characters, got {str(path)!r}")
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise InputError(f"{printable(path)} must be a file, got a folder, pipe or device")
        with open(path, "rb", buffering=0) as file:  # nothing is read ahead
            return file.read(n_bytes)
    except FileNotFoundError as error:
        raise InputError(f"{printable(path)} does not exist") from error
    except OSError as error:
        raise InputError(f"{printable(path)} cannot be read: {error.strerror}") from error


def read_whole(path: Path, max_bytes: int) -> bytes:
    """Return what a file holds; its size is looked at first.

    Raises
    ------
    InputError
        If it cannot be read or is larger than `max_bytes`.
    """
    try:
        n_bytes = path.stat().st_size
        if n_bytes > max_bytes:
            raise TooLargeError(
                f"{printable(path)} must have at most {max_bytes} bytes, got {n_bytes}"
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{printable(path)} cannot be read: {error.strerror}") from error


def natural_key(path: Path) -> list[tuple[list[str | int], str]]:
    """Return a sort key under which numbers in names count by value (of their first digits)."""
    return [natural_name_key(part) for part in path.parts]


def natural_name_key(name: str) -> tuple[list[str | int], str]:
    """Return the part of `natural_key` that a single name makes."""
    texts = _DIGITS.split(name)
    return [int(t[:MOST_DIGITS]) if t.isdecimal() else t.casefold() for t in texts], name


def printable(path: str | os.PathLike[str]) -> str:
    """Return the path as text that can be written, also if its name is not valid UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")
