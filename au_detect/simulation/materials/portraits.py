"""Photographs of people's faces: a landmark network learns from them what renders lack."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from au_detect.errors import InputError
from au_detect.frames.pictures import select_pictures


def find_portraits(folder: str | PathLike[str]) -> list[Path]:
    """Return the pictures in a folder, in natural order.

    Raises
    ------
    InputError
        If there are none, or a file ends like a picture but is none.
    """
    files = select_pictures(Path(folder).iterdir()) if Path(folder).is_dir() else []
    if not files:
        raise InputError(f"portraits must be a folder of pictures, got {folder}")
    return files
