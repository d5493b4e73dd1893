"""What a collection holds: people, sequences, action units, emotions, problems."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from au_detect.datasets.collection import Collection, Problem, SequenceRecord
from au_detect.datasets.frame_files import read_landmarks
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.frames.pictures import picture_format, read_picture


@dataclass(frozen=True)
class AUCount:
    """How often an AU was coded as present: in how many sequences, of how many subjects.

    `n_with_intensity` is the number of the sequences in which its intensity was coded; None where
    the table does not tell.
    """

    n_sequences: int
    n_subjects: int
    n_with_intensity: int | None


@dataclass(frozen=True)
class CollectionSummary:
    """Counts of a collection.

    Parameters
    ----------
    n_subjects, n_sequences : int
    n_frames : int
        Pictures in the sequences, or rows of a measured table; frames of videos are not counted.
    n_videos : int
        How many sequences are videos.
    aus : dict of int to AUCount
        AUs that are present somewhere, in order of their numbers.
    emotions : dict of str to int
        Sequences with each emotion, the most frequent first; "" is unknown.
    problems : dict of str to tuple of Problem
        By kind.
    """

    n_subjects: int
    n_sequences: int
    n_frames: int
    n_videos: int
    aus: Mapping[int, AUCount]
    emotions: Mapping[str, int]
    problems: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)


def summarise_collection(collection: Collection) -> CollectionSummary:
    """Count what a collection holds."""
    records = collection.records
    present = {
        (r.name, r.subject, au): float(value)
        for r in records
        for au, value in r.aus.items()
        if value != 0
    }
    pictures = {str(path) for frames, _ in _picture_folders(records) for path in frames}
    return CollectionSummary(
        n_subjects=len({r.subject for r in records}),
        n_sequences=len(records),
        n_frames=len(pictures),
        n_videos=len({r.frames[0] for r in records if r.is_video}),
        aus=_count_aus(present),
        emotions=dict(Counter(r.emotion for r in records).most_common()),
        problems=_by_kind(collection.problems),
    )


def summarise_sequences(sequences: LabelledSequences) -> CollectionSummary:
    """Count what a table of measured sequences holds; an intensity of 1 or more is present."""
    n = len(sequences)
    names = [str(name) for name in sequences.attributes.get("name", np.arange(n))]
    emotion = sequences.attributes.get("emotion", np.full(n, ""))
    emotions = dict(zip(names, emotion.astype(str).tolist(), strict=True))
    present = {
        (names[row], str(sequences.subject[row]), sequences.aus[column])
        for row, column in zip(*np.nonzero(sequences.intensity >= 1), strict=True)
    }
    return CollectionSummary(
        n_subjects=sequences.n_subjects,
        n_sequences=len(set(names)),
        n_frames=n,
        n_videos=0,
        aus={
            au: replace(count, n_with_intensity=None)
            for au, count in _count_aus(dict.fromkeys(present, 0.0)).items()
        },
        emotions=dict(Counter(emotions.values()).most_common()),
    )


def find_damaged_files(collection: Collection) -> list[Problem]:
    """Return frames that are no pictures, and landmark files that are not whole.

    Pictures are not decoded, unless they are PNG files without an end; measuring finds the rest.
    """
    problems: dict[str, Problem] = {}
    for frames, name in _picture_folders(collection.records):
        for path in frames:
            try:
                _check_picture(path)
            except InputError as error:
                problems[str(path)] = Problem("unreadable frames", name, str(error))
    for record in collection.records:
        for points in filter(None, record.landmarks):
            try:
                read_landmarks(points)
            except InputError as error:
                problems[str(points)] = Problem("damaged landmarks", record.name, str(error))
    return list(problems.values())


def _picture_folders(
    records: Iterable[SequenceRecord],
) -> Iterable[tuple[tuple[Path, ...], str]]:
    """Return the pictures of sequences, those that several share once, and a sequence's name."""
    return {id(r.frames): (r.frames, r.name) for r in records if not r.is_video}.values()


def _check_picture(path: Path) -> None:
    """Raise `InputError` if a file is no picture, or a PNG that was not written to its end."""
    kind = picture_format(path)
    if kind is None:
        raise InputError(f"{path} must be a picture, got another or an empty file")
    if kind == "png":
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - 12, 0))
            is_whole = b"IEND" in file.read()
        if not is_whole:
            read_picture(path)


def _count_aus(present: Mapping[tuple[str, str, int], float]) -> dict[int, AUCount]:
    """Count (sequence, subject, AU) -> intensity, NaN where it is not known."""
    subjects: dict[int, list[str]] = {}
    graded: Counter[int] = Counter()
    for (_, subject, au), value in present.items():
        subjects.setdefault(au, []).append(subject)
        graded[au] += not math.isnan(value)
    return {
        au: AUCount(
            n_sequences=len(shown),
            n_subjects=len(set(shown)),
            n_with_intensity=graded[au],
        )
        for au, shown in sorted(subjects.items())
    }


def _by_kind(problems: Iterable[Problem]) -> dict[str, tuple[Problem, ...]]:
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(problem)
    return {kind: tuple(listed) for kind, listed in kinds.items()}
