"""DISFA (Mavadati et al. 2013) and DISFA+ (2016), as distributed.

DISFA::

    ActionUnit_Labels/SN001/SN001_au1.txt       "frame,intensity" a line; frames count from 1
    Video_LeftCamera/LeftVideoSN001_comp.avi    and the same from the right

DISFA+::

    Labels/SN001/A1_AU1_TrailNo_1/AU1.txt       "000.jpg 0" a line, below a heading
    Images/SN001/A1_AU1_TrailNo_1/000.jpg

Intensities are 0 to 5. Studies of DISFA count 2 and more as present and what is below as absent:
``--minimum-intensity 2 --faint absent``.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from au_detect.datasets.coded_frames import CodedVideo, records_of
from au_detect.datasets.collection import Collection, Problem
from au_detect.datasets.distributed import (
    VIDEO_ENDINGS,
    files_in,
    find_folder,
    folders_in,
    missing,
    pictures_in,
    read_text,
)
from au_detect.errors import InputError, check_option

CAMERAS = ("left", "right")
LABELS, PLUS_LABELS, PLUS_IMAGES = "ActionUnit_Labels", "Labels", "Images"
_PLUS_LINE = re.compile(r"^\s*(\S+)\.(?:jpe?g|png)[\s,:]+([0-5])\s*$", re.MULTILINE | re.IGNORECASE)


def is_disfa(root: Path) -> bool:
    """Return whether a folder holds DISFA."""
    return find_folder(root, LABELS, 2) is not None


def is_disfa_plus(root: Path) -> bool:
    """Return whether a folder holds DISFA+."""
    labels, images = find_folder(root, PLUS_LABELS, 2), find_folder(root, PLUS_IMAGES, 2)
    return bool(labels and images and any(f.name.startswith("SN") for f in folders_in(labels)))


def read_disfa(folder: Path, video_frames: str = "sampled", camera: str = "left") -> Collection:
    """Read DISFA. Videos are not opened.

    Parameters
    ----------
    folder : Path
    video_frames : see `records_of`
    camera : {"left", "right"}
        Whose videos are taken, where both are there.

    Raises
    ------
    InputError
        If the labels are not there.
    """
    check_option("camera", camera, CAMERAS)
    labels = find_folder(folder, LABELS, 2)
    if labels is None:
        raise InputError(f"{folder} must hold the folder {LABELS}, but it does not")
    problems: list[Problem] = []
    videos = []
    films = _films(folder)
    for person in folders_in(labels):
        film = films.get((person.name.upper(), camera))
        if film is None:
            film = next((films[k] for k in sorted(films) if k[0] == person.name.upper()), None)
        if film is None:
            problems.append(missing("labels without frames", person.name, "there is no video"))
            continue
        columns = {}
        for path in files_in(person, (".txt",)):
            match = re.search(r"au_?(\d+)$", path.stem, re.IGNORECASE)
            if match is None:
                continue
            try:
                columns[int(match[1])] = _read_lines(path)
            except InputError as error:
                problems.append(missing("damaged labels", path, str(error)))
        if columns:
            videos.append(_video(person.name, person.name, (film,), True, columns))
    return Collection(str(folder), tuple(records_of(videos, video_frames)), tuple(problems))


def read_disfa_plus(folder: Path, video_frames: str = "sampled") -> Collection:
    """Read DISFA+. No picture is opened.

    Raises
    ------
    InputError
        If labels or pictures are not there.
    """
    labels, images = find_folder(folder, PLUS_LABELS, 2), find_folder(folder, PLUS_IMAGES, 2)
    if labels is None or images is None:
        raise InputError(
            f"{folder} must hold the folders {PLUS_LABELS} and {PLUS_IMAGES}, but it does not"
        )
    problems: list[Problem] = []
    videos = []
    for person in folders_in(labels):
        for trial in folders_in(person):
            name = f"{person.name}_{trial.name}"
            frames = pictures_in(images / person.name / trial.name)
            if not frames:
                problems.append(missing("labels without frames", name, "there are no pictures"))
                continue
            places = {frame.stem: number for number, frame in enumerate(frames)}
            columns = {}
            for path in files_in(trial, (".txt",)):
                match = re.fullmatch(r"AU(\d+)", path.stem, re.IGNORECASE)
                coded = _PLUS_LINE.findall(read_text(path)) if match else []
                known = {places[stem]: float(v) for stem, v in coded if stem in places}
                if match and len(known) < len(coded):
                    text = f"{len(coded) - len(known)} coded pictures are not there"
                    problems.append(missing("labelled frame missing", path, text))
                if match and not coded:
                    problems.append(missing("damaged labels", path, "no line 'picture intensity'"))
                if match and known:
                    columns[int(match[1])] = known
            if columns:
                videos.append(_video(name, person.name, frames, False, columns))
    return Collection(str(folder), tuple(records_of(videos, video_frames)), tuple(problems))


def _films(root: Path) -> dict[tuple[str, str], Path]:
    """Return the videos by person and camera."""
    films = {}
    for folder in (root, *folders_in(root, 2)):
        for path in files_in(folder, VIDEO_ENDINGS):
            person = re.search(r"SN\d+", path.stem, re.IGNORECASE)
            camera = next((c for c in CAMERAS if c in path.stem.lower()), None)
            camera = camera or next((c for c in CAMERAS if c in folder.name.lower()), "left")
            if person:
                films[person[0].upper(), camera] = path
    return films


def _read_lines(path: Path) -> dict[int, float]:
    words = read_text(path).replace(",", " ").split()
    try:
        numbers = np.array(words, dtype=float).reshape(-1, 2)
    except ValueError as error:
        raise InputError("must hold 'frame,intensity' a line") from error
    frames, values = numbers.T
    if (frames < 1).any() or not np.isin(values, range(6)).all():
        raise InputError("must hold frames from 1 and intensities from 0 to 5")
    return dict(zip((frames.astype(int) - 1).tolist(), values.tolist(), strict=True))


def _video(
    name: str,
    subject: str,
    frames: tuple[Path, ...],
    is_video: bool,
    columns: dict[int, dict[int, float]],
) -> CodedVideo:
    aus = tuple(sorted(columns))
    numbers = np.array(sorted(set().union(*columns.values())), dtype=np.intp)
    intensity = np.full((len(numbers), len(aus)), np.nan, dtype=np.float32)
    for column, au in enumerate(aus):
        known = columns[au]
        intensity[:, column] = [known.get(number, np.nan) for number in numbers.tolist()]
    return CodedVideo(name, subject, frames, is_video, numbers, aus, intensity)
