"""Simulated people as pictures: render them, find their landmarks, measure their furrows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from au_detect.datasets.sequences import LabelledSequences
from au_detect.facs import NETWORK_AUS
from au_detect.features.furrows import measure_furrows
from au_detect.landmarks import N_LANDMARKS
from au_detect.landmarks.models import LandmarkModel, find_landmark_model
from au_detect.landmarks.pose import rotation_matrix
from au_detect.landmarks.tracking import FaceTracker
from au_detect.simulation.camera import Camera
from au_detect.simulation.collections.landmark_sequences import People, draw_people
from au_detect.simulation.face.model import FaceModel, read_face_model
from au_detect.simulation.rendering.appearance import Appearance, draw_appearance
from au_detect.simulation.rendering.furrow_lines import furrow_strengths
from au_detect.simulation.rendering.light import Light, Sensor, draw_light, draw_sensor, vary_light
from au_detect.simulation.rendering.renderer import FaceRenderer, PaintedFace, Rendering

Array = NDArray[np.float64]

SIZE_PX = 320
FACE_CM = 13.0
FACE_SHARES = (0.2, 0.64)
"""Smallest and largest width of a face in the picture; 0.2 is 45 px between the eyes."""
OTHER_LIGHT_SHARE = 0.25
ATTRIBUTES = ("skin_reflectance", "age_years", "glasses", "beard", "hair", "expressivity")


@dataclass(frozen=True)
class Scene:
    """Where the camera and the lights are, and where the head is."""

    camera: Camera
    light: Light
    sensor: Sensor
    translation_cm: Array

    def moved(self, rng: np.random.Generator) -> Scene:
        """Return the scene with the head moved a little."""
        return replace(self, translation_cm=np.array([*rng.normal(0, 0.8, 2), 0.0]))


class SequenceRenderer:
    """Renders the sequences of `People`; the pictures of sequence i depend on the seed and i alone.

    Parameters
    ----------
    model : FaceModel
    people : People
    random_state : int
    size_px : int
        Height and width of the pictures.
    """

    def __init__(
        self, model: FaceModel, people: People, random_state: int, size_px: int = SIZE_PX
    ) -> None:
        self.model = model
        self.people = people
        self.random_state = random_state
        self.size_px = size_px
        self.renderer = FaceRenderer(model)
        self._painted: tuple[int, PaintedFace] | None = None

    def render_pair(self, row: int) -> tuple[Rendering, Rendering]:
        """Render a neutral and an apex picture, taken at different times in changing light."""
        rng = np.random.default_rng([self.random_state, 1, row])
        scene = self._draw_scene(row, rng)
        later = (
            draw_light(rng) if rng.random() < OTHER_LIGHT_SHARE else vary_light(scene.light, rng)
        )
        neutral = self._render(row, 0.0, scene, rng)
        return neutral, self._render(row, 1.0, replace(scene, light=later).moved(rng), rng)

    def render_sequence(self, row: int, n_frames: int) -> Iterator[Rendering]:
        """Render a film from neutral to apex in one light."""
        rng = np.random.default_rng([self.random_state, 1, row])
        scene = self._draw_scene(row, rng)
        for time in np.linspace(0.0, 1.0, n_frames):
            yield self._render(row, float(0.5 - 0.5 * np.cos(np.pi * time)), scene, rng)

    def person(self, row: int) -> Appearance:
        """Return what the person of a sequence looks like."""
        return self._paint(row).person

    def _paint(self, row: int) -> PaintedFace:
        """Return the person of a sequence, ready to be rendered; the last one is kept."""
        subject = int(self.people.subject[row])
        if self._painted is None or self._painted[0] != subject:
            person = draw_appearance(np.random.default_rng([self.random_state, 0, subject]))
            rest = np.zeros(len(self.model.expression_names))
            mesh = self.model.vertices(self.people.identity[row], rest)
            self._painted = (subject, self.renderer.paint(person, mesh))
        return self._painted[1]

    def _draw_scene(self, row: int, rng: np.random.Generator) -> Scene:
        distance = float(self.people.distance_cm[row])
        face_px = self.size_px * np.exp(rng.uniform(*np.log(FACE_SHARES)))
        middle = (self.size_px / 2, self.size_px / 2)
        camera = Camera(face_px * distance / FACE_CM, middle, distance)
        scene = Scene(camera, draw_light(rng), draw_sensor(rng), np.zeros(3))
        return scene.moved(rng)

    def _render(
        self, row: int, strength: float, scene: Scene, rng: np.random.Generator
    ) -> Rendering:
        """Render one picture, `strength` of the way from neutral to apex."""
        people = self.people
        weights = _between(people.neutral_weights[row], people.apex_weights[row], strength)
        angles = _between(people.neutral_angles[row], people.apex_angles[row], strength)
        sides = people.strengths[row] * strength / 5.0
        actions = {
            au: (float(right), float(left))
            for au, (right, left) in zip(NETWORK_AUS, sides, strict=True)
            if right or left
        }
        face = self._paint(row)
        return self.renderer.render(
            face,
            self.model.vertices(people.identity[row], weights),
            scene.camera,
            scene.light,
            scene.sensor,
            rng,
            rotation=rotation_matrix(angles),
            translation_cm=scene.translation_cm,
            gaze_rad=_gaze(weights, self.model.expression_names),
            furrows=furrow_strengths(actions, face.person),
            size=(self.size_px, self.size_px),
        )


def _between(start: Array, end: Array, share: float) -> Array:
    return start + share * (end - start)


def _gaze(weights: NDArray[np.float64], names: tuple[str, ...]) -> tuple[float, float]:
    """Return the turn of the eyes, left and up in radians, that goes with the lids' shapes."""

    def weight(name: str) -> float:
        return float(weights[names.index(name)])

    left = (
        weight("eyeLookOut_L")
        + weight("eyeLookIn_R")
        - weight("eyeLookIn_L")
        - weight("eyeLookOut_R")
    )
    up = weight("eyeLookUp_L") - weight("eyeLookDown_L")
    return 0.3 * left, 0.4 * up


def render_sequences(
    face_model: str | PathLike[str],
    n: int,
    *,
    random_state: int = 0,
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
    n_jobs: int = 1,
    progress: Callable[[Iterable[Any], int], Iterable[Any]] | None = None,
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
    n_jobs : int
        Processes.
    progress : callable, optional
        ``progress(parts, n_parts)`` returns the parts, for example in a progress bar.

    Returns
    -------
    LabelledSequences
        With furrows, and with skin tone, age, glasses, beard and head pose as attributes.
    """
    starts = range(0, n, 60)
    landmarks = find_landmark_model(landmark_model)
    jobs = (
        delayed(_render_and_measure)(
            str(face_model), n, random_state, landmarks, range(start, min(start + 60, n))
        )
        for start in starts
    )
    parts = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    rows = [row for part in (progress(parts, len(starts)) if progress else parts) for row in part]
    model = read_face_model(face_model)
    people = draw_people(model, n, np.random.default_rng(random_state))
    kept = np.array([row["row"] for row in rows])
    attributes = {name: np.array([row["person"][name] for row in rows]) for name in ATTRIBUTES}
    attributes |= {name: values[kept] for name, values in people.attributes().items()}
    for name in ("neutral_true_points", "true_points"):
        attributes[name] = np.stack([row[name] for row in rows])
    return LabelledSequences(
        neutral_points=np.stack([row["neutral_points"] for row in rows]),
        points=np.stack([row["points"] for row in rows]),
        neutral_furrows=np.stack([row["neutral_furrows"] for row in rows]),
        furrows=np.stack([row["furrows"] for row in rows]),
        aus=NETWORK_AUS,
        intensity=people.intensity[kept],
        subject=people.subject[kept],
        landmark_model=landmarks.name,
        attributes=attributes,
        source={
            "simulation": "rendered",
            "face_model_sha256": model.source_sha256,
            "random_state": random_state,
            "n_rendered": n,
            "n_found": len(rows),
        },
    )


def _render_and_measure(
    face_model: str, n: int, random_state: int, landmark_model: LandmarkModel, rows: range
) -> list[dict[str, Any]]:
    model = read_face_model(face_model)
    people = draw_people(model, n, np.random.default_rng(random_state))
    return measure_people(model, people, random_state, rows, landmark_model)


def measure_people(
    model: FaceModel,
    people: People,
    random_state: int,
    rows: Iterable[int],
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
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

    Returns
    -------
    list of dict
        For each sequence of which both faces were found: ``row``, what was measured (columns of
        `LabelledSequences`), the true landmarks, and the person's attributes.
    """
    cv2.setNumThreads(1)
    renderer = SequenceRenderer(model, people, random_state)
    tracker = FaceTracker(landmark_model)
    measured = []
    for row in rows:
        neutral, apex = renderer.render_pair(row)
        faces = [_measure(picture, tracker) for picture in (neutral, apex)]
        if faces[0] is not None and faces[1] is not None:
            person = renderer.person(row)
            measured.append(
                {
                    "row": row,
                    "neutral_points": faces[0][0],
                    "neutral_furrows": faces[0][1],
                    "points": faces[1][0],
                    "furrows": faces[1][1],
                    "neutral_true_points": neutral.mesh_landmarks,
                    "true_points": apex.mesh_landmarks,
                    "person": {name: getattr(person, name) for name in ATTRIBUTES},
                }
            )
    return measured


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
