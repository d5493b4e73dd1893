"""Pictures of the sequences of simulated people: the scene, and what the person looks like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import NETWORK_AUS
from au_detect.landmarks.pose import rotation_matrix
from au_detect.simulation.camera import Camera
from au_detect.simulation.collections.landmark_sequences import People
from au_detect.simulation.face.model import FaceModel
from au_detect.simulation.materials.folders import Materials
from au_detect.simulation.materials.stock import MaterialStock, PersonalShape, read_stock
from au_detect.simulation.rendering.appearance import Appearance, as_child, draw_appearance
from au_detect.simulation.rendering.coverings import draw_covering
from au_detect.simulation.rendering.furrow_lines import furrow_strengths
from au_detect.simulation.rendering.hair import draw_groom
from au_detect.simulation.rendering.light import Light, Sensor, draw_light, draw_sensor, vary_light
from au_detect.simulation.rendering.renderer import FaceRenderer, PaintedFace, Rendering

Array = NDArray[np.float64]

SIZE_PX = 320
FACE_CM = 13.0
FACE_SHARES = (0.2, 0.64)
"""Smallest and largest width of a face in the picture; 0.2 is 45 px between the eyes."""
NOTHING: Mapping[str, float] = {}
OTHER_LIGHT_SHARE = 0.25


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
    materials : Materials, optional
        Photographed skins and light probes; without them everything is painted.
    coverings : mapping
        What hides part of the face, and the share of the people who wear it.
    """

    def __init__(
        self,
        model: FaceModel,
        people: People,
        random_state: int,
        size_px: int = SIZE_PX,
        materials: Materials | None = None,
        coverings: Mapping[str, float] = NOTHING,
    ) -> None:
        self.model = model
        self.people = people
        self.random_state = random_state
        self.size_px = size_px
        self.coverings = coverings
        self.renderer = FaceRenderer(model)
        self.stock = (
            MaterialStock() if materials is None else read_stock(materials, self.renderer.surface)
        )
        self._painted: tuple[int, PaintedFace] | None = None
        self._shape: PersonalShape | None = None

    def render_pair(self, row: int) -> tuple[Rendering, Rendering]:
        """Render a neutral and an apex picture, taken at different times in changing light."""
        rng = np.random.default_rng([self.random_state, 1, row])
        scene = self._draw_scene(row, rng)
        later = (
            draw_light(rng) if rng.random() < OTHER_LIGHT_SHARE else vary_light(scene.light, rng)
        )
        neutral = self._render(row, 0.0, scene, rng)
        return neutral, self._render(row, 1.0, replace(scene, light=later).moved(rng), rng)

    def render_apex(self, row: int) -> Rendering:
        """Render the apex picture alone."""
        rng = np.random.default_rng([self.random_state, 6, row])
        return self._render(row, 1.0, self._draw_scene(row, rng), rng)

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
            own = np.random.default_rng([self.random_state, 4, subject])
            age_years = self.stock.draw_age_years(own)
            person = person if age_years is None else as_child(person, age_years)
            self._shape = self.stock.draw_shape(person, own)
            mesh = self._mesh(row, np.zeros(self.model.n_expression))
            painted = self.renderer.paint(
                person,
                mesh,
                photograph=self.stock.draw_photograph(person, own),
                brow=self.stock.draw_brow(own),
                covering=draw_covering(own, self.coverings),
                groom=draw_groom(own) if self.stock.skins else None,
            )
            self._painted = (subject, painted)
        return self._painted[1]

    def _mesh(self, row: int, weights: Array) -> NDArray[np.float32]:
        """Return the mesh of the person who was painted last, with an expression."""
        mesh = self.model.vertices(self.people.identity[row], weights)
        return mesh if self._shape is None else self._shape.worn(mesh, weights)

    def _draw_scene(self, row: int, rng: np.random.Generator) -> Scene:
        distance = float(self.people.distance_cm[row])
        face_px = self.size_px * np.exp(rng.uniform(*np.log(FACE_SHARES)))
        middle = (self.size_px / 2, self.size_px / 2)
        camera = Camera(face_px * distance / FACE_CM, middle, distance)
        scene = Scene(camera, draw_light(rng), draw_sensor(rng), np.zeros(3)).moved(rng)
        light = self.stock.draw_light(np.random.default_rng([self.random_state, 5, row]))
        return scene if light is None else replace(scene, light=light)

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
            self._mesh(row, weights),
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
