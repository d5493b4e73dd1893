"""Which frames come before and after the labelled one of a measured sequence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import closing
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.frame_files import FrameFile
from au_detect.errors import InputError
from au_detect.frames import open_frames
from au_detect.frames.files import natural_key
from au_detect.frames.pictures import read_picture

_NUMBERED = re.compile(r"(.*?)\d+")


def frame_file(text: str) -> FrameFile:
    """Return the frame that a table calls ``path`` or ``path#number``."""
    path, mark, number = text.rpartition("#")
    if mark and number.isdigit():
        return FrameFile(Path(path), int(number))
    return FrameFile(Path(text))


def on_the_way(neutral: FrameFile | None, apex: FrameFile, n_steps: int) -> list[FrameFile]:
    """Return `n_steps` frames from the neutral to the labelled one, evenly spaced, both among them.

    Where nothing is between them (they are of different videos or sequences), the first half are
    the neutral one and the others the labelled one. Without a neutral frame, all are the latter.
    """
    if neutral is None:
        return [apex] * n_steps
    frames = _between(neutral, apex)
    if frames is None:
        return [neutral] * (n_steps // 2) + [apex] * (n_steps - n_steps // 2)
    places = np.round(np.linspace(0, len(frames) - 1, n_steps)).astype(int)
    return [frames[place] for place in places]


def around(neutral: FrameFile | None, frame: FrameFile, reach: int) -> list[FrameFile]:
    """Return the 2 * `reach` + 1 frames about a frame.

    The window is moved so that it ends with the sequence; where there are fewer frames, the first
    and the last one are repeated.
    """
    if frame.number is not None:
        first = max(frame.number - reach, 0)
        return [FrameFile(frame.path, first + k) for k in range(2 * reach + 1)]
    frames = (
        _in_sequence(frame.path) if neutral and _is_one_sequence(neutral, frame) else (frame.path,)
    )
    middle = frames.index(frame.path)
    middle = min(max(middle, reach), max(len(frames) - 1 - reach, reach))
    places = np.clip(np.arange(middle - reach, middle + reach + 1), 0, len(frames) - 1)
    return [FrameFile(frames[place]) for place in places]


def read_frames(files: Iterable[FrameFile]) -> dict[FrameFile, NDArray[np.uint8]]:
    """Read frames, each once; a video is read once for all its frames.

    Frames after the end of a video are its last one.

    Raises
    ------
    InputError
        If a frame cannot be read.
    """
    found: dict[FrameFile, NDArray[np.uint8]] = {}
    videos: dict[Path, set[int]] = {}
    for file in set(files):
        if file.number is None:
            found[file] = read_picture(file.path)
        else:
            videos.setdefault(file.path, set()).add(file.number)
    for path, numbers in videos.items():
        last = None
        with closing(open_frames(path)) as stream:
            for frame in stream:
                last = frame.image
                if frame.index in numbers:
                    found[FrameFile(path, frame.index)] = last
                if frame.index >= max(numbers):
                    break
        if last is None:
            raise InputError(f"{path} must hold frames, got none")
        for number in numbers:
            found.setdefault(FrameFile(path, number), last)
    return found


def _between(neutral: FrameFile, apex: FrameFile) -> list[FrameFile] | None:
    """Return all frames from one to the other, or None if they are of different sequences."""
    if neutral.path == apex.path and neutral.number is not None and apex.number is not None:
        if neutral.number > apex.number:
            return None
        return [FrameFile(apex.path, n) for n in range(neutral.number, apex.number + 1)]
    if not _is_one_sequence(neutral, apex):
        return None
    frames = _in_sequence(apex.path)
    first, last = frames.index(neutral.path), frames.index(apex.path)
    return [FrameFile(path) for path in frames[first : last + 1]] if first <= last else None


def _is_one_sequence(one: FrameFile, other: FrameFile) -> bool:
    """Return whether two pictures are numbered alike in one folder."""
    if one.number is not None or other.number is not None:
        return False
    names = [_NUMBERED.fullmatch(file.path.stem) for file in (one, other)]
    return (
        one.path.parent == other.path.parent
        and names[0] is not None
        and names[1] is not None
        and names[0][1] == names[1][1]
    )


@lru_cache(maxsize=4096)
def _in_sequence(path: Path) -> tuple[Path, ...]:
    own = _NUMBERED.fullmatch(path.stem)
    assert own is not None
    frames = [
        other
        for other in path.parent.iterdir()
        if other.suffix == path.suffix
        and (name := _NUMBERED.fullmatch(other.stem))
        and name[1] == own[1]
    ]
    return tuple(sorted(frames, key=natural_key))
