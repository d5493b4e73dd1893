"""The folders of the Extended Cohn-Kanade data set (CK+; Lucey et al. 2010), as distributed.

::

    cohn-kanade-images/S005/001/S005_001_00000001.png ...     frames, neutral → peak
    FACS/S005/001/S005_001_00000011_facs.txt                  "AU intensity" a line, of the peak
    Emotion/S005/001/S005_001_00000011_emotion.txt            one number; missing for many
    Landmarks/S005/001/S005_001_00000001_landmarks.txt ...    68 lines "x y", of every frame

As they come out of the archives, the folders may also be called ``extended-cohn-kanade-images/
cohn-kanade-images``, ``FACS_labels/FACS``, ``Emotion_labels/Emotion`` and ``Landmarks/Landmarks``,
and all may be inside one more folder. Files of the system (``.DS_Store``) do not matter.

Only sequences whose peak is certain are read: those with frames, with a FACS file that can be
read to its end, and with the frame that this file names. Everything else is a problem in the list.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from au_detect.datasets.collection import Collection, Problem, SequenceRecord
from au_detect.datasets.facs_labels import CodedAUs, read_facs_lines
from au_detect.errors import InputError
from au_detect.facs import ACTION_UNITS
from au_detect.frames.files import natural_key
from au_detect.frames.pictures import PICTURE_ENDINGS

IMAGES, FACS_LABELS, EMOTION_LABELS = "cohn-kanade-images", "FACS", "Emotion"
LANDMARKS = "Landmarks"
EMOTIONS: dict[int, str] = {
    0: "neutral",
    1: "anger",
    2: "contempt",
    3: "disgust",
    4: "fear",
    5: "happiness",
    6: "sadness",
    7: "surprise",
}


def read_ckplus(folder: str | PathLike[str]) -> Collection:
    """Read the sequences of a CK+ folder, ordered by subject and number. No picture is opened.

    Raises
    ------
    InputError
        If the pictures' folder is not there. Everything else is among the problems.
    """
    root = _root(Path(folder))
    folders = {name: _find(root, name) for name in (IMAGES, FACS_LABELS, EMOTION_LABELS, LANDMARKS)}
    reader = _Reader(folders)
    for name in (FACS_LABELS, EMOTION_LABELS):
        if folders[name] is None:
            reader.note("missing folder", root, f"there is no folder {name}")
    places = dict(_places(folders[IMAGES]))
    records = [record for place in places if (record := reader.sequence(place))]
    for name in (FACS_LABELS, EMOTION_LABELS):
        for place, in_folder in _places(folders[name]):
            if place not in places and _files(in_folder, (".txt",)):
                reader.note("labels without frames", in_folder, "there are no frames of this name")
    return Collection(str(folder), tuple(records), tuple(reader.problems))


def is_ckplus(folder: Path) -> bool:
    """Return whether a folder is in the layout of CK+."""
    try:
        _root(folder)
    except InputError:
        return False
    return True


def read_emotion(text: str) -> str:
    """Return the emotion that a CK+ number or a name stands for; "" for no text.

    Raises
    ------
    InputError
        If it is none of `EMOTIONS`.
    """
    word = text.strip().lower()
    if not word or word in EMOTIONS.values():
        return word
    try:
        return EMOTIONS[int(float(word))] if float(word).is_integer() else EMOTIONS[-1]
    except (ValueError, OverflowError, KeyError) as error:
        raise InputError(
            f"an emotion must be a number from 0 to 7 or one of {', '.join(EMOTIONS.values())}, "
            f"got {text.strip()!r}"
        ) from error


def label_problems(place: str, coded: CodedAUs) -> list[Problem]:
    """Return what is unusual about the codes of a sequence, which is read all the same."""
    unknown = [au for au in coded.aus if au not in ACTION_UNITS]
    return [
        Problem(kind, place, f"{', '.join(f'AU{au}' for au in sorted(aus))} {text}")
        for kind, aus, text in (
            ("unknown AUs", unknown, "not among those that can be detected: kept as a label only"),
            ("one-sided AUs", coded.one_sided, "coded for one side only: taken as present"),
            ("duplicate AUs", coded.repeated, "more than once: the highest intensity is taken"),
        )
        if aus
    ]


@dataclass
class _Reader:
    """Reads sequence after sequence and notes what is wrong."""

    folders: dict[str, Path | None]
    problems: list[Problem] = field(default_factory=list)

    def note(self, kind: str, place: object, text: str) -> None:
        self.problems.append(Problem(kind, str(place), text))

    def sequence(self, place: tuple[str, str]) -> SequenceRecord | None:
        """Return one sequence, or None if it is left out."""
        subject, number = place
        name = f"{subject}_{number}"
        frames = _files(self._folder(IMAGES, place), PICTURE_ENDINGS)
        labels = _files(self._folder(FACS_LABELS, place), (".txt",))
        if not frames:
            self.note("no frames", name, "no pictures in its folder: left out")
            return None
        if not labels:
            if self.folders[FACS_LABELS]:
                self.note("frames without labels", name, "no FACS file: left out")
            return None
        chosen, frames = self._peak(name, frames, labels)
        coded = self._aus(chosen) if chosen else None
        if coded is None:
            return None
        if len(frames) < 2:
            self.note("too few frames", name, "neutral and peak need a frame each: left out")
            return None
        emotion, landmarks = self._emotion(place), self._landmarks(place, frames)
        return SequenceRecord(
            name, subject, frames, coded.aus, emotion, landmarks=landmarks, sides=coded.sides
        )

    def _folder(self, name: str, place: tuple[str, str]) -> Path | None:
        folder = self.folders[name]
        return folder and folder.joinpath(*place)

    def _peak(
        self, name: str, frames: tuple[Path, ...], labels: tuple[Path, ...]
    ) -> tuple[Path | None, tuple[Path, ...]]:
        """Return the FACS file, and the frames up to the one that it was coded for."""
        if len(labels) > 1:
            self.note("several label files", name, f"{len(labels)} FACS files: the last is taken")
        stems = [frame.stem for frame in frames]
        stem = labels[-1].stem.removesuffix("_facs")
        if stem not in stems:
            self.note(
                "labelled frame missing", name, f"{labels[-1].name} has no such frame: left out"
            )
            return None, frames
        n_more = len(stems) - 1 - stems.index(stem)
        if n_more:
            self.note("frames after the peak", name, f"{n_more} after {stem}: not used")
        return labels[-1], frames[: len(frames) - n_more]

    def _aus(self, path: Path) -> CodedAUs | None:
        try:
            text = path.read_text(encoding="ascii", errors="replace")
            coded = read_facs_lines(text)
        except (OSError, InputError) as error:
            self.note("damaged labels", path, f"{_reason(error)}: left out")
            return None
        if not text.strip():
            self.note("empty label files", path, "taken as a face at rest")
        self.problems.extend(label_problems(str(path), coded))
        return coded

    def _emotion(self, place: tuple[str, str]) -> str:
        paths = _files(self._folder(EMOTION_LABELS, place), (".txt",))
        if len(paths) > 1:
            self.note("several label files", paths[-1].parent, "the last emotion file is taken")
        for path in paths[-1:]:
            try:
                emotion = read_emotion(path.read_text(encoding="ascii", errors="replace"))
            except (OSError, InputError) as error:
                self.note("damaged emotions", path, f"{_reason(error)}: taken as unknown")
                return ""
            if not emotion:
                self.note("damaged emotions", path, "empty: taken as unknown")
            return emotion
        return ""

    def _landmarks(
        self, place: tuple[str, str], frames: tuple[Path, ...]
    ) -> tuple[Path | None, ...]:
        folder = self._folder(LANDMARKS, place)
        found = {path.stem.removesuffix("_landmarks"): path for path in _files(folder, (".txt",))}
        n_missing = sum(frame.stem not in found for frame in frames)
        if self.folders[LANDMARKS] and n_missing:
            text = f"{n_missing} of {len(frames)} frames have no landmark file"
            self.note("missing landmarks", "_".join(place), text)
        return tuple(found.get(frame.stem) for frame in frames) if found else ()


def _reason(error: OSError | InputError) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or "cannot be read"


def _root(folder: Path) -> Path:
    """Return the folder that holds the pictures' folder: the given one, or the only one in it."""
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [root for root in (folder, *inside) if root.is_dir() and _find(root, IMAGES)]
    if not found:
        raise InputError(f"{folder} must hold the folder {IMAGES}, but it does not")
    return found[0]


def _find(root: Path, name: str) -> Path | None:
    """Return the folder called `name` or as the archives call it, the innermost first."""
    names = (name, f"{name}_labels", f"extended-{name}")
    for candidate in (*(root / outer / name for outer in names), *(root / n for n in names)):
        if candidate.is_dir():
            return candidate
    return None


def _places(folder: Path | None) -> Iterable[tuple[tuple[str, str], Path]]:
    """Yield subject and number, and the folder, of all sequences in a folder."""
    for subject in _folders(folder):
        for sequence in _folders(subject):
            yield (subject.name, sequence.name), sequence


def _folders(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if not e.name.startswith(".") and e.is_dir()]
    return [folder / name for name in sorted(names)]


def _files(folder: Path | None, endings: Iterable[str]) -> tuple[Path, ...]:
    """Return the files in a folder, if there is one, with one of the endings, in natural order."""
    try:
        names = os.listdir(folder) if folder else []
    except (FileNotFoundError, NotADirectoryError):
        names = []
    chosen = [
        name
        for name in names
        if not name.startswith(".") and os.path.splitext(name)[1].lower() in endings
    ]
    return tuple(Path(folder or "", n) for n in sorted(chosen, key=lambda n: natural_key(Path(n))))
