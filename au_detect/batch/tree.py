"""What a folder tree holds: videos, and folders of pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from au_detect.errors import InputError
from au_detect.frames.files import natural_key, read_head
from au_detect.frames.pictures import PICTURE_ENDINGS, picture_format

VIDEO_ENDINGS = frozenset(
    f".{ending}"
    for ending in (
        *("mp4", "m4v", "mov", "avi", "mkv", "webm", "mpg", "mpeg"),
        *("wmv", "flv", "3gp", "mts", "m2ts", "ogv"),
    )
)
"""Endings that promise a video: in a tree, such a file that is none is a failed input."""

_VIDEO_HEAD = re.compile(
    rb"....ftyp(?!M4A|M4B|hei|mif|avi)|\x1a\x45\xdf\xa3|RIFF....AVI |FLV\x01"
    rb"|\x30\x26\xb2\x75\x8e\x66\xcf\x11|\0\0\x01\xba",
    re.DOTALL,
)


def walk(root: str) -> Iterator[str]:
    """Yield the videos and picture folders in a tree, and the folders that cannot be searched."""
    unreadable: list[str] = []
    seen = {_identity(root)}
    for folder, subfolders, files in os.walk(
        root, followlinks=True, onerror=lambda error: unreadable.append(error.filename)
    ):
        if not os.access(folder, os.X_OK):  # its names can be listed, but none can be opened
            subfolders.clear()
            unreadable.append(folder)
            continue
        subfolders[:] = _new_folders(folder, subfolders, seen, unreadable)
        videos, is_sequence = [], False
        for name in sorted(files, key=lambda name: natural_key(Path(name))):
            if not name.startswith("."):
                kind = kind_of_file(os.path.join(folder, name), is_sequence)
                is_sequence |= kind == "picture"
                videos += [name] if kind == "video" else []
        if is_sequence:
            yield folder
        yield from (os.path.join(folder, name) for name in videos)
    yield from unreadable


def _new_folders(
    folder: str, names: Iterable[str], seen: set[tuple[int, int]], unreadable: list[str]
) -> list[str]:
    """Return the subfolders that were not `seen` before, real ones before links."""
    new = []
    for name in sorted(names, key=lambda name: os.path.islink(os.path.join(folder, name))):
        try:
            identity = _identity(os.path.join(folder, name))
        except OSError:  # gone since, or on a drive that does not answer
            unreadable.append(os.path.join(folder, name))
            continue
        if not name.startswith(".") and identity not in seen:
            seen.add(identity)
            new.append(name)
    return sorted(new, key=lambda name: natural_key(Path(name)))


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def kind_of_file(path: str, is_sequence: bool = False) -> str | None:
    """Return "video", "picture" or None of a file; pictures need no second look in a sequence."""
    ending = os.path.splitext(path)[1].lower()
    if ending in VIDEO_ENDINGS:
        return "video"
    if ending in PICTURE_ENDINGS:
        return "picture"
    try:
        head = read_head(Path(path), 32)
    except InputError:
        return None
    if _VIDEO_HEAD.match(head):
        return "video"
    try:
        return "picture" if not is_sequence and picture_format(Path(path)) else None
    except InputError:  # a kind of picture that is not supported: scoring it says so
        return "picture"
