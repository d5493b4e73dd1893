"""Render one face at rest and with every action unit (AU), for the page on action units.

    python docs/make_action_units.py FACE_MODEL

The face is that of a random person of the morphable face model; the head, the light and the camera
stay as they are, so that the pictures differ by the action alone. Pictures are written to
``docs/action_units/``.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.facs import BLINK, EYES_CLOSED, NETWORK_AUS, au_label
from au_detect.simulation.camera import Camera
from au_detect.simulation.face.actions import AU_COLUMN, N_AUS, expression_weights
from au_detect.simulation.face.model import FaceModel, read_face_model
from au_detect.simulation.face.rest import lip_closing
from au_detect.simulation.rendering.appearance import Appearance, draw_appearance
from au_detect.simulation.rendering.furrow_lines import furrow_strengths
from au_detect.simulation.rendering.light import Light, Sensor
from au_detect.simulation.rendering.renderer import FaceRenderer

FOLDER = Path(__file__).with_name("action_units")
SEED = 3
SIZE_PX, FACE_SHARE, FACE_CM, DISTANCE_CM = 256, 0.6, 13.0, 90.0
JPEG_QUALITY = 84
STRONG = 4.0
"""Strength of the action on the FACS scale (0 to 5): D."""
SEEN_WITH = {22: (25,), 26: (25,), 27: (25,)}
"""AU -> others that are nearly always there with it."""
LIPS_MEET_IOD = 0.004

Array = NDArray[np.float64]


def draw_person() -> Appearance:
    """Return the looks of the person: nothing hides the face, and the skin folds well."""
    drawn = draw_appearance(np.random.default_rng(SEED))
    return replace(
        drawn, skin_reflectance=0.26, age_years=38.0, age_lines=0.15, expressivity=0.9,
        freckles=0.0, n_moles=1, pores=0.35, mottling=0.3, gloss=0.2, brow_thickness_cm=0.6,
        brow_density=0.9, brow_reflectance=0.03, brow_drop_cm=0.8, iris_reflectance=0.03,
        sclera_reflectance=0.42, lashes=0.4, lip_contrast=0.6, beard="none", glasses="none",
        hair="short", hair_reflectance=0.03, hair_thickness_cm=1.2, cloth_reflectance=0.2,
        cloth_stripes=0.0, background="plain", background_level=0.75,
    )  # fmt: skip


def scene() -> tuple[Camera, Light, Sensor]:
    """Return a camera before the face, and soft light from above on either side."""
    middle = (SIZE_PX / 2, SIZE_PX * 0.47)
    camera = Camera(SIZE_PX * FACE_SHARE * DISTANCE_CM / FACE_CM, middle, DISTANCE_CM)
    directions = np.array([[-0.55, -0.55, -0.8], [0.75, -0.4, -0.7]])
    light = Light(
        directions=directions / np.linalg.norm(directions, axis=1, keepdims=True),
        strengths=np.array([0.65, 0.25]),
        softness=0.6,
        ambient=0.35,
        ambient_axis=np.array([0.0, -1.0, 0.0]),
        ambient_contrast=0.4,
    )
    sensor = Sensor(
        exposure=0.36, auto_exposure=1.0, gamma=2.2, contrast=0.3, blur_px=0.3, motion_px=0.0,
        motion_angle_rad=0.0, noise=0.8, noise_grain_px=1.0, sharpening=0.4, jpeg_quality=None,
    )  # fmt: skip
    return camera, light, sensor


def strengths_of(au: int) -> Array:
    """Return strengths (1, n_aus, 2) of a face that shows an AU, on both sides."""
    shown = EYES_CLOSED if au == BLINK else au
    strengths = np.zeros((1, N_AUS, 2))
    for number in (shown, *SEEN_WITH.get(au, ())):
        strengths[0, AU_COLUMN[number]] = 5.0 if number == EYES_CLOSED else STRONG
    return strengths


class Portrait:
    """One person, of whom pictures can be taken."""

    def __init__(self, model: FaceModel) -> None:
        self.model, self.renderer = model, FaceRenderer(model)
        rng = np.random.default_rng(SEED)
        self.identity = rng.normal(0, 0.6, (1, model.n_identity))
        self.rest = np.zeros((1, model.n_expression))
        self._meet_lips(self.rest)
        mesh = model.vertices(self.identity[0], np.zeros(model.n_expression))
        self.face = self.renderer.paint(draw_person(), mesh)

    def take(self, strengths: Array) -> NDArray[np.uint8]:
        """Return a picture of the face with AUs of these strengths, (1, n_aus, 2)."""
        weights = self.rest + expression_weights(strengths, self.model.expression_names)
        sides = {
            au: (float(right) / 5, float(left) / 5)
            for au, (right, left) in zip(NETWORK_AUS, strengths[0], strict=True)
            if right or left
        }
        camera, light, sensor = scene()
        return self.renderer.render(
            self.face,
            self.model.vertices(self.identity[0], weights[0]),
            camera,
            light,
            sensor,
            np.random.default_rng(SEED),
            furrows=furrow_strengths(sides, self.face.person),
            size=(SIZE_PX, SIZE_PX),
        ).image

    def _meet_lips(self, weights: Array) -> None:
        close = self.model.expression_names.index("mouthClose")
        weights[:, close] += lip_closing(
            self.model, self.identity, weights, np.array([LIPS_MEET_IOD])
        )


def write(name: str, image: NDArray[np.uint8]) -> None:
    """Write one picture."""
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    cv2.imwrite(str(FOLDER / f"{name}.jpg"), image, options)


def main() -> None:
    """Parse the command line and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model", type=Path)
    portrait = Portrait(read_face_model(parser.parse_args().face_model))
    FOLDER.mkdir(exist_ok=True)
    write("neutral", portrait.take(np.zeros((1, N_AUS, 2))))
    for au in NETWORK_AUS:
        write(au_label(au), portrait.take(strengths_of(au)))


if __name__ == "__main__":
    main()
