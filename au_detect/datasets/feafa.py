"""FEAFA (Yan et al. 2019), as distributed.

A folder of pictures for each sequence, and beside every picture, or in a folder of the same name
elsewhere, an ``.auw`` file with 24 numbers in [0, 1]: how far each of FEAFA's own units is on.

Only units with one FACS counterpart are taken: eyes closed (AU43), lids raised (5), brows
lowered (4), jaw dropped (26), lip corners pulled (12) and stretched (20), lips sucked (28), upper
lip raised (10), lower lip lowered (16), chin raised (17), lips puckered (18) and nose wrinkled (9).
Of left and right the stronger counts; 1 is intensity E, so that 0.2 is A. "Brow raised" is AU1, AU2
or both: neither is taken as coded.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from au_detect.datasets.coded_frames import CodedVideo, records_of
from au_detect.datasets.collection import Collection, Problem
from au_detect.datasets.distributed import (
    files_in,
    folders_in,
    has_files,
    missing,
    pictures_in,
    read_text,
)
from au_detect.errors import InputError

ENDING = ".auw"
N_UNITS = 24
UNITS: dict[int, tuple[int, ...]] = {
    43: (1, 2),
    5: (3, 4),
    4: (5, 6),
    26: (9,),
    12: (12, 13),
    20: (14, 15),
    28: (16, 17),
    10: (19,),
    16: (20,),
    17: (21,),
    18: (22,),
    9: (24,),
}
"""AU -> numbers of FEAFA's units, from 1."""


def is_feafa(root: Path) -> bool:
    """Return whether a folder holds FEAFA."""
    return any(has_files(folder, ENDING) for folder in (root, *folders_in(root, 4)))


def read_feafa(folder: Path, video_frames: str = "sampled") -> Collection:
    """Read FEAFA. No picture is opened.

    Raises
    ------
    InputError
        If there are no labels.
    """
    labelled = [f for f in (folder, *folders_in(folder, 4)) if has_files(f, ENDING)]
    if not labelled:
        raise InputError(f"{folder} must hold {ENDING} files, but it does not")
    beside = {labels: pictures_in(labels) for labels in labelled}
    pictured: dict[str, Path] = {}
    if not all(beside.values()):
        for place in (folder, *folders_in(folder, 4)):
            if pictures_in(place):
                pictured.setdefault(place.name, place)
    problems: list[Problem] = []
    videos = []
    for labels, frames in beside.items():
        if not frames and labels.name in pictured:
            frames = pictures_in(pictured[labels.name])
        if not frames:
            problems.append(missing("labels without frames", labels, "there are no pictures"))
            continue
        videos.append(_video(labels, frames, problems))
    return Collection(str(folder), tuple(records_of(videos, video_frames)), tuple(problems))


def _video(labels: Path, frames: tuple[Path, ...], problems: list[Problem]) -> CodedVideo:
    places = {frame.stem: number for number, frame in enumerate(frames)}
    aus = tuple(sorted(UNITS))
    rows: dict[int, list[float]] = {}
    for path in files_in(labels, (ENDING,)):
        if path.stem not in places:
            problems.append(missing("labelled frame missing", path, "there is no such picture"))
            continue
        try:
            units = _read_units(path)
        except InputError as error:
            problems.append(missing("damaged labels", path, str(error)))
            continue
        rows[places[path.stem]] = units
    numbers = np.array(sorted(rows), dtype=np.intp)
    coded = np.array([rows[n] for n in numbers.tolist()], dtype=np.float32).reshape(-1, N_UNITS)
    stronger = [coded[:, np.array(UNITS[au]) - 1].max(axis=1) for au in aus]
    intensity = 5 * np.stack(stronger, axis=1)
    return CodedVideo(labels.name, labels.name, frames, False, numbers, aus, intensity)


def _read_units(path: Path) -> list[float]:
    words = read_text(path).replace(",", " ").split()
    try:
        units = [float(word) for word in words]
    except ValueError as error:
        raise InputError(f"must hold {N_UNITS} numbers") from error
    if len(units) != N_UNITS or not all(0 <= unit <= 1 for unit in units):
        raise InputError(f"must hold {N_UNITS} numbers in [0, 1], got {len(units)}")
    return units
