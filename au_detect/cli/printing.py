"""What commands say: names of files and other texts of strangers never reach the terminal raw."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from au_detect.escapes import escaped


def say(*parts: Any) -> None:
    """Print one line."""
    print(escaped(" ".join(map(str, parts))))


def say_lines(text: str) -> None:
    """Print a text of several lines; no name in it may have line breaks of its own."""
    for line in text.split("\n"):
        say(line)


def complain(problem: object) -> None:
    """Print one line on stderr."""
    print(complaint(problem), file=sys.stderr)


def complaint(problem: object) -> str:
    """Return the line that `complain` prints."""
    return f"au-detect: {escaped(str(problem))}"


def frame_progress(name: str) -> Any:
    """Return what shows the frames of an input in a bar, where somebody sees it."""

    def bar(frames: Iterable[Any], n_frames: int | None) -> Iterable[Any]:
        from tqdm import tqdm

        return tqdm(
            frames, total=n_frames, desc=escaped(name), unit="frame", disable=None, leave=False
        )

    return bar


def parts_progress(unit: str, name: str | None = None, *, leave: bool = True) -> Any:
    """Return what shows parts that are made, measured or judged in a bar; `leave` it when done."""

    def bar(parts: Iterable[Any], n_parts: int) -> Iterable[Any]:
        from tqdm import tqdm

        return tqdm(parts, total=n_parts, desc=name, unit=f" {unit}", disable=None, leave=leave)

    return bar
