"""A morphable face model (ICT-FaceKit) from disk: a neutral mesh plus identity and expression.

Coordinates are centimetres in the axes of the head: x to the subject's left, y up, z out of
the face. The vertex order, and with it `PARTS`, is that of ICT-FaceKit (Li et al. 2020).
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_shape
from au_detect.landmarks import N_LANDMARKS
from au_detect.simulation.face.obj_files import is_obj, read_bytes, read_corners, read_rows

N_IDENTITY_FILES = 100
N_VERTICES = 26719

PARTS: dict[str, slice] = {
    "narrow_face": slice(0, 6706),
    "face": slice(0, 9409),
    "head": slice(9409, 11248),
    "mouth_socket": slice(11248, 13294),
    "eye_sockets": slice(13294, 14062),
    "gums": slice(14062, 17039),
    "teeth": slice(17039, 21451),
    "left_sclera": slice(21451, 22221),
    "left_iris": slice(22221, 23021),
    "right_sclera": slice(23021, 23791),
    "right_iris": slice(23791, 24591),
    "lacrimal_fluid": slice(24591, 24999),
    "eye_blend": slice(24999, 25047),
    "eye_occlusion": slice(25047, 25351),
    "eyelashes": slice(25351, N_VERTICES),
}
"""The vertices of every part of the mesh."""


@dataclass(frozen=True, eq=False)
class FaceModel:
    """A linear model of faces: neutral + identity @ modes + expression @ shapes.

    Parameters
    ----------
    neutral : ndarray of float32, shape (n_vertices, 3)
        The mean face at rest, cm.
    identity : ndarray of float32, shape (n_identity, n_vertices, 3)
        Displacement of one standard deviation of every identity mode, cm.
    expression : ndarray of float32, shape (n_expression, n_vertices, 3)
        Displacement of every expression shape at full strength, cm.
    expression_names : tuple of str
        Names of the expression shapes, such as ``"browDown_L"``.
    faces, face_uvs : ndarray of int32, shape (n_faces, 4)
        Corners of the quads as rows of `neutral` and of `uv`; -1 in the last column of a triangle.
    uv : ndarray of float32, shape (n_uvs, 2)
        Texture coordinates.
    landmark_vertices : ndarray of int, shape (68,)
        The vertex of every iBUG landmark.
    source_sha256 : str
        SHA-256 of the file, or of the files of the folder in order of their names.

    Raises
    ------
    InputError
        If the arrays do not fit each other.
    """

    neutral: NDArray[np.float32]
    identity: NDArray[np.float32]
    expression: NDArray[np.float32]
    expression_names: tuple[str, ...]
    faces: NDArray[np.int32]
    face_uvs: NDArray[np.int32]
    uv: NDArray[np.float32]
    landmark_vertices: NDArray[np.intp]
    source_sha256: str

    def __post_init__(self) -> None:
        check_shape("neutral", self.neutral, ("n_vertices", 3))
        check_shape("identity", self.identity, ("n_identity", len(self.neutral), 3))
        shape = (len(self.expression_names), len(self.neutral), 3)
        check_shape("expression", self.expression, shape)
        check_shape("faces", self.faces, ("n_faces", 4))
        check_shape("face_uvs", self.face_uvs, (len(self.faces), 4))
        check_shape("uv", self.uv, ("n_uvs", 2))
        check_shape("landmark_vertices", self.landmark_vertices, (N_LANDMARKS,))

    @property
    def n_identity(self) -> int:
        """Number of identity modes."""
        return len(self.identity)

    @property
    def n_expression(self) -> int:
        """Number of expression shapes."""
        return len(self.expression)

    def vertices(self, identity: ArrayLike, expression: ArrayLike) -> NDArray[np.float32]:
        """Return the mesh of one face, shape (n_vertices, 3), cm.

        Parameters
        ----------
        identity : array_like, shape (n_identity,)
            Coefficients in standard deviations.
        expression : array_like, shape (n_expression,)
            Strengths, 1 for the full shape.

        Raises
        ------
        InputError
            If a shape is another.
        """
        rows = [np.asarray(given, dtype=np.float32)[None] for given in (identity, expression)]
        return self._blend(rows[0], rows[1], self.neutral, self.identity, self.expression)[0]

    def landmarks(self, identity: ArrayLike, expression: ArrayLike) -> NDArray[np.float32]:
        """Return the landmark vertices of many faces, shape (n, 68, 3), cm.

        Parameters
        ----------
        identity : array_like, shape (n, n_identity)
            Coefficients in standard deviations.
        expression : array_like, shape (n, n_expression)
            Strengths, 1 for the full shape.

        Raises
        ------
        InputError
            If a shape is another, or the numbers of rows differ.
        """
        picked = self.landmark_vertices
        return self._blend(
            np.asarray(identity, dtype=np.float32),
            np.asarray(expression, dtype=np.float32),
            self.neutral[picked],
            self.identity[:, picked],
            self.expression[:, picked],
        )

    def _blend(
        self,
        identity: NDArray[np.float32],
        expression: NDArray[np.float32],
        neutral: NDArray[np.float32],
        modes: NDArray[np.float32],
        shapes: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        check_shape("identity", identity, ("n", self.n_identity))
        check_shape("expression", expression, (len(identity), self.n_expression))
        blended = identity @ modes.reshape(len(modes), -1)
        blended += expression @ shapes.reshape(len(shapes), -1)
        return blended.reshape(-1, *neutral.shape) + neutral


def read_face_model(path: str | PathLike[str], *, allow_missing: bool = False) -> FaceModel:
    """Read a face model from a compact ``.npz`` file or an ICT-FaceKit folder of OBJ files.

    Parameters
    ----------
    path : path
        The ``.npz`` file, or the folder (``FaceXModel``) that holds ``vertex_indices.json``,
        ``generic_neutral_mesh.obj``, ``identityNNN.obj`` and one file for every expression;
        files may be gzip-compressed (``.obj.gz``).
    allow_missing : bool
        Take an incomplete folder as it is instead of refusing it.

    Returns
    -------
    FaceModel

    Raises
    ------
    InputError
        If the path is no such file or folder, shapes are missing, or meshes do not fit.
    """
    source = Path(path)
    if source.is_dir():
        return _read_folder(source, allow_missing)
    if not source.is_file():
        raise InputError(f"face model must be an .npz file or a folder of OBJ files, got {source}")
    return _read_npz(source)


def _read_npz(path: Path) -> FaceModel:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            stored = {name: arrays[name] for name in arrays.files}
        return FaceModel(
            neutral=stored["neutral"].astype(np.float32),
            identity=stored["identity"].astype(np.float32),
            expression=stored["expression"].astype(np.float32),
            expression_names=tuple(str(name) for name in stored["expression_names"]),
            faces=stored["faces"].astype(np.int32),
            face_uvs=stored["face_uvs"].astype(np.int32),
            uv=stored["uv"].astype(np.float32),
            landmark_vertices=stored["landmarks68"].astype(np.intp),
            source_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )
    except KeyError as error:
        raise InputError(f"face model {path} must hold the array {error}, got none") from error
    except (OSError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"face model {path} cannot be read as .npz: {error}") from error


def _read_folder(folder: Path, allow_missing: bool) -> FaceModel:
    files = {p.name.split(".")[0]: p for p in sorted(folder.glob("*.obj*")) if is_obj(p)}
    neutral_file = files.pop("generic_neutral_mesh", None)
    if neutral_file is None:
        raise InputError(f"face model {folder} must hold generic_neutral_mesh.obj, got none")
    listed = _read_index(folder / "vertex_indices.json")
    if not allow_missing:
        _refuse_missing(folder, files, listed["expressions"])
    digest = hashlib.sha256()
    text = read_bytes(neutral_file, digest)
    neutral = read_rows(text, b"v ", neutral_file)
    corners, corner_uvs = read_corners(text)
    shapes = {
        name: read_rows(read_bytes(file, digest), b"v ", file, len(neutral)) - neutral
        for name, file in files.items()
    }
    identities = [shape for name, shape in shapes.items() if name.startswith("identity")]
    expressions = {n: shape for n, shape in shapes.items() if not n.startswith("identity")}
    empty = np.zeros((0, *neutral.shape), dtype=np.float32)
    return FaceModel(
        neutral=neutral,
        identity=np.stack(identities) if identities else empty,
        expression=np.stack(list(expressions.values())) if expressions else empty,
        expression_names=tuple(expressions),
        faces=corners,
        face_uvs=corner_uvs,
        uv=read_rows(text, b"vt ", neutral_file)[:, :2],
        landmark_vertices=np.array(listed["idx_to_landmark_verts"], dtype=np.intp),
        source_sha256=digest.hexdigest(),
    )


def _read_index(path: Path) -> dict[str, Any]:
    """Return the names of the shapes and the landmark vertices that come with the meshes."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        return {name: listed[name] for name in ("expressions", "idx_to_landmark_verts")}
    except FileNotFoundError as error:
        raise InputError(f"face model must come with {path.name}, got no {path}") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} must list expressions and idx_to_landmark_verts, got {error}"
        ) from error


def _refuse_missing(folder: Path, files: Collection[str], expressions: list[str]) -> None:
    wanted = [f"identity{i:03d}" for i in range(N_IDENTITY_FILES)] + expressions
    missing = [name for name in wanted if name not in files]
    if missing:
        raise InputError(
            f"face model {folder} must hold {len(wanted)} shapes as OBJ files, "
            f"got {len(wanted) - len(missing)}; missing: {_shortened(missing)}"
        )


def _shortened(names: list[str], n_shown: int = 5) -> str:
    shown = ", ".join(names[:n_shown])
    return shown if len(names) <= n_shown else f"{shown} and {len(names) - n_shown} more"
