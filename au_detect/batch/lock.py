"""One batch at a time in an output folder; shards of one may share it.

The system gives a lock back when its process ends, however it ends. Where there are no such locks
(Windows, some network drives), nothing is refused.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from au_detect.errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK_NAME = ".batch.lock"


@contextmanager
def locked_folder(out: str, shard: str | None) -> Iterator[None]:
    """Hold the output folder, or the part of it that belongs to a shard.

    Raises
    ------
    InputError
        If another batch holds it.
    OSError
        If the folder cannot be written.
    """
    with ExitStack() as held:
        held.enter_context(_lock(Path(out, LOCK_NAME), out, shared=shard is not None))
        if shard is not None:
            name = f"{LOCK_NAME}.{shard.replace('/', '_of_')}"
            held.enter_context(_lock(Path(out, name), out, shared=False))
        yield


@contextmanager
def _lock(path: Path, out: str, *, shared: bool) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    handle = _locked(path, out, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    try:
        yield
    finally:
        _release(handle, path)


def _locked(path: Path, out: str, kind: int) -> int:
    """Return the file, open and locked; it may have been removed by who held it last."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            if _is_at(handle, path):
                return handle
        except OSError as error:
            if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                return handle  # a drive without locks
            os.close(handle)
            if error.errno in (errno.EAGAIN, errno.EACCES):
                raise InputError(
                    f"out must not be in use by another batch, got {out}: wait for it to end"
                ) from error
            raise
        os.close(handle)


def _release(handle: int, path: Path) -> None:
    """Remove the file, unless others hold it too."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(handle, path):
            path.unlink()
    except OSError:
        pass
    finally:
        os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
