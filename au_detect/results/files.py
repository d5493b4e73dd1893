"""Files that appear complete or not at all: written beside their destination, then renamed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from pathlib import Path

from au_detect.errors import InputError


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
    target = Path(path)
    if not target.parent.is_dir():
        raise InputError(f"path must be in an existing folder, got {target}")
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        if target.exists() and not target.is_file():  # a device or pipe must not be replaced
            _write(target, data)
            return
        _write(part, data)
        part.replace(target)
    except OSError as error:
        if error.strerror:
            error.filename = str(target)
        raise
    finally:
        part.unlink(missing_ok=True)


def _write(path: Path, data: bytes | Iterable[bytes]) -> None:
    with open(path, "wb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)
