"""Measure frames that are not known yet, in several processes, and keep what was measured."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import cv2
from joblib import Parallel, delayed

from au_detect.datasets.collection import Problem
from au_detect.datasets.frame_files import FrameFile
from au_detect.datasets.frame_measurement import MeasuredFace, measure_frame_files
from au_detect.datasets.measurement_cache import (
    MeasurementCache,
    content_of,
    default_cache_folder,
    measuring_code_sha256,
    sha256_of_file,
)
from au_detect.errors import InputError
from au_detect.landmarks.fit import load_fitter
from au_detect.landmarks.models import LandmarkModel
from au_detect.landmarks.tracking import FaceTracker

OWN_LANDMARKS = "ckplus"
"""What stands for a landmark model where the points came with the collection."""

CacheFolder = str | PathLike[str] | Literal[False] | None
Progress = Callable[[Iterable[Any], int], Iterable[Any]]
Measured = dict[FrameFile, MeasuredFace | str]
"""What was measured on frames, or why it could not be."""

_loaded_models: dict[Path, str] = {}


@dataclass(frozen=True)
class FrameGroup:
    """Frames that are measured together and kept in one file.

    It is filed under the content of the file `anchor`, their video or neutral picture, and `part`.
    """

    anchor: Path
    part: int
    files: tuple[FrameFile, ...]


def open_cache(
    folder: CacheFolder, model: LandmarkModel | None, problems: list[Problem]
) -> MeasurementCache | None:
    """Return the cache in a folder, in the user's cache (None), or none (False).

    Raises
    ------
    InputError
        If the folder cannot be written. That of the user's own cache is a problem in the list.
    """
    if folder is False:
        return None
    path = default_cache_folder() if folder is None else Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(0, "no permission to write")
        key = OWN_LANDMARKS if model is None else model.sha256()
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


def measure_groups(
    groups: list[FrameGroup],
    model: LandmarkModel | None,
    store: MeasurementCache | None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> Measured:
    """Return what is known of the frames, and measure those of which nothing is.

    Parameters
    ----------
    groups : list of FrameGroup
    model : LandmarkModel or None
        None takes the frames' own landmarks.
    store : MeasurementCache or None
        Where measurements are kept, as soon as a group is measured.
    n_jobs, progress
        See `au_detect.datasets.measuring.measure_collection`.
    """
    measured: Measured = {}
    parts = _measured_parts(groups, model, store, n_jobs)
    for part in progress(parts, len(groups)) if progress else parts:
        measured |= part
    return measured


def _measured_parts(
    groups: list[FrameGroup],
    model: LandmarkModel | None,
    store: MeasurementCache | None,
    n_jobs: int,
) -> Iterator[Measured]:
    missing: list[tuple[FrameGroup, Measured]] = []
    for group in groups:
        known: Measured = dict(_read_known(group, store)) if store else {}
        if len(known) == len(group.files):
            yield known
        else:
            missing.append((group, known))
    jobs = (
        delayed(_measure_group)(group, known, model, store, one_thread=n_jobs != 1)
        for group, known in missing
    )
    if missing:
        yield from Parallel(n_jobs=n_jobs, return_as="generator")(jobs)


def _read_known(group: FrameGroup, store: MeasurementCache) -> dict[FrameFile, MeasuredFace]:
    anchor = _filed_under(group)
    return store.read(anchor, content_of(group.files)) if anchor else {}


def _filed_under(group: FrameGroup) -> str | None:
    """Return what a group is called in the cache; None if its anchor cannot be read."""
    try:
        return f"{sha256_of_file(group.anchor)} {group.part}"
    except OSError:
        return None


def _measure_group(
    group: FrameGroup,
    known: Measured,
    model: LandmarkModel | None,
    store: MeasurementCache | None,
    *,
    one_thread: bool,
) -> Measured:
    if one_thread:
        cv2.setNumThreads(1)
    wanted = [file for file in group.files if file not in known]
    tracker = FaceTracker(model) if model else None
    if store is None:
        return known | measure_frame_files(wanted, tracker)
    measuring_code_sha256()  # now, as it was loaded: the source may be edited while this runs
    if model is not None and _loaded_models.get(model.path) != store.landmark_model:
        load_fitter.cache_clear()  # it may hold what was in the file before
        _loaded_models[model.path] = store.landmark_model
    anchor, before = _filed_under(group), content_of(wanted)
    fresh = measure_frame_files(wanted, tracker)
    after = content_of(wanted)  # a file that changed meanwhile is not kept
    faces = {
        after[file]: face
        for file, face in fresh.items()
        if isinstance(face, MeasuredFace) and file in after and after[file] == before.get(file)
    }
    if anchor is not None:
        with suppress(OSError):  # a full disk costs the next run time, not this run its result
            store.write(anchor, faces)
    return known | fresh
