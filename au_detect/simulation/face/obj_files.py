"""Wavefront OBJ files: their numbers, and the corners of their faces."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError


def is_obj(path: Path) -> bool:
    """Return whether a file is called an OBJ file, packed or not."""
    return path.name.endswith((".obj", ".obj.gz"))


def read_bytes(path: Path, digest: hashlib._Hash) -> bytes:
    """Return the unpacked content of a file, and add its name and content to `digest`."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    digest.update(path.name.removesuffix(".gz").encode() + b"\0" + content)
    return content


def read_rows(
    text: bytes, keyword: bytes, path: Path, n_expected: int | None = None
) -> NDArray[np.float32]:
    """Return the numbers behind a keyword, a row for every line that starts with it.

    Raises
    ------
    InputError
        If there are not `n_expected` such lines, or none.
    """
    lines = [line[len(keyword) :] for line in text.splitlines() if line.startswith(keyword)]
    if not lines or (n_expected is not None and len(lines) != n_expected):
        raise InputError(
            f"{path} must hold {n_expected or 'some'} lines of {keyword.decode().strip()!r}, "
            f"got {len(lines)}"
        )
    values = np.array(b" ".join(lines).split(), dtype=np.float64)
    return values.reshape(len(lines), -1).astype(np.float32)


def read_corners(text: bytes) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the rows of vertices and of UVs at the corners of every face, -1 where none."""
    lines = [line[2:].split() for line in text.splitlines() if line.startswith(b"f ")]
    corners = np.full((2, len(lines), 4), -1, dtype=np.int32)
    for row, line in enumerate(lines):
        for column, corner in enumerate(line):
            vertex, uv = corner.split(b"/")[:2]
            corners[:, row, column] = int(vertex) - 1, int(uv) - 1
    return corners[0], corners[1]
