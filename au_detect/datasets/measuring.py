"""From a collection on disk to the table that training and evaluation use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from joblib import Parallel, delayed

from au_detect.datasets.collection import Collection, Problem, SequenceRecord
from au_detect.datasets.frame_choice import FRAMES, choose_frames, intensity_on_the_way
from au_detect.datasets.frame_files import FrameFile
from au_detect.datasets.frame_measurement import MeasuredFace, measure_frame_files
from au_detect.datasets.measurement_cache import (
    MeasurementCache,
    content_of,
    default_cache_folder,
    measuring_code_sha256,
    sha256_of_file,
)
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError, check_option
from au_detect.facs import NETWORK_AUS
from au_detect.frames import open_frames
from au_detect.landmark_models import LandmarkModel, find_landmark_model
from au_detect.tracking import FaceTracker

LANDMARKS = ("dlib", "ckplus")
OWN_LANDMARKS = "ckplus"
"""What `LabelledSequences.landmark_model` is called where the collection's own points are used."""

CacheFolder = str | PathLike[str] | Literal[False] | None
Progress = Callable[[Iterable[Any], int], Iterable[Any]]
Measured = dict[FrameFile, MeasuredFace | str]


def measure_collection(
    collection: Collection,
    *,
    landmarks: str = "dlib",
    frames: str = "apex",
    cache: CacheFolder = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
) -> tuple[LabelledSequences, Collection]:
    """Measure the neutral and the labelled faces of a collection, and only those.

    Parameters
    ----------
    collection : Collection
    landmarks : {"dlib", "ckplus"}
        Whether the faces are tracked, as in detection, or the landmark files of the collection
        are used. Furrows are measured on the pictures either way.
    frames : {"apex", "last3", "all-weighted"}
        Which frames become rows: see `au_detect.datasets.frame_choice`.
    cache : path, False or None
        Folder in which measurements are kept; None is one in the user's cache, False is none.
    n_jobs : int
        Processes; -1 for one on each core.
    progress : callable, optional
        ``progress(parts, n_parts)`` returns the parts, for example in a progress bar.
    landmark_model : path or LandmarkModel, optional
        See `find_landmark_model`; not used with the collection's own landmarks.

    Returns
    -------
    sequences : LabelledSequences
        The AUs are `NETWORK_AUS`. Attributes: ``name`` of the sequence, ``picture`` and
        ``neutral_picture`` (paths; ``path#number`` in a video), ``emotion`` ("" unknown), and
        ``weight`` in (0, 1].
    collection : Collection
        The same, with the frames that could not be used among its problems.

    Raises
    ------
    InputError
        If an option is none of those above, the landmark model cannot be used, or no sequence
        could be measured.
    """
    check_option("landmarks", landmarks, LANDMARKS)
    check_option("frames", frames, FRAMES)
    tracks = landmarks == "dlib"
    model = find_landmark_model(landmark_model) if tracks else None
    plans, problems = _plan(collection, frames)
    store = _open_cache(cache, model, problems)
    measured = _measure(_needed(plans, own_landmarks=not tracks), model, store, n_jobs, progress)
    rows = _Rows(problems, own_landmarks=not tracks)
    for plan in plans:
        rows.add(plan, measured)
    name = model.name if model else OWN_LANDMARKS
    options = {"landmarks": landmarks, "frames": frames}
    sequences = rows.table(name, _described(collection) | options)
    return sequences, replace(collection, problems=(*collection.problems, *problems))


@dataclass(frozen=True)
class _Plan:
    """What is to be measured of one sequence: its neutral face, and (frame, weight, share)."""

    record: SequenceRecord
    neutral: FrameFile
    rows: list[tuple[FrameFile, float, float]]


def _plan(collection: Collection, frames: str) -> tuple[list[_Plan], list[Problem]]:
    plans, problems = [], []
    lengths: dict[Path, int | str] = {}
    for record in collection.records:
        n_frames: int | str = len(record.frames)
        if record.is_video and record.apex is None:
            video = record.frames[0]
            n_frames = lengths[video] if video in lengths else _count_frames(video)
            lengths[video] = n_frames
        if isinstance(n_frames, str):
            problems.append(Problem("unreadable frames", record.name, f"{n_frames}: left out"))
            continue
        chosen = choose_frames(record, n_frames, frames)
        rows = [(record.frame(number), weight, share) for number, weight, share in chosen]
        rows = [row for row in rows if row[0] != record.neutral_frame()]
        if not rows:
            text = "its coded frame is the neutral one: left out"
            problems.append(Problem("too few frames", record.name, text))
            continue
        plans.append(_Plan(record, record.neutral_frame(), rows))
    return plans, problems


def _count_frames(video: Path) -> int | str:
    """Return how many frames a video really has, or why it cannot be read."""
    try:
        return sum(1 for _ in open_frames(video))
    except InputError as error:
        return str(error)


def _needed(plans: Iterable[_Plan], *, own_landmarks: bool) -> list[list[FrameFile]]:
    """Return the frames to measure, those together that share a video or a neutral picture."""
    groups: dict[Path, dict[FrameFile, None]] = {}
    for plan in plans:
        anchor = plan.record.frames[0] if plan.record.is_video else plan.neutral.path
        files = [plan.neutral, *(file for file, _, _ in plan.rows)]
        groups.setdefault(anchor, {}).update(
            dict.fromkeys(_as_measured(file, own_landmarks) for file in files)
        )
    return [list(files) for files in groups.values()]


def _as_measured(file: FrameFile, own_landmarks: bool) -> FrameFile:
    """Return the frame without its landmark file where that is not used."""
    return file if own_landmarks else replace(file, landmarks=None)


def _open_cache(
    folder: CacheFolder, model: LandmarkModel | None, problems: list[Problem]
) -> MeasurementCache | None:
    if folder is False:
        return None
    path = default_cache_folder() if folder is None else Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(0, "no permission to write")
        key = OWN_LANDMARKS if model is None else sha256_of_file(model.path)
        measuring_code_sha256()
    except OSError as error:
        if folder is not None:
            raise InputError(
                f"cache must be a folder that can be written, got {path}: {error.strerror}"
            ) from error
        text = f"{error.strerror}: measurements are not kept"
        problems.append(Problem("no cache", str(path), text))
        return None
    return MeasurementCache(path, key)


def _measure(
    groups: list[list[FrameFile]],
    model: LandmarkModel | None,
    store: MeasurementCache | None,
    n_jobs: int,
    progress: Progress | None,
) -> Measured:
    """Return what is known of the frames, from the cache where it is there."""
    measured: Measured = {}
    parts = _measured_parts(groups, model, store, n_jobs)
    for part in progress(parts, len(groups)) if progress else parts:
        measured |= part
    return measured


def _measured_parts(
    groups: list[list[FrameFile]],
    model: LandmarkModel | None,
    store: MeasurementCache | None,
    n_jobs: int,
) -> Iterator[Measured]:
    missing: list[tuple[Measured, list[FrameFile]]] = []
    for files in groups:
        known: Measured = dict(_read_known(files, store))
        if len(known) == len(files):
            yield known
        else:
            missing.append((known, files))
    jobs = (
        delayed(_measure_group)(files, known, model, store, one_thread=n_jobs != 1)
        for known, files in missing
    )
    if missing:
        yield from Parallel(n_jobs=n_jobs, return_as="generator")(jobs)


def _read_known(
    files: list[FrameFile], store: MeasurementCache | None
) -> dict[FrameFile, MeasuredFace]:
    if store is None:
        return {}
    content = content_of(files)
    return store.read(_anchor(files, content), content)


def _anchor(files: list[FrameFile], content: dict[FrameFile, str]) -> str:
    """Return what a group is filed under: the content of its video or neutral picture."""
    return content.get(files[0], "").partition(" ")[0]


def _measure_group(
    files: list[FrameFile],
    known: Measured,
    model: LandmarkModel | None,
    store: MeasurementCache | None,
    *,
    one_thread: bool,
) -> Measured:
    if one_thread:
        cv2.setNumThreads(1)
    measuring_code_sha256()  # now, as it was loaded: the source may be edited while this runs
    wanted = [file for file in files if file not in known]
    before = content_of(files) if store else {}
    fresh = measure_frame_files(wanted, FaceTracker(model) if model else None)
    if store and _anchor(files, before):
        after = content_of(wanted)  # a file that changed meanwhile is not kept
        faces = {
            after[file]: face
            for file, face in fresh.items()
            if isinstance(face, MeasuredFace) and after.get(file, "") == before.get(file)
        }
        with suppress(OSError):  # a full disk costs the next run time, not this run its result
            store.write(_anchor(files, before), faces)
    return known | fresh


class _Rows:
    """Gathers the rows of the table, and says what could not become one."""

    def __init__(self, problems: list[Problem], *, own_landmarks: bool) -> None:
        self.problems = problems
        self.own_landmarks = own_landmarks
        self.rows: list[dict[str, Any]] = []

    def add(self, plan: _Plan, measured: Measured) -> None:
        neutral = self._face(plan, plan.neutral, measured, "its neutral face: sequence left out")
        if neutral is None:
            return
        for file, weight, share in plan.rows:
            face = self._face(plan, file, measured, "left out")
            if face is None:
                continue
            self.rows.append(
                {
                    "neutral_points": neutral.points,
                    "points": face.points,
                    "neutral_furrows": neutral.furrows,
                    "furrows": face.furrows,
                    "intensity": intensity_on_the_way(plan.record, NETWORK_AUS, share),
                    "subject": plan.record.subject,
                    "name": plan.record.name,
                    "picture": str(file),
                    "neutral_picture": str(plan.neutral),
                    "emotion": plan.record.emotion,
                    "weight": weight,
                }
            )

    def _face(
        self, plan: _Plan, file: FrameFile, measured: Measured, consequence: str
    ) -> MeasuredFace | None:
        face = measured[_as_measured(file, self.own_landmarks)]
        if isinstance(face, MeasuredFace) and face.found:
            return face
        kind, text = "frames without a face", f"no face found in {file}"
        if isinstance(face, str):
            kind, text = "unreadable frames", face
        self.problems.append(Problem(kind, plan.record.name, f"{text}: {consequence}"))
        return None

    def table(self, landmark_model: str, source: dict[str, Any]) -> LabelledSequences:
        if not self.rows:
            first = f": {self.problems[0]}" if self.problems else ""
            raise InputError(
                f"{source['collection']} must hold a sequence that can be measured, got none{first}"
            )
        columns = {name: np.array([row[name] for row in self.rows]) for name in self.rows[0]}
        named = ("name", "picture", "neutral_picture", "emotion", "weight")
        return LabelledSequences(
            aus=NETWORK_AUS,
            landmark_model=landmark_model,
            attributes={name: columns.pop(name) for name in named},
            source=source,
            **columns,
        )


def _described(collection: Collection) -> dict[str, Any]:
    """Return what a model's manifest says of where its rows come from: no path of the user's."""
    name = Path(collection.source).resolve().name
    return {"collection": name, "n_sequences": len(collection)}
