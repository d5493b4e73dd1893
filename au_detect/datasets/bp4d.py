"""BP4D-Spontaneous and BP4D+ (Zhang et al. 2014, 2016), as distributed.

::

    AUCoding/AU_OCC/F001_T1.csv                first row: AU numbers; first column: frames, from 1;
                                               1 present, 0 absent, 9 not coded
    AUCoding/AU_INT/AU06/F001_T1_AU06.csv      "frame,intensity" a line, 9 not coded
    2D+3D/F001/T1/001.jpg ...                  the pictures, named by frame

Occurrence says what is present; where the intensity was coded too, it says how strongly.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.coded_frames import UNKNOWN_STRENGTH, CodedVideo, records_of
from au_detect.datasets.collection import Collection, Problem
from au_detect.datasets.distributed import (
    files_in,
    find_folder,
    folders_in,
    last_number,
    missing,
    pictures_in,
    read_text,
)
from au_detect.errors import InputError

OCCURRENCE, INTENSITY = "AU_OCC", "AU_INT"
NOT_CODED = 9


def is_bp4d(root: Path) -> bool:
    """Return whether a folder holds BP4D."""
    return find_folder(root, OCCURRENCE) is not None


def read_bp4d(folder: Path, video_frames: str = "sampled") -> Collection:
    """Read BP4D. No picture is opened.

    Raises
    ------
    InputError
        If the occurrence codes are not there.
    """
    occurrence = find_folder(folder, OCCURRENCE)
    if occurrence is None:
        raise InputError(f"{folder} must hold the folder {OCCURRENCE}, but it does not")
    strengths = _intensity_files(find_folder(folder, INTENSITY))
    places = _picture_folders(folder)
    problems: list[Problem] = []
    videos = []
    for path in files_in(occurrence, (".csv",)):
        match = re.match(r"([FM]\d+)_(T\d+)", path.stem, re.IGNORECASE)
        if match is None:
            continue
        person, task = match[1].upper(), match[2].upper()
        frames = pictures_in(places[person, task]) if (person, task) in places else ()
        if not frames:
            problems.append(missing("labels without frames", path, "there are no pictures"))
            continue
        try:
            videos.append(_video(f"{person}_{task}", person, frames, path, strengths, problems))
        except InputError as error:
            problems.append(missing("damaged labels", path, str(error)))
    return Collection(str(folder), tuple(records_of(videos, video_frames)), tuple(problems))


def _video(
    name: str,
    person: str,
    frames: tuple[Path, ...],
    path: Path,
    strengths: dict[tuple[str, int], Path],
    problems: list[Problem],
) -> CodedVideo:
    table = _numbers(path)
    aus, coded = table[0, 1:].astype(int), table[1:, 1:]
    if not np.isin(coded, (0, 1, NOT_CODED)).all():
        raise InputError("must hold 0, 1 or 9 (not coded)")
    intensity = np.select([coded == 1, coded == 0], [UNKNOWN_STRENGTH, 0.0], default=np.nan).astype(
        np.float32
    )
    numbers = table[1:, 0].astype(int)
    for column, au in enumerate(aus.tolist()):
        if (name, au) in strengths:
            _add_strength(intensity[:, column], numbers, _numbers(strengths[name, au]))
    place = {last_number(frame): number for number, frame in enumerate(frames)}
    known = np.array([number in place for number in numbers.tolist()])
    if not known.all():
        text = f"{(~known).sum()} coded frames have no picture"
        problems.append(missing("labelled frame missing", path, text))
    rows = np.array([place[number] for number in numbers[known].tolist()], dtype=np.intp)
    real = aus > 0
    return CodedVideo(
        name, person, frames, False, rows, tuple(aus[real].tolist()), intensity[known][:, real]
    )


def _add_strength(
    column: NDArray[np.float32], numbers: NDArray[np.int_], table: NDArray[np.float64]
) -> None:
    """Write coded intensities where the AU is present."""
    known = {int(n): v for n, v in table[:, :2].tolist() if 1 <= v <= 5}
    for row in np.flatnonzero(column == UNKNOWN_STRENGTH):
        column[row] = known.get(int(numbers[row]), UNKNOWN_STRENGTH)


def _numbers(path: Path) -> NDArray[np.float64]:
    lines = [line for line in read_text(path).splitlines() if line.strip(" ,;\t")]
    try:
        table = np.array([line.replace(";", ",").split(",") for line in lines], dtype=float)
    except ValueError as error:
        raise InputError("must hold numbers, all lines equally many") from error
    if table.ndim != 2 or table.shape[1] < 2:
        raise InputError("must hold at least two columns")
    return table


def _intensity_files(folder: Path | None) -> dict[tuple[str, int], Path]:
    found = {}
    for place in () if folder is None else (folder, *folders_in(folder)):
        for path in files_in(place, (".csv",)):
            match = re.match(r"([FM]\d+_T\d+)_AU(\d+)", path.stem, re.IGNORECASE)
            if match:
                found[match[1].upper(), int(match[2])] = path
    return found


def _picture_folders(root: Path) -> dict[tuple[str, str], Path]:
    """Return the folders of pictures by person and task."""
    return {
        (folder.parent.name.upper(), folder.name.upper()): folder
        for folder in folders_in(root, 4)
        if re.fullmatch(r"T\d+", folder.name, re.IGNORECASE)
        and re.fullmatch(r"[FM]\d+", folder.parent.name, re.IGNORECASE)
    }
