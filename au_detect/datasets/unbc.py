"""The UNBC-McMaster shoulder pain archive (Lucey et al. 2011), as distributed.

::

    Frame_Labels/FACS/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt
    Images/042-ll042/ll042t1aaaff/ll042t1aaaff001.png

A file for every frame, a line for every AU: number, intensity 0 to 5, and the frames in which it
begins and ends; an empty file is a face at rest. AUs that are not listed are absent. Intensity 0
stands for an AU whose intensity nobody coded.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from au_detect.datasets.coded_frames import UNKNOWN_STRENGTH, CodedVideo, records_of
from au_detect.datasets.collection import Collection, Problem
from au_detect.datasets.distributed import (
    files_in,
    find_folder,
    folders_in,
    missing,
    pictures_in,
    read_text,
)
from au_detect.datasets.facs_labels import read_au, read_intensity
from au_detect.errors import InputError
from au_detect.facs import NETWORK_AUS

LABELS, IMAGES = "Frame_Labels", "Images"
COLUMNS = 4


def is_unbc(root: Path) -> bool:
    """Return whether a folder holds the UNBC-McMaster archive."""
    return find_folder(root, LABELS, 2) is not None


def read_unbc(folder: Path, video_frames: str = "sampled") -> Collection:
    """Read the UNBC-McMaster archive. No picture is opened.

    Raises
    ------
    InputError
        If labels or pictures are not there.
    """
    labels, images = find_folder(folder, LABELS, 2), find_folder(folder, IMAGES, 2)
    facs = labels and find_folder(labels, "FACS", 1)
    if facs is None or images is None:
        raise InputError(f"{folder} must hold the folders {LABELS}/FACS and {IMAGES}")
    problems: list[Problem] = []
    videos = []
    for person in folders_in(facs):
        for sequence in folders_in(person):
            frames = pictures_in(images / person.name / sequence.name)
            if not frames:
                text = "there are no pictures"
                problems.append(missing("labels without frames", sequence, text))
                continue
            coded = _coded(sequence, {f.stem: i for i, f in enumerate(frames)}, problems)
            if coded:
                videos.append(_video(sequence.name, person.name, frames, coded))
    return Collection(str(folder), tuple(records_of(videos, video_frames)), tuple(problems))


def _coded(
    folder: Path, places: dict[str, int], problems: list[Problem]
) -> dict[int, dict[int, float]]:
    """Return the AUs of every frame, by its number."""
    coded = {}
    for path in files_in(folder, ("_facs.txt",)):
        stem = path.stem.removesuffix("_facs")
        if stem not in places:
            problems.append(missing("labelled frame missing", path, "there is no such picture"))
            continue
        try:
            coded[places[stem]] = _read_lines(read_text(path))
        except InputError as error:
            problems.append(missing("damaged labels", path, str(error)))
    return coded


def _read_lines(text: str) -> dict[int, float]:
    aus: dict[int, float] = {}
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) != COLUMNS:
            raise InputError(f"must hold AU, intensity, onset and offset a line, got {line!r}")
        _, au = read_au(words[0])
        strength = read_intensity(words[1])
        aus[au] = max(strength or UNKNOWN_STRENGTH, aus.get(au, UNKNOWN_STRENGTH))
    return aus


def _video(
    name: str, subject: str, frames: tuple[Path, ...], coded: dict[int, dict[int, float]]
) -> CodedVideo:
    aus = tuple(sorted({*NETWORK_AUS, *(au for shown in coded.values() for au in shown)}))
    numbers = np.array(sorted(coded), dtype=np.intp)
    intensity = np.zeros((len(numbers), len(aus)), dtype=np.float32)
    place = {au: column for column, au in enumerate(aus)}
    for row, number in enumerate(numbers.tolist()):
        for au, strength in coded[number].items():
            intensity[row, place[au]] = strength
    return CodedVideo(name, subject, frames, False, numbers, aus, intensity)
