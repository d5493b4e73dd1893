"""What each INPUT of ``au-detect run`` stands for: one sequence, video or picture, or several.

A tree is a batch's matter; here a folder is what lies directly in it. Nothing is dropped without
a word: who is told of both pictures and videos gets both.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from au_detect.batch.tree import kind_of_file
from au_detect.errors import InputError
from au_detect.frames.files import natural_key, printable
from au_detect.frames.sources import is_pattern

CAMERA = re.compile(r"camera:(\d{1,3})")


@dataclass(frozen=True)
class Given:
    """One input.

    Parameters
    ----------
    source : str
        A picture, video, folder or pattern of pictures that are one sequence, URL or
        ``camera:0``.
    notice : str
        What the user should know of how an argument was read; empty for most.
    """

    source: str
    notice: str = ""

    @property
    def camera(self) -> int | None:
        """The number of the camera, if it is one."""
        match = CAMERA.fullmatch(self.source)
        return int(match[1]) if match and not os.path.lexists(self.source) else None


def inputs_given(texts: Iterable[str]) -> list[Given]:
    """Return the inputs that arguments stand for, in their order.

    Raises
    ------
    InputError
        If one is a number that is no file, or a folder that holds neither pictures nor videos.
    """
    return [given for text in texts for given in _meant_by(text)]


def _meant_by(text: str) -> Iterator[Given]:
    if text.isdecimal() and not os.path.lexists(text):
        raise InputError(f"{text} does not exist; the camera of this number is camera:{text}")
    if os.path.isdir(text):
        yield from _in_folder(text)
    elif is_pattern(text) and "://" not in text:
        yield from _matched(text)
    else:
        yield Given(text)


def _in_folder(folder: str) -> Iterator[Given]:
    try:
        names = sorted(os.listdir(folder), key=lambda name: natural_key(Path(name)))
    except OSError:
        yield Given(folder)  # reading it says why
        return
    paths = [os.path.join(folder, name) for name in names if not name.startswith(".")]
    files = [path for path in paths if os.path.isfile(path)]
    has_pictures, videos = _sorted_out(files)
    if not (has_pictures or videos):
        hint = f": `au-detect batch {folder}` scores whole trees" if len(files) < len(paths) else ""
        raise InputError(f"{printable(folder)} must hold pictures or videos, got none{hint}")
    yield from _sequence_and_videos(folder, has_pictures, videos)


def _matched(pattern: str) -> Iterator[Given]:
    paths = sorted(glob(pattern, recursive=True), key=lambda path: natural_key(Path(path)))
    has_pictures, videos = _sorted_out(path for path in paths if os.path.isfile(path))
    folders = [path for path in paths if os.path.isdir(path)]
    if not (has_pictures or videos or folders):
        raise InputError(f"{printable(pattern)} must match pictures, videos or folders, got none")
    yield from _sequence_and_videos(pattern, has_pictures, videos)
    if "**" not in pattern:  # else their files are matched too
        for folder in folders:
            yield from _in_folder(folder)


def _sorted_out(files: Iterable[str]) -> tuple[bool, list[str]]:
    """Return whether there are pictures, and the videos."""
    kinds = {file: kind_of_file(file) for file in files}
    return "picture" in kinds.values(), [file for file, kind in kinds.items() if kind == "video"]


def _sequence_and_videos(name: str, has_pictures: bool, videos: list[str]) -> Iterator[Given]:
    if has_pictures:
        n = len(videos)
        also = f"and {n} video{'s' if n > 1 else ''}, each by itself" if videos else ""
        yield Given(name, f"{printable(name)} holds pictures {also}" if videos else "")
    for video in videos:
        yield Given(video)
