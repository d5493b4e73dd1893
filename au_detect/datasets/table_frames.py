"""What the path of a row in a table of sequences stands for: pictures, or a video."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from glob import glob
from pathlib import Path

from au_detect.datasets.distributed import pictures_in
from au_detect.errors import InputError
from au_detect.frames import open_frames
from au_detect.frames.files import natural_key
from au_detect.frames.pictures import PICTURE_ENDINGS, picture_format


@dataclass(frozen=True)
class TableFrames:
    """What a path stands for: pictures, or one video."""

    frames: tuple[Path, ...]
    is_video: bool

    def number_of(self, text: str) -> int:
        """Return the place of a frame that is named by its number or its picture.

        Raises
        ------
        InputError
            If it is neither.
        """
        if text in self._places:
            return self._places[text]
        if not text.isdecimal():
            raise InputError(
                "no picture is called so: frame must be the number of a frame, from 0, got "
                f"{text!r}"
            )
        return int(text)

    @cached_property
    def _places(self) -> dict[str, int]:
        if self.is_video:
            return {}
        named = {frame.name: number for number, frame in enumerate(self.frames)}
        stems = ((frame.stem, number) for number, frame in enumerate(self.frames))
        return named | {stem: number for stem, number in stems if not stem.isdecimal()}


def find_frames(root: Path, text: str) -> TableFrames:
    """Return what the path of a row stands for, relative to the folder of the table.

    Raises
    ------
    InputError
        If there is nothing, or no picture or video.
    """
    path = root / text
    if path.is_dir():
        pictures = pictures_in(path)
    elif path.exists():
        return TableFrames((path,), _is_video(path))
    elif re.search(r"[*?[]", text):
        files = (root / match for match in glob(text, root_dir=root, recursive=True))
        endings = PICTURE_ENDINGS
        found = (f for f in files if f.suffix.lower() in endings and not f.name.startswith("."))
        pictures = tuple(sorted(found, key=natural_key))
    else:
        raise InputError(f"path {text} does not exist")
    if not pictures:
        raise InputError(f"path {text} must hold pictures, got none")
    return TableFrames(pictures, is_video=False)


def _is_video(path: Path) -> bool:
    """Return whether a file is a video; otherwise it is a picture.

    Raises
    ------
    InputError
        If it is neither.
    """
    if path.is_file() and picture_format(path) == "jpeg":  # which never moves
        return False
    stream = open_frames(path)
    stream.close()
    return stream.kind == "video"
