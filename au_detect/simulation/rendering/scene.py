"""One picture's geometry and light: from meshes to linear luminance."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.camera import HEAD_TO_CAMERA, Camera
from au_detect.simulation.face.model import PARTS
from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.background import paint_background
from au_detect.simulation.rendering.eyes import find_eyes
from au_detect.simulation.rendering.furrow_painting import PaintedFurrow
from au_detect.simulation.rendering.lenses import glaze
from au_detect.simulation.rendering.light import Light
from au_detect.simulation.rendering.meshes import LASH_MASK, NECK_PIVOT_CM, Props
from au_detect.simulation.rendering.rasterizer import rasterize, texture_gradients, vertex_normals
from au_detect.simulation.rendering.shading import shade, shade_openings
from au_detect.simulation.rendering.surface import (
    CLOTH,
    FRAME,
    HAIR,
    HELD,
    LASHES,
    SKIN,
    Surface,
    visible_from,
)

SUPERSAMPLING = 1.5
N_SHADOWS = 2


def fold(
    face_skin: NDArray[np.float32],
    furrows: Mapping[str, tuple[PaintedFurrow, PaintedFurrow]],
    strengths: Mapping[str, tuple[float, float]],
) -> None:
    """Add furrows of the given strengths (right, left) to the face's texture in place."""
    for name, pair in strengths.items():
        for furrow, strength in zip(furrows[name], pair, strict=True):
            if strength > 0.01:
                window = face_skin[furrow.window]
                window[..., 1:3] += np.float32(strength) * furrow.slopes
                window[..., 0] *= 1 - np.clip(np.float32(strength) * furrow.shade, 0, 0.7)


class Mesh:
    """The triangles of a face and its props; made once for a person.

    Parameters
    ----------
    surface : Surface
    props : Props
    ambient : ndarray of float32, shape (n_vertices,)
        Share of the surroundings that the face's vertices see.
    """

    def __init__(self, surface: Surface, props: Props, ambient: NDArray[np.float32]) -> None:
        self.props = props
        bare = ~props.covered
        own_material = surface.material[bare]
        self.triangles = np.concatenate([surface.triangles[bare], props.triangles])
        self.corner_uvs = np.concatenate([surface.corner_uvs[bare], props.corner_uvs])
        self.material = np.concatenate([own_material, props.material])
        n = len(props.triangles)
        self.layer = np.concatenate([surface.layer[bare], np.zeros(n, dtype=np.int8)])
        own = np.where(own_material == LASHES, LASH_MASK, -1).astype(np.int8)
        self.cutout = np.concatenate([own, props.cutout])
        self.two_sided = np.isin(self.material, (HAIR, LASHES, CLOTH, FRAME, HELD))
        n_skin = int(np.flatnonzero(own_material == SKIN).max()) + 1
        self.skin_triangles, self.skin_uvs = self.triangles[:n_skin], self.corner_uvs[:n_skin]
        solid = np.isin(self.material, (SKIN, HAIR, FRAME, HELD))
        self.solid, self.solid_two_sided = self.triangles[solid], self.two_sided[solid]
        self.ambient = np.concatenate([ambient, np.full(len(props.points), 0.9, np.float32)])
        y = np.clip((surface.model.neutral[:, 1] + 8.0) / -5.0, 0, 1)
        self.on_body = np.concatenate([y * y * (3 - 2 * y), props.on_body])
        self.extra = np.concatenate([_mouth_light(surface), props.extra])


def place_points(
    mesh: Mesh,
    vertices: NDArray[np.float32],
    rotation: NDArray[np.float64],
    translation_cm: NDArray[np.float64],
    distance_cm: float,
) -> NDArray[np.float32]:
    """Return face and props in camera axes from the camera, shape (n, 3), cm."""
    head = np.concatenate([vertices, mesh.props.placed(vertices)]) * HEAD_TO_CAMERA
    pivot = NECK_PIVOT_CM * HEAD_TO_CAMERA
    turned = head @ rotation.T
    placed = turned + mesh.on_body[:, None] * (head - pivot + rotation @ pivot - turned)
    placed += translation_cm
    placed[:, 2] += distance_cm
    return placed.astype(np.float32)


def look_of(person: Appearance) -> NDArray[np.float32]:
    """Return the constants of `shade` for a person."""
    gums = 0.09 + 0.15 * person.skin_reflectance
    lashes = min(0.03, 0.5 * person.skin_reflectance)
    return np.array(
        [
            person.iris_reflectance, person.sclera_reflectance, person.tooth_reflectance, gums,
            person.hair_reflectance, person.frame_reflectance, person.cloth_reflectance,
            person.hair_contrast, lashes, person.cloth_stripes,
            0.06 + 0.35 * person.hair_reflectance,
        ],
        dtype=np.float32,
    )  # fmt: skip


def luminance(
    mesh: Mesh,
    person: Appearance,
    face_skin: NDArray[np.float32],
    head_skin: NDArray[np.float32],
    points: NDArray[np.float32],
    rotation: NDArray[np.float64],
    camera: Camera,
    light: Light,
    size: tuple[int, int],
) -> tuple[NDArray[np.float32], float]:
    """Return the linear luminance of a picture of `size`, and the mean luminance of the skin."""
    fine = (round(size[0] * SUPERSAMPLING), round(size[1] * SUPERSAMPLING))
    flat = camera.focal_px * points[:, :2] / points[:, 2:] + np.asarray(camera.center_px)
    pixels = (flat * SUPERSAMPLING + 0.5 * (SUPERSAMPLING - 1)).astype(np.float32)
    nearest = np.full(fine, np.inf, dtype=np.float32)
    owner = np.full(fine, -1, dtype=np.int32)
    rasterize(
        pixels, np.ascontiguousarray(points[:, 2]), mesh.triangles, mesh.two_sided, mesh.cutout,
        mesh.corner_uvs, mesh.props.masks, nearest, owner,
    )  # fmt: skip
    behind = paint_background(person, size, light.panorama)
    picture = cv2.resize(behind, (fine[1], fine[0]), interpolation=cv2.INTER_LINEAR)
    shade(
        owner, mesh.triangles, mesh.material, mesh.layer, mesh.corner_uvs,
        texture_gradients(points, mesh.skin_triangles, mesh.skin_uvs), pixels, points,
        vertex_normals(points, mesh.triangles), mesh.ambient, _lit(mesh, points, light),
        mesh.extra, face_skin, head_skin, _light_rows(light),
        light.surroundings.astype(np.float32),
        look_of(person), picture,
    )  # fmt: skip
    px_per_cm = SUPERSAMPLING * camera.focal_px / camera.distance_cm
    shade_openings(owner, mesh.material, px_per_cm, 0.3 + 0.5 * person.lashes, picture)
    skin_level = picture[(owner >= 0) & (mesh.material[owner] == SKIN)]
    level = float(skin_level.mean()) if len(skin_level) else 0.3
    glaze(mesh.props, person, pixels, rotation, level, light.panorama, picture)
    return cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_AREA), level


def _lit(mesh: Mesh, points: NDArray[np.float32], light: Light) -> NDArray[np.float32]:
    """Return how much of every light every point sees; only strong lights cast shadows."""
    lit = np.ones((len(points), len(light.strengths)), dtype=np.float32)
    for k in np.argsort(light.strengths)[::-1][:N_SHADOWS]:
        if light.strengths[k] < 0.15 * (light.strengths.sum() + light.surroundings[0]):
            break
        lit[:, k] = visible_from(
            light.directions[k], points, mesh.solid, mesh.solid_two_sided, bias_cm=0.3, size=128,
            radius_cm=light.softness,
        )  # fmt: skip
    return lit


def _light_rows(light: Light) -> NDArray[np.float32]:
    half = light.directions + np.array([0.0, 0.0, -1.0])
    half /= np.linalg.norm(half, axis=1, keepdims=True) + 1e-9
    return np.column_stack([light.directions, light.strengths, half]).astype(np.float32)


def _mouth_light(surface: Surface) -> NDArray[np.float32]:
    """Return the shader's extra values of the face: eyes' directions, light inside the mouth."""
    neutral = surface.model.neutral
    extra = np.zeros_like(neutral)
    depth = np.clip((neutral[:, 2] - 5.5) / 5.0, 0, 1)
    extra[PARTS["teeth"], 0] = 0.15 + 0.85 * depth[PARTS["teeth"]]
    extra[PARTS["gums"], 0] = 0.1 + 0.8 * depth[PARTS["gums"]] ** 2
    extra[PARTS["mouth_socket"], 0] = 0.05 + 0.4 * depth[PARTS["mouth_socket"]] ** 3
    for eye in find_eyes(surface.model):
        extra[eye.ball] = neutral[eye.ball] - eye.middle
    return extra
