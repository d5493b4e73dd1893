"""Photographed skins on MakeHuman's texture coordinates, brought onto the face model's texture."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.simulation.materials.cache import cached
from au_detect.simulation.materials.makehuman import (
    MakeHumanHead,
    find_base_mesh,
    read_makehuman_head,
)
from au_detect.simulation.materials.registration import OutsideSkin, register
from au_detect.simulation.rendering.surface import TEXTURE_SIZE, Surface

SKIN_ENDINGS = (".jpg", ".jpeg", ".png")
LUMA = (0.0722, 0.7152, 0.2126)
"""Weights of blue, green and red in the luminance (ITU-R BT.709)."""
NECK_FADE_CM = (59.0, 62.0)
"""Heights on MakeHuman's head between which a photograph takes over from plain skin."""
TONE_RANGE = (0.03, 2.0)
_CACHE_VERSION = 1


@dataclass(frozen=True, eq=False)
class PhotographedSkins:
    """Skins as the renderer takes them.

    Parameters
    ----------
    names : tuple of str
        Of the files, without ending.
    reflectance : ndarray of float32, shape (n,)
        Mean linear luminance of each face, in [0, 1].
    tone : ndarray of float16, shape (n, 2, size, size)
        Luminance of every texel in parts of the mean.
    """

    names: tuple[str, ...]
    reflectance: NDArray[np.float32]
    tone: NDArray[np.float16]


def read_skins(
    folder: str | PathLike[str], makehuman: str | PathLike[str], surface: Surface
) -> PhotographedSkins:
    """Read photographed skins and lay them on a face model's texture.

    What was computed is kept in the user's cache, by the content of every file behind it.

    Parameters
    ----------
    folder : path
        Square pictures on the canvas of MakeHuman's skins.
    makehuman : path
        Folder of the mesh, see `read_makehuman_head`.
    surface : Surface
        Of the face model.

    Raises
    ------
    InputError
        If the folder holds no pictures, one of them is not square or cannot be read, or the
        mesh is missing.
    """
    files = find_skins(folder)
    digest = hashlib.sha256(f"{_CACHE_VERSION} {surface.model.source_sha256}".encode())
    for path in (find_base_mesh(makehuman), *files):
        digest.update(path.name.encode() + path.read_bytes())
    arrays = cached(
        "skins", digest, lambda: _arrays(lay_skins(files, surface, read_makehuman_head(makehuman)))
    )
    names = tuple(str(name) for name in arrays["names"])
    return PhotographedSkins(names, arrays["reflectance"], arrays["tone"])


def _arrays(skins: PhotographedSkins) -> dict[str, NDArray[Any]]:
    return {
        "names": np.array(skins.names), "reflectance": skins.reflectance, "tone": skins.tone
    }  # fmt: skip


def find_skins(folder: str | PathLike[str]) -> list[Path]:
    """Return the pictures of a folder, in order of their names.

    Raises
    ------
    InputError
        If there are none.
    """
    root = Path(folder)
    files = sorted(p for p in root.glob("*") if p.suffix.lower() in SKIN_ENDINGS)
    if not files:
        raise InputError(
            f"skins must be a folder of {', '.join(SKIN_ENDINGS)} pictures on the canvas of "
            f"MakeHuman's skins, got {root}"
        )
    return files


def lay_skins(files: Sequence[Path], surface: Surface, head: MakeHumanHead) -> PhotographedSkins:
    """Return skins from their pictures, laid on a face model's texture; takes half a minute."""
    uv, weight = texel_uvs(surface, head)
    face = (weight[0] > 0.99) & (surface.positions[0][..., 2] > 3)
    means, tones = [], []
    for path in files:
        light = _luminance(path)
        size = light.shape[0]
        x, y = uv[..., 0] * size - 0.5, (1 - uv[..., 1]) * size - 0.5
        laid = np.stack([cv2.remap(light, x[k], y[k], cv2.INTER_LINEAR) for k in (0, 1)])
        mean = float(np.median(laid[0][face]))
        tone = np.clip(laid / max(mean, 1e-3), *TONE_RANGE)
        means.append(mean)
        tones.append((1 + weight * (tone - 1)).astype(np.float16))
    names = tuple(path.stem for path in files)
    return PhotographedSkins(names, np.array(means, dtype=np.float32), np.stack(tones))


def texel_uvs(
    surface: Surface, head: MakeHumanHead
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where the face model's texels lie on MakeHuman's texture.

    Returns
    -------
    uv : ndarray of float32, shape (2, size, size, 2)
        v from the bottom.
    weight : ndarray of float32, shape (2, size, size)
        0 where the photographs show no skin, as below the neck, to 1.
    """
    skin = OutsideSkin(head)
    bent = register(surface, head, skin)
    places = surface.spread(bent.vertices).reshape(-1, 3).astype(float)
    normals = surface.spread(bent.normals).reshape(-1, 3).astype(float)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    owner, weights = skin.nearest(places, normals)
    uv = np.einsum("nk,nkd->nd", weights, skin.corner_uvs[owner])
    low, high = NECK_FADE_CM
    rise = np.clip((skin.places(owner, weights)[:, 1] - low) / (high - low), 0, 1)
    shape = (2, TEXTURE_SIZE, TEXTURE_SIZE)
    return uv.reshape(*shape, 2).astype(np.float32), rise.reshape(shape).astype(np.float32)


def _luminance(path: Path) -> NDArray[np.float32]:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None or picture.shape[0] != picture.shape[1]:
        got = "no picture" if picture is None else f"{picture.shape[1]} x {picture.shape[0]} px"
        raise InputError(f"skin {path} must be a square picture, got {got}")
    linear = (np.arange(256, dtype=np.float32) / 255) ** np.float32(2.2)
    return np.asarray(linear[picture] @ np.array(LUMA, dtype=np.float32), dtype=np.float32)
