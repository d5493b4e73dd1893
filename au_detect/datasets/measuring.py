"""From a collection on disk to the table that training and evaluation use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from au_detect.datasets.collection import Collection, Problem, SequenceRecord
from au_detect.datasets.frame_choice import (
    FRAMES,
    choose_frames,
    intensity_on_the_way,
    strengths_on_the_way,
)
from au_detect.datasets.frame_files import FrameFile
from au_detect.datasets.frame_measurement import MeasuredFace
from au_detect.datasets.measured_frames import (
    OWN_LANDMARKS,
    CacheFolder,
    FrameGroup,
    Measured,
    Progress,
    measure_groups,
    open_cache,
)
from au_detect.datasets.measurement_cache import MeasurementCache, sha256_of_file
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError, check_option
from au_detect.facs import NETWORK_AUS
from au_detect.features.furrows import N_FURROWS
from au_detect.frames import open_frames
from au_detect.landmarks import N_LANDMARKS
from au_detect.landmarks.models import LandmarkModel, find_landmark_model
from au_detect.landmarks.pose import estimate_pose

LANDMARKS = ("dlib", "ckplus")
LARGEST_GROUP = 1000
"""How many frames are measured before they are kept, and at most lost if that is interrupted."""


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
    problems: list[Problem] = []
    store = open_cache(cache, model, problems)
    plans = _plan(collection, frames, store, problems)
    groups = _groups(plans, own_landmarks=not tracks)
    measured = measure_groups(groups, model, store, n_jobs, progress)
    rows = _Rows(problems, own_landmarks=not tracks)
    for plan in plans:
        rows.add(plan, measured)
    name = model.name if model else OWN_LANDMARKS
    options = {"landmarks": landmarks, "frames": frames}
    sequences = rows.table(name, _described(collection) | options)
    return sequences, replace(collection, problems=(*collection.problems, *problems))


@dataclass(frozen=True)
class _Plan:
    """What is to be measured of one sequence: its neutral faces, and (frame, weight, share)."""

    record: SequenceRecord
    neutrals: tuple[FrameFile, ...]
    rows: list[tuple[FrameFile, float, float]]


def _plan(
    collection: Collection, frames: str, store: MeasurementCache | None, problems: list[Problem]
) -> list[_Plan]:
    plans = []
    lengths: dict[Path, int | str] = {}
    for record in collection.records:
        n_frames: int | str = len(record.frames)
        if record.is_video and record.apex is None:
            video = record.frames[0]
            if video not in lengths:
                lengths[video] = _count_frames(video, store)
            n_frames = lengths[video]
        if isinstance(n_frames, str):
            problems.append(Problem("unreadable frames", record.name, f"{n_frames}: left out"))
            continue
        chosen = choose_frames(record, n_frames, frames)
        rows = [(record.frame(number), weight, share) for number, weight, share in chosen]
        neutrals = record.neutral_frames()
        if len(neutrals) == 1:
            rows = [row for row in rows if row[0] != neutrals[0]]
        if not rows:
            text = "its coded frame is the neutral one: left out"
            problems.append(Problem("too few frames", record.name, text))
            continue
        plans.append(_Plan(record, neutrals, rows))
    return plans


def _count_frames(video: Path, store: MeasurementCache | None) -> int | str:
    """Return how many frames a video really has, or why it cannot be read."""
    try:
        sha256 = sha256_of_file(video) if store else ""
        known = store.read_length(sha256) if store else None
        if known is None:
            known = sum(1 for _ in open_frames(video))
            if store:
                with suppress(OSError):
                    store.write_length(sha256, known)
    except OSError as error:
        return f"{video} cannot be read: {error.strerror}"
    except InputError as error:
        return str(error)
    return known


def _groups(plans: Iterable[_Plan], *, own_landmarks: bool) -> list[FrameGroup]:
    """Return the frames to measure, each once, by the video or neutral picture they share."""
    together: dict[Path, dict[FrameFile, None]] = {}
    seen: set[int] = set()  # tuples of neutral frames that many sequences of a person share
    for plan in plans:
        one = len(plan.neutrals) == 1 and not plan.record.is_video
        pictures = plan.neutrals[0].path if one else plan.record.frames[0]
        neutrals = () if id(plan.neutrals) in seen and not one else plan.neutrals
        seen.add(id(plan.neutrals))
        for file in (*neutrals, *(file for file, _, _ in plan.rows)):
            anchor = pictures if file.number is None else file.path
            together.setdefault(anchor, {})[_as_measured(file, own_landmarks)] = None
    return [
        FrameGroup(anchor, start // LARGEST_GROUP, tuple(files)[start : start + LARGEST_GROUP])
        for anchor, files in together.items()
        for start in range(0, len(files), LARGEST_GROUP)
    ]


def _as_measured(file: FrameFile, own_landmarks: bool) -> FrameFile:
    """Return the frame without its landmark file where that is not used."""
    return file if own_landmarks else replace(file, landmarks=None)


class _Rows:
    """Gathers the rows of the table, and says what could not become one."""

    def __init__(self, problems: list[Problem], *, own_landmarks: bool) -> None:
        self.problems = problems
        self.own_landmarks = own_landmarks
        self.rows: list[dict[str, Any]] = []
        self._medians: dict[tuple[FrameFile, ...], tuple[MeasuredFace, str] | None] = {}

    def add(self, plan: _Plan, measured: Measured) -> None:
        found = self._neutral(plan, measured)
        if found is None:
            return
        neutral, neutral_picture = found
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
                    "strengths": strengths_on_the_way(plan.record, NETWORK_AUS, share),
                    "subject": plan.record.subject,
                    "name": plan.record.name,
                    "picture": str(file),
                    "neutral_picture": neutral_picture,
                    "emotion": plan.record.emotion,
                    "weight": weight,
                }
            )

    def _neutral(self, plan: _Plan, measured: Measured) -> tuple[MeasuredFace, str] | None:
        """Return the neutral face and what picture it is; NaN and "" where there is none."""
        if not plan.neutrals:
            return NO_FACE, ""
        if len(plan.neutrals) == 1:
            (file,) = plan.neutrals
            face = self._face(plan, file, measured, "its neutral face: sequence left out")
            return None if face is None else (face, str(file))
        if plan.neutrals not in self._medians:
            files = {
                file: measured[_as_measured(file, self.own_landmarks)] for file in plan.neutrals
            }
            known = {f: m for f, m in files.items() if isinstance(m, MeasuredFace) and m.found}
            self._medians[plan.neutrals] = nearest_to_median(known)
        found = self._medians[plan.neutrals]
        if found is None:
            text = f"no face in {len(plan.neutrals)} frames for the neutral face: left out"
            self.problems.append(Problem("frames without a face", plan.record.name, text))
        return found

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
        named = ("name", "picture", "neutral_picture", "emotion", "weight", "strengths")
        return LabelledSequences(
            aus=NETWORK_AUS,
            landmark_model=landmark_model,
            attributes={name: columns.pop(name) for name in named},
            source=source,
            **columns,
        )


NO_FACE = MeasuredFace(
    np.full((N_LANDMARKS, 2), np.nan, np.float32), np.full(N_FURROWS, np.nan, np.float32)
)


def nearest_to_median(faces: Mapping[FrameFile, MeasuredFace]) -> tuple[MeasuredFace, str] | None:
    """Return the face whose shape from the front is nearest to the median one, and its picture."""
    if not faces:
        return None
    shapes = estimate_pose(np.stack([face.points for face in faces.values()])).frontal
    distance = np.linalg.norm(shapes - np.median(shapes, axis=0), axis=-1).mean(axis=-1)
    file = list(faces)[int(distance.argmin())]
    return faces[file], str(file)


def _described(collection: Collection) -> dict[str, Any]:
    """Return what a model's manifest says of where its rows come from: no path of the user's."""
    place = Path(collection.source).resolve()
    return {
        "collection": place.parent.name if place.is_file() else place.name,
        "n_sequences": len(collection),
    }
