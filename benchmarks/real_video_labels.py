"""Clips of faces coded by eye: what ``wild/labels.json`` says, cell by cell and event by event.

Its ``schema`` explains the file. 26 stands for 26 or 27, 43 for closed eyes however long (43 or
45). A cell (frame, AU) is 1, 0, or NaN where it is not to be scored: the coder was unsure, the
frame is occluded or one of the neutral ones, or one eye winks (46), which is neither for AU43.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import BLINK, EYES_CLOSED

SAME_AS = {27: 26, BLINK: EYES_CLOSED}
WINK = 46
LEFT, RIGHT, BOTH = 1.0, -1.0, 0.0
SIDES = {"L": LEFT, "R": RIGHT, "both": BOTH}


@dataclass(frozen=True)
class CodedEvent:
    """A stretch of frames, first and last, in which an AU was coded; side as in `AUResult`."""

    au: int
    first: int
    last: int
    side: float


@dataclass(frozen=True)
class Clip:
    """A clip and its codes: `frames` are the coded ones, `neutral` first and last frame or None."""

    path: Path
    frames: NDArray[np.int64]
    neutral: tuple[int, int] | None
    talks: NDArray[np.bool_]
    occluded: NDArray[np.bool_]
    present: tuple[CodedEvent, ...]
    unsure: tuple[CodedEvent, ...]

    def cells(self, aus: tuple[int, ...]) -> NDArray[np.float64]:
        """Return 1, 0 or NaN for each coded frame and AU, shape (n_frames, n_aus)."""
        labels = np.zeros((len(self.frames), len(aus)))
        for event in self.unsure:
            self._mark(labels, aus, event, event.au, np.nan)
        for event in self.present:
            self._mark(labels, aus, event, event.au, 1.0)
        for event in (*self.present, *self.unsure):
            if event.au == WINK:
                self._mark(labels, aus, event, EYES_CLOSED, np.nan)
        labels[self.occluded | self.is_neutral] = np.nan
        return labels

    def sides(self, aus: tuple[int, ...]) -> NDArray[np.float64]:
        """Return the coded side of each cell that is 1, else NaN."""
        sides = np.full((len(self.frames), len(aus)), np.nan)
        for event in self.present:
            self._mark(sides, aus, event, event.au, event.side)
        return np.where(self.cells(aus) == 1, sides, np.nan)

    def _mark(
        self, cells: NDArray, aus: tuple[int, ...], event: CodedEvent, au: int, value: float
    ) -> None:
        if au in aus:
            cells[self.within(event.first, event.last), aus.index(au)] = value

    @property
    def is_neutral(self) -> NDArray[np.bool_]:
        """Which coded frames are among the neutral ones."""
        first, last = self.neutral or (1, 0)
        return self.within(first, last)

    def within(self, first: int, last: int) -> NDArray[np.bool_]:
        """Return which coded frames lie in a stretch of frames."""
        return (self.frames >= first) & (self.frames <= last)

    def is_unsure(self, au: int, first: int, last: int) -> bool:
        """Return whether the coder was unsure of the AU, or saw it, anywhere in a stretch."""
        events = (e for e in (*self.present, *self.unsure) if e.au == au)
        return any(e.first <= last and e.last >= first for e in events)


def read_clips(folder: Path, n_frames: dict[str, int]) -> list[Clip]:
    """Return the clips of the folder; `n_frames` says how long each is."""
    data = json.loads((folder / "labels.json").read_text())["clips"]
    return [_clip(folder, name, entry, n_frames[name]) for name, entry in sorted(data.items())]


def read_stills(folder: Path) -> list[tuple[Path, Clip]]:
    """Return the neutral picture and the codes (as a clip of one frame) of each still."""
    data = json.loads((folder / "labels.json").read_text())["stills"]
    stills = []
    for name, entry in sorted(data.items()):
        events = [
            tuple(CodedEvent(SAME_AS.get(au, au), 0, 0, BOTH) for au in entry[key])
            for key in ("present", "unsure")
        ]
        path, no = folder / f"{name}.jpg", np.zeros(1, dtype=bool)
        clip = Clip(path, np.zeros(1, dtype=np.int64), None, no, no, *events)
        stills.append((folder / f"{entry['neutral']}.jpg", clip))
    return stills


def _clip(folder: Path, name: str, entry: dict, n_frames: int) -> Clip:
    last = n_frames - 1 if entry["last"] is None else entry["last"]
    frames = np.arange(0, last + 1, entry["step"])
    return Clip(
        path=folder / f"{name}.mp4",
        frames=frames,
        neutral=None if entry["neutral"] is None else tuple(entry["neutral"]),
        talks=_talks(entry["talk"], frames),
        occluded=_in_any(entry["occluded"], frames),
        present=_events(entry["present"]),
        unsure=_events(entry["unsure"]),
    )


def _in_any(stretches: list[list[int]], frames: NDArray[np.int64]) -> NDArray[np.bool_]:
    within = [(frames >= first) & (frames <= last) for first, last in stretches]
    return np.logical_or.reduce([np.zeros(len(frames), dtype=bool), *within])


def _talks(text: str, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return in which frames the person talks: "no", "yes", "all", "some" or "first-last"."""
    if "-" in text:
        first, last = map(int, text.split("-"))
        return (frames >= first) & (frames <= last)
    return np.full(len(frames), text != "no")


def _events(by_au: dict[str, list[dict]]) -> tuple[CodedEvent, ...]:
    return tuple(
        CodedEvent(SAME_AS.get(int(au), int(au)), *part["frames"], SIDES[part["side"]])
        for au, parts in by_au.items()
        for part in parts
    )
