"""Simulated people as pictures: render them, find their landmarks, measure their furrows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.augmentation import joined
from au_detect.datasets.sequences import LabelledSequences
from au_detect.facs import NETWORK_AUS
from au_detect.features.furrows import measure_furrows
from au_detect.landmarks import N_LANDMARKS
from au_detect.landmarks.models import LandmarkModel, find_landmark_model
from au_detect.landmarks.tracking import FaceTracker
from au_detect.simulation.collections.landmark_sequences import People, draw_people, other_people
from au_detect.simulation.collections.other_cameras import taken_otherwise
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.displays import Display, draw_displays
from au_detect.simulation.face.model import FaceModel, read_face_model
from au_detect.simulation.materials.folders import Materials
from au_detect.simulation.parallel import Progress, in_parallel
from au_detect.simulation.rendering.coverings import COVERED_HEADS
from au_detect.simulation.rendering.renderer import Rendering

Array = NDArray[np.float64]

ATTRIBUTES = ("skin_reflectance", "age_years", "glasses", "beard", "hair", "expressivity")


def render_sequences(
    face_model: str | PathLike[str],
    n: int,
    *,
    random_state: int = 0,
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
    materials: Materials | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> LabelledSequences:
    """Render `n` sequences and measure them as real pictures are measured.

    Parameters
    ----------
    face_model : path
        See `read_face_model`.
    n : int
        Number of sequences. Those in which the tracker misses a face are left out.
    random_state : int
        The same value gives the same sequences, whatever `n_jobs` is.
    landmark_model : str, path or LandmarkModel, optional
        Who finds the landmarks, see `find_landmark_model`.
    materials : Materials, optional
        Photographed skins and light probes, see `read_materials`; none by default.
    n_jobs : int
        Processes.
    progress : callable, optional
        ``progress(parts, n_parts)`` returns the parts, for example in a progress bar.

    Returns
    -------
    LabelledSequences
        With furrows, and with skin tone, age, glasses, beard and head pose as attributes.
    """
    return render_for_each(
        face_model, n, [find_landmark_model(landmark_model)], random_state=random_state,
        materials=materials, n_jobs=n_jobs, progress=progress,
    )[0]  # fmt: skip


def render_for_each(
    face_model: str | PathLike[str],
    n: int,
    landmark_models: Sequence[LandmarkModel],
    *,
    random_state: int = 0,
    kinds: Sequence[Display] | None = None,
    materials: Materials | None = None,
    other_cameras: bool = False,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> list[LabelledSequences]:
    """Render `n` sequences once and measure them with each of several landmark models.

    Parameters and what is returned for each as in `render_sequences`; they show displays of some
    `kinds` (see `draw_displays`). With `other_cameras` every sequence has a second row, measured
    on pictures as others could have taken them (see `taken_otherwise`).
    """
    calls = [
        (
            str(face_model), n, random_state, kinds, tuple(landmark_models),
            range(start, min(start + 60, n)), materials, other_cameras,
        )
        for start in range(0, n, 60)
    ]  # fmt: skip
    parts = list(in_parallel(_render_and_measure, calls, n_jobs=n_jobs, progress=progress))
    model = read_face_model(face_model)
    people = _people(model, n, random_state, kinds)
    return [
        _table(model, people, random_state, [row for part in parts for row in part[number]], name)
        for number, name in enumerate(landmarks.name for landmarks in landmark_models)
    ]


def _table(
    model: FaceModel, people: People, random_state: int, rows: list[dict[str, Any]], name: str
) -> LabelledSequences:
    kept = np.array([row["row"] for row in rows])
    attributes = {name: np.array([row["person"][name] for row in rows]) for name in ATTRIBUTES}
    attributes |= {name: values[kept] for name, values in people.attributes().items()}
    for column in ("neutral_true_points", "true_points"):
        attributes[column] = np.stack([row[column] for row in rows])
    return LabelledSequences(
        neutral_points=np.stack([row["neutral_points"] for row in rows]),
        points=np.stack([row["points"] for row in rows]),
        neutral_furrows=np.stack([row["neutral_furrows"] for row in rows]),
        furrows=np.stack([row["furrows"] for row in rows]),
        aus=NETWORK_AUS,
        intensity=people.intensity[kept],
        subject=people.subject[kept],
        landmark_model=name,
        attributes=attributes,
        source={
            "simulation": "rendered",
            "face_model_sha256": model.source_sha256,
            "random_state": random_state,
            "n_rendered": len(people),
            "n_found": len(np.unique(kept)),
        },
    )


def joined_renders(parts: Sequence[LabelledSequences]) -> LabelledSequences:
    """Return the sequences of several renderings, of other people each."""
    people = other_people([part.subject for part in parts])
    return joined([replace(part, subject=who) for part, who in zip(parts, people, strict=True)])


def _people(model: FaceModel, n: int, random_state: int, kinds: Sequence[Display] | None) -> People:
    rng = np.random.default_rng(random_state)
    return draw_people(
        model, n, rng, displays=None if kinds is None else draw_displays(rng, n, kinds)
    )


def _render_and_measure(
    face_model: str,
    n: int,
    random_state: int,
    kinds: Sequence[Display] | None,
    landmark_models: Sequence[LandmarkModel],
    rows: range,
    materials: Materials | None,
    other_cameras: bool,
) -> list[list[dict[str, Any]]]:
    model = read_face_model(face_model)
    people = _people(model, n, random_state, kinds)
    return _measure_people(
        model, people, random_state, rows, landmark_models, materials, other_cameras
    )


def measure_people(
    model: FaceModel,
    people: People,
    random_state: int,
    rows: Iterable[int],
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
    *,
    materials: Materials | None = None,
) -> list[dict[str, Any]]:
    """Render sequences and measure their pictures with the tracker that detection uses.

    Parameters
    ----------
    model : FaceModel
    people : People
    random_state : int
        Seed of everything that `people` does not say: looks, light, camera, noise.
    rows : iterable of int
        Which sequences.
    landmark_model : str, path or LandmarkModel, optional
        Who finds the landmarks, see `find_landmark_model`.
    materials : Materials, optional
        Photographed skins and light probes, see `read_materials`; none by default.

    Returns
    -------
    list of dict
        For each sequence of which both faces were found: ``row``, what was measured (columns of
        `LabelledSequences`), the true landmarks, and the person's attributes.
    """
    models = [find_landmark_model(landmark_model)]
    return _measure_people(model, people, random_state, rows, models, materials)[0]


def _measure_people(
    model: FaceModel,
    people: People,
    random_state: int,
    rows: Iterable[int],
    landmark_models: Sequence[LandmarkModel],
    materials: Materials | None,
    other_cameras: bool = False,
) -> list[list[dict[str, Any]]]:
    """Return for every landmark model what `measure_people` does."""
    cv2.setNumThreads(1)
    renderer = SequenceRenderer(
        model, people, random_state, materials=materials,
        coverings=COVERED_HEADS if materials else {},
    )  # fmt: skip
    trackers = [FaceTracker(landmark_model) for landmark_model in landmark_models]
    measured: list[list[dict[str, Any]]] = [[] for _ in trackers]
    for row in rows:
        pairs: list[Sequence[Rendering]] = [renderer.render_pair(row)]
        if other_cameras:
            pairs.append(taken_otherwise(pairs[0], np.random.default_rng([random_state, 8, row])))
        person = {name: getattr(renderer.person(row), name) for name in ATTRIBUTES}
        for tracker, found in zip(trackers, measured, strict=True):
            seen = [_measure_pair(pair, tracker) for pair in pairs]
            found += [{"row": row, "person": person, **columns} for columns in seen if columns]
    return measured


def _measure_pair(pair: Sequence[Rendering], tracker: FaceTracker) -> dict[str, Any]:
    """Return what is measured on a neutral and an apex picture; nothing where a face is missed."""
    neutral, apex = (_measure(picture, tracker) for picture in pair)
    if neutral is None or apex is None:
        return {}
    return {
        "neutral_points": neutral[0],
        "neutral_furrows": neutral[1],
        "points": apex[0],
        "furrows": apex[1],
        "neutral_true_points": pair[0].mesh_landmarks,
        "true_points": pair[1].mesh_landmarks,
    }


def _measure(
    picture: Rendering, tracker: FaceTracker
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return landmarks and furrows as the tracker sees them, or None."""
    tracker.reset()
    faces = tracker.track(picture.image)
    if not faces:
        return None
    points = faces[0].points
    assert points.shape == (N_LANDMARKS, 2)
    return points, measure_furrows(picture.image, points)
