"""Videos in which every frame was coded: which frames become rows of a table.

The rule for long videos, so that memory and time stay bounded:

- **apexes**: of every stretch in which an AU is present, the frame in which it is strongest (the
  middle one of several);
- **rest**: of the frames in which nothing that was coded is present, as many of each person as he
  or she has apexes (at least `LEAST_REST`), evenly spread over the person's time;
- the person's **neutral** face is that of detection in a long video: the median face, here the
  frame that is nearest to it, out of `NEUTRAL_FRAMES` spread evenly over the person's frames.

With ``"all"`` every coded frame becomes a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.collection import SequenceRecord
from au_detect.datasets.frame_files import FrameFile
from au_detect.errors import check_option, check_shape

VIDEO_FRAMES = ("sampled", "all")
LEAST_REST = 10
NEUTRAL_FRAMES = 31
UNKNOWN_STRENGTH = -1.0
"""In `CodedVideo.intensity`: present, nobody coded how strongly."""


@dataclass(frozen=True)
class CodedVideo:
    """One video, or pictures in order, with codes for its frames.

    Attributes
    ----------
    name, subject : str
    frames : tuple of Path
        The pictures in order; or one video.
    is_video : bool
    numbers : ndarray of int, shape (n,)
        The coded frames, from 0, ascending.
    aus : tuple of int
    intensity : ndarray of float32, shape (n, n_aus)
        0 absent, 1 (A) to 5 (E), `UNKNOWN_STRENGTH`, or NaN where not coded.
    """

    name: str
    subject: str
    frames: tuple[Path, ...]
    is_video: bool
    numbers: NDArray[np.intp]
    aus: tuple[int, ...]
    intensity: NDArray[np.float32]

    def __post_init__(self) -> None:
        check_shape("intensity", self.intensity, (len(self.numbers), len(self.aus)))

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which AUs are present, shape (n, n_aus)."""
        return (self.intensity >= 1) | (self.intensity == UNKNOWN_STRENGTH)

    def frame(self, number: int) -> FrameFile:
        """Return where a frame is."""
        if self.is_video:
            return FrameFile(self.frames[0], number)
        return FrameFile(self.frames[number])


def records_of(videos: Sequence[CodedVideo], video_frames: str = "sampled") -> list[SequenceRecord]:
    """Return the frames of coded videos that become rows, each as a record of its own.

    Parameters
    ----------
    videos : sequence of CodedVideo
    video_frames : {"sampled", "all"}
        See above.
    """
    check_option("video_frames", video_frames, VIDEO_FRAMES)
    records = []
    for subject in dict.fromkeys(video.subject for video in videos):
        own = [video for video in videos if video.subject == subject]
        neutral = _neutral_frames(own)
        chosen = [np.arange(len(video.numbers)) for video in own]
        if video_frames == "sampled":
            chosen = sampled_rows(own)
        for video, rows in zip(own, chosen, strict=True):
            records += [_record(video, int(row), neutral) for row in rows]
    return records


def sampled_rows(videos: Sequence[CodedVideo]) -> list[NDArray[np.intp]]:
    """Return the rows of each video of one person that the rule above takes."""
    apexes = [_apexes(video) for video in videos]
    rest = [
        np.flatnonzero(np.isfinite(v.intensity).any(axis=1) & ~v.present.any(axis=1))
        for v in videos
    ]
    n_wanted = max(sum(map(len, apexes)), LEAST_REST)
    places = spread(sum(map(len, rest)), n_wanted)
    taken = np.zeros(sum(map(len, rest)), dtype=bool)
    taken[places] = True
    parts = np.split(taken, np.cumsum([len(rows) for rows in rest])[:-1])
    return [
        np.union1d(apex, rows[part]) for apex, rows, part in zip(apexes, rest, parts, strict=True)
    ]


def _apexes(video: CodedVideo) -> NDArray[np.intp]:
    """Return the strongest row of every stretch in which an AU is present."""
    rows: set[int] = set()
    for column, present in enumerate(video.present.T):
        edges = np.diff(np.concatenate([[0], present.astype(int), [0]]))
        for start, stop in zip(
            np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True
        ):
            strength = video.intensity[start:stop, column]
            strongest = np.flatnonzero(strength == strength.max())
            rows.add(int(start + strongest[len(strongest) // 2]))
    return np.array(sorted(rows), dtype=np.intp)


def spread(n: int, n_wanted: int) -> NDArray[np.intp]:
    """Return at most `n_wanted` of `n` places, evenly spread."""
    if n <= n_wanted:
        return np.arange(n)
    return ((np.arange(n_wanted) + 0.5) * n / n_wanted).astype(np.intp)


def _neutral_frames(videos: Iterable[CodedVideo]) -> tuple[FrameFile, ...]:
    places = [(video, int(number)) for video in videos for number in video.numbers]
    return tuple(places[i][0].frame(places[i][1]) for i in spread(len(places), NEUTRAL_FRAMES))


def _record(video: CodedVideo, row: int, neutral: tuple[FrameFile, ...]) -> SequenceRecord:
    number = int(video.numbers[row])
    aus = {
        au: np.nan if value == UNKNOWN_STRENGTH else float(value)
        for au, value in zip(video.aus, video.intensity[row].tolist(), strict=True)
        if value == value  # not NaN
    }
    shown = number if video.is_video else video.frames[number].name
    return SequenceRecord(
        name=f"{video.name}#{shown}",
        subject=video.subject,
        frames=video.frames,
        aus=aus,
        neutral=neutral,
        apex=number,
        fully_coded=False,
        is_video=video.is_video,
    )
