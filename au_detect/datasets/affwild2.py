"""Aff-Wild2 (Kollias & Zafeiriou 2019), the action-unit set of the ABAW contests, as distributed.

::

    AU_Detection_Challenge/Train_Set/video1.txt     a heading "AU1,AU2,...", then a line a frame:
                                                    1 present, 0 absent, -1 not coded
    cropped_aligned/video1/00001.jpg                the pictures, named by frame from 1
    batch1/video1.mp4                               or the videos

``video1_left.txt`` is of the person on the left in a video of two: it needs the cropped pictures.
Nobody knows who is in which video: each counts as a person of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from au_detect.datasets.coded_frames import UNKNOWN_STRENGTH, CodedVideo, records_of
from au_detect.datasets.collection import Collection, Problem
from au_detect.datasets.distributed import (
    VIDEO_ENDINGS,
    files_in,
    folders_in,
    last_number,
    missing,
    pictures_in,
    read_text,
)
from au_detect.errors import InputError

LABELS = re.compile(r"AU_(Detection_Challenge|Set)", re.IGNORECASE)


def is_affwild2(root: Path) -> bool:
    """Return whether a folder holds the action-unit set of Aff-Wild2."""
    return _labels_folder(root) is not None


def read_affwild2(folder: Path, video_frames: str = "sampled") -> Collection:
    """Read the action-unit set of Aff-Wild2. Nothing is opened but labels.

    Raises
    ------
    InputError
        If the labels are not there.
    """
    labels = _labels_folder(folder)
    if labels is None:
        raise InputError(f"{folder} must hold the folder AU_Detection_Challenge")
    cropped = {f.name: f for f in folders_in(folder, 3) if labels not in (f, *f.parents)}
    films = {f.stem: f for place in folders_in(folder, 2) for f in files_in(place, VIDEO_ENDINGS)}
    problems: list[Problem] = []
    videos = []
    for path in (p for place in (labels, *folders_in(labels)) for p in files_in(place, (".txt",))):
        pictures = pictures_in(cropped[path.stem]) if path.stem in cropped else ()
        film = films.get(path.stem)
        if not pictures and film is None:
            text = "there are no cropped pictures, and no video of one person"
            problems.append(missing("labels without frames", path, text))
            continue
        try:
            videos.append(_video(path, pictures, film))
        except InputError as error:
            problems.append(missing("damaged labels", path, str(error)))
    return Collection(str(folder), tuple(records_of(videos, video_frames)), tuple(problems))


def _labels_folder(root: Path) -> Path | None:
    return next((f for f in (root, *folders_in(root, 2)) if LABELS.search(f.name)), None)


def _video(path: Path, pictures: tuple[Path, ...], film: Path | None) -> CodedVideo:
    lines = read_text(path).split()
    heads = [re.fullmatch(r"AU(\d+)", word, re.IGNORECASE) for word in lines[0].split(",")]
    aus = tuple(int(head[1]) for head in heads if head)
    if not aus or len(aus) < len(heads):
        raise InputError(f"must begin with the names of AUs, got {lines[0]!r}")
    try:
        coded = np.array([line.split(",") for line in lines[1:]], dtype=float)
        coded = coded.reshape(-1, len(aus))
    except ValueError as error:
        raise InputError(f"must hold {len(aus)} numbers a line") from error
    if not np.isin(coded, (-1, 0, 1)).all():
        raise InputError("must hold 0, 1 or -1 (not coded)")
    intensity = np.select([coded == 1, coded == 0], [UNKNOWN_STRENGTH, 0.0], default=np.nan)
    known = np.isfinite(intensity).any(axis=1)
    rows = np.flatnonzero(known)
    frames: tuple[Path, ...] = (film,) if film else ()
    numbers = rows
    if pictures:
        place = {last_number(picture): number for number, picture in enumerate(pictures)}
        rows = np.array([row for row in rows.tolist() if row + 1 in place], dtype=np.intp)
        numbers = np.array([place[row + 1] for row in rows.tolist()], dtype=np.intp)
        frames = pictures
    return CodedVideo(
        path.stem, path.stem, frames, not pictures, numbers, aus,
        intensity[rows].astype(np.float32),
    )  # fmt: skip
