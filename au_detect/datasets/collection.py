"""A labelled collection as it lies on disk, whatever its source: sequences and problems.

Readers (`au_detect.datasets.ckplus`, `au_detect.datasets.sequence_table`) make it, without
opening a picture; `au_detect.datasets.measuring` measures it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.frame_files import FrameFile
from au_detect.datasets.labelled_features import PRESENT
from au_detect.errors import InputError


@dataclass(frozen=True)
class Problem:
    """Something in a collection that is not as it should be.

    Parameters
    ----------
    kind : str
        A few words that problems of one kind share, such as ``"frames without labels"``.
    place : str
        File, folder, row or sequence.
    text : str
        What is wrong, and what became of it.
    """

    kind: str
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True)
class SequenceRecord:
    """One labelled sequence: where its frames are, and what was coded for them.

    Parameters
    ----------
    name, subject : str
        What the sequence is called, and whose face it is.
    frames : tuple of Path
        The pictures in order; or one video.
    aus : mapping of int to float
        AU -> intensity, 1 (A) to 5 (E); 0 for coded as absent, NaN for present without an
        intensity. It may hold AUs that no network knows.
    emotion : str
        "" where it was not labelled.
    neutral : int, Path, tuple of FrameFile or None
        Which frame, from 0, or which other picture shows the neutral face. Of several frames it is
        the one nearest to their median face. None: there is none.
    apex : int, optional
        The frame that was coded, if only this one was. None: the labels are those of the peak of
        a sequence that goes from neutral to peak, its last frame.
    landmarks : tuple of (Path or None)
        A landmark file for each frame; empty where there are none.
    fully_coded : bool
        Whether AUs that `aus` does not hold are absent; otherwise they were not coded.
    is_video : bool
        Whether `frames` is one video.
    sides : mapping of int to (float, float)
        AU -> intensities of the right and the left half, as in `aus`, of those that were coded by
        side.

    Raises
    ------
    InputError
        If there are no frames, a frame number or an intensity is out of range, or the coded frame
        is the neutral one.
    """

    name: str
    subject: str
    frames: tuple[Path, ...]
    aus: Mapping[int, float]
    emotion: str = ""
    neutral: int | Path | tuple[FrameFile, ...] | None = 0
    apex: int | None = None
    landmarks: tuple[Path | None, ...] = ()
    fully_coded: bool = True
    is_video: bool = False
    sides: Mapping[int, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.frames:
            raise InputError(f"frames of {self.name} must hold at least one, got none")
        if self.landmarks and len(self.landmarks) != len(self.frames):
            raise InputError(
                f"landmarks of {self.name} must have {len(self.frames)} entries like frames, "
                f"got {len(self.landmarks)}"
            )
        for name in ("neutral", "apex"):
            if isinstance(getattr(self, name), int):
                self._check_number(name, getattr(self, name))
        last = len(self.frames) - 1 if self.apex is None else self.apex
        if self.neutral == last and not (self.is_video and self.apex is None):
            raise InputError(
                f"neutral must be another frame than the coded one, got frame {last} for both"
            )
        bad = {a: v for a, v in self.aus.items() if not (0 <= v <= 5 or math.isnan(v))}
        if bad:
            raise InputError(f"aus of {self.name} must have intensities in [0, 5], got {bad}")

    def _check_number(self, argument: str, number: int) -> None:
        limit = math.inf if self.is_video else len(self.frames)
        if not 0 <= number < limit:
            raise InputError(
                f"{argument} must be a frame from 0 to {len(self.frames) - 1}, got {number}"
            )

    @property
    def folder(self) -> Path:
        """Where the pictures or the video are."""
        return self.frames[0].parent

    def frame(self, number: int) -> FrameFile:
        """Return where a frame is."""
        if self.is_video:
            return FrameFile(self.frames[0], number)
        return FrameFile(
            self.frames[number], landmarks=self.landmarks[number] if self.landmarks else None
        )

    def neutral_frames(self) -> tuple[FrameFile, ...]:
        """Return where the neutral face is, or may be; nothing where there is none."""
        if self.neutral is None:
            return ()
        if isinstance(self.neutral, tuple):
            return self.neutral
        if isinstance(self.neutral, Path):
            return (FrameFile(self.neutral),)
        return (self.frame(self.neutral),)

    def intensity(self, aus: Sequence[int]) -> NDArray[np.float32]:
        """Return the intensities of `aus`, shape (n_aus,).

        0 is absent, NaN not coded; `PRESENT` stands for present without an intensity.
        """
        missing = 0.0 if self.fully_coded else math.nan
        values = [
            PRESENT if au in self.aus and math.isnan(self.aus[au]) else self.aus.get(au, missing)
            for au in aus
        ]
        return np.array(values, dtype=np.float32)

    def strengths(self, aus: Sequence[int]) -> NDArray[np.float32]:
        """Return the intensities of the right and the left half, shape (n_aus, 2).

        NaN where nobody said; who codes an AU for the whole face does not say that both are alike.
        """
        values = np.full((len(aus), 2), np.nan, dtype=np.float32)
        for row, au in enumerate(aus):
            if au in self.sides:
                values[row] = self.sides[au]
            elif self.aus.get(au, 0.0 if self.fully_coded else math.nan) == 0:
                values[row] = 0.0
        return values


@dataclass(frozen=True)
class Collection:
    """Sequences with labels, and what was wrong with the files.

    Parameters
    ----------
    source : str
        What was read, as the user named it.
    records : tuple of SequenceRecord
        In order; each name once.
    problems : tuple of Problem
        What was left out or is doubtful.
    kind : str
        What it was recognised as, for example ``"DISFA"``.
    """

    source: str
    records: tuple[SequenceRecord, ...]
    problems: tuple[Problem, ...] = field(default=())
    kind: str = ""

    def __len__(self) -> int:
        return len(self.records)
