"""Grey pictures of simulated faces: mesh, skin, hair, glasses and light become pixels.

`FaceRenderer` is made once for a face model, `FaceRenderer.paint` once for a person, and
`FaceRenderer.render` for every picture. The same arguments and seed give the same picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import check_option, check_shape
from au_detect.simulation.camera import HEAD_TO_CAMERA, Camera
from au_detect.simulation.face.model import PARTS, FaceModel
from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.eyes import direction_of_mesh, find_eyes, settle_eyes
from au_detect.simulation.rendering.furrow_lines import resting_strengths
from au_detect.simulation.rendering.furrow_painting import PaintedFurrow, paint_furrows
from au_detect.simulation.rendering.hair import Groom
from au_detect.simulation.rendering.light import Light, Sensor, record
from au_detect.simulation.rendering.outline import LandmarkAnchors, visible_points
from au_detect.simulation.rendering.props import build_props
from au_detect.simulation.rendering.scene import Mesh, fold, luminance, place_points
from au_detect.simulation.rendering.skin import paint_skin
from au_detect.simulation.rendering.surface import read_surface


@dataclass(frozen=True, eq=False)
class Rendering:
    """A picture of a face.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width)
    landmarks : ndarray of float32, shape (68, 2)
        Where a person would put the landmarks, px: brows on their hairs, jaw on the visible
        contour, lips and lids on the edges that are seen.
    mesh_landmarks : ndarray of float32, shape (68, 2)
        The model's landmark vertices, px.
    further_points : ndarray of float32, shape (n_further, 2)
        Irises, and points of lids and lips between the landmarks, px.
    direction : ndarray of float64, shape (3,)
        Where the eyes look, in camera axes, of length 1.
    rotation : ndarray of float64, shape (3, 3)
        Of the head, in camera axes.
    camera : Camera
    """

    image: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    mesh_landmarks: NDArray[np.float32]
    further_points: NDArray[np.float32]
    direction: NDArray[np.float64]
    rotation: NDArray[np.float64]
    camera: Camera


@dataclass(frozen=True, eq=False)
class PaintedFace:
    """A person ready to be rendered: what `FaceRenderer.paint` prepares.

    Parameters
    ----------
    person : Appearance
    skin : ndarray of float32, shape (2, size, size, 4)
        Texture with resting lines.
    furrows : dict
        Name -> painted furrow of the right and the left half.
    mesh : Mesh
        The face with hair, clothes and glasses.
    anchors : LandmarkAnchors
        Where the landmarks lie on the mesh.
    """

    person: Appearance
    skin: NDArray[np.float32]
    furrows: dict[str, tuple[PaintedFurrow, PaintedFurrow]]
    mesh: Mesh
    anchors: LandmarkAnchors


class FaceRenderer:
    """Renders pictures of a face model's faces.

    Parameters
    ----------
    model : FaceModel
        An ICT-FaceKit model.

    Raises
    ------
    InputError
        If the model has another mesh.
    """

    def __init__(self, model: FaceModel) -> None:
        self.model = model
        self.surface = read_surface(model)
        self._eyes = find_eyes(model)
        self._ambient = self._open_to_surroundings()

    def paint(
        self,
        person: Appearance,
        neutral: ArrayLike,
        *,
        photograph: NDArray[np.float32] | None = None,
        brow: NDArray[np.float32] | None = None,
        covering: str = "none",
        groom: Groom | None = None,
    ) -> PaintedFace:
        """Prepare a person: about 0.2 s, for any number of pictures.

        Parameters
        ----------
        person : Appearance
        neutral : array_like, shape (n_vertices, 3)
            The person's mesh at rest, cm: hair and glasses are fitted to it.
        photograph : ndarray of float32, shape (2, size, size), optional
            Skin from a photograph, in parts of its mean reflectance.
        brow : ndarray of float32, shape (rows, columns), optional
            Hairs of a straight brow, see `brow_cover`.
        covering : str
            One of `COVERINGS`: what hides part of the face.
        groom : Groom, optional
            How the hair lies.

        Raises
        ------
        InputError
            If `neutral` has another shape.
        """
        vertices = np.asarray(neutral, dtype=np.float32)
        check_shape("neutral", vertices, self.model.neutral.shape)
        rng = np.random.default_rng(person.seed)
        skin = paint_skin(self.surface, person, rng, photograph, brow)
        furrows = paint_furrows(self.surface, rng)
        fold(skin[0], furrows, resting_strengths(person))
        return PaintedFace(
            person=person,
            skin=skin,
            furrows=furrows,
            mesh=Mesh(
                self.surface,
                build_props(self.surface, person, vertices, rng, covering, groom),
                self._ambient,
            ),
            anchors=LandmarkAnchors.of(self.surface, person),
        )

    def render(
        self,
        face: PaintedFace,
        vertices: ArrayLike,
        camera: Camera,
        light: Light,
        sensor: Sensor,
        rng: np.random.Generator,
        *,
        rotation: ArrayLike | None = None,
        translation_cm: ArrayLike = (0.0, 0.0, 0.0),
        gaze_rad: tuple[float, float] = (0.0, 0.0),
        furrows: Mapping[str, tuple[float, float]] | None = None,
        size: tuple[int, int] = (320, 320),
    ) -> Rendering:
        """Render one picture.

        Parameters
        ----------
        face : PaintedFace
        vertices : array_like, shape (n_vertices, 3)
            The mesh now, with identity and expression, cm.
        camera : Camera
            In pixels of the picture.
        light : Light
        sensor : Sensor
        rng : numpy.random.Generator
            Noise of this picture.
        rotation : array_like, shape (3, 3), optional
            Of the head, in camera axes; none by default.
        translation_cm : array_like, shape (3,)
            Of the head, in camera axes.
        gaze_rad : tuple of float
            Turn of the mesh's eyes to the subject's left and up, relative to the head; real eyes
            that look so are turned further, see `Rendering.direction`.
        furrows : mapping, optional
            Furrow -> depth right, left, as `furrow_strengths` gives it.
        size : tuple of int
            Height and width, px.

        Raises
        ------
        InputError
            If an array has another shape, or a furrow is not known.
        """
        mesh = np.asarray(vertices, dtype=np.float32)
        check_shape("vertices", mesh, self.model.neutral.shape)
        turn = np.eye(3) if rotation is None else np.asarray(rotation, dtype=float)
        check_shape("rotation", turn, (3, 3))
        shift = np.asarray(translation_cm, dtype=float)
        check_shape("translation_cm", shift, (3,))
        for name in furrows or {}:
            check_option("furrows", name, face.furrows)
        face_skin = face.skin[0].copy()
        fold(face_skin, face.furrows, furrows or {})
        mesh = settle_eyes(self._eyes, self.model, mesh, gaze_rad)
        points = place_points(face.mesh, mesh, turn, shift, camera.distance_cm)
        light_in, level = luminance(
            face.mesh, face.person, face_skin, face.skin[1], points, turn, camera, light, size
        )
        flat, depth_cm = camera.project(mesh, turn, shift)
        axes, _ = camera.project(np.array([[0.0, 0, 0], [1, 0, 0], [0, -1, 0]]), turn, shift)
        landmarks, further = visible_points(
            face.anchors, flat, depth_cm, axes[1] - axes[0], axes[2] - axes[0]
        )
        return Rendering(
            image=record(light_in, level, sensor, rng),
            landmarks=landmarks,
            mesh_landmarks=flat[self.model.landmark_vertices].astype(np.float32),
            further_points=further,
            direction=turn @ (direction_of_mesh(gaze_rad) * HEAD_TO_CAMERA),
            rotation=turn,
            camera=camera,
        )

    def _open_to_surroundings(self) -> NDArray[np.float32]:
        """Return the share of the surroundings that the vertices see, mended inside the mouth."""
        ambient = np.clip(0.02 + 1.05 * self.surface.ambient, 0, 1)
        y = self.model.neutral[:, 1]
        around_eyes = (y > 2.2) & (y < 5.0) & (self.model.neutral[:, 2] > 7)
        ambient[around_eyes] = np.maximum(ambient[around_eyes], 0.3)
        for part in ("teeth", "gums", "mouth_socket", "eyelashes"):
            ambient[PARTS[part]] = 1.0
        for part in ("left_sclera", "right_sclera"):
            ambient[PARTS[part]] = 0.75
        return ambient.astype(np.float32)
