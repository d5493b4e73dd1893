"""Brows from pictures of their hairs: straightened, so that the renderer can bend them anew.

A picture shows a brow and, below it, its mirror image; its fourth channel says where hairs are.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError

ENDING = ".png"
STRIP_SIZE = (64, 192)
"""Rows across a brow, from twice its half height above its middle to as far below, and columns
from its inner to its outer end."""
_LEAST_COVER = 0.08


def read_brow_maps(folder: str | PathLike[str]) -> tuple[NDArray[np.float32], ...]:
    """Read the brows of a folder, in order of their names.

    Returns
    -------
    tuple of ndarray of float32, shape `STRIP_SIZE`
        How much of the skin the hairs hide, in [0, 1].

    Raises
    ------
    InputError
        If there are none, or one has no fourth channel or shows nothing.
    """
    return tuple(straightened(_hairs(path)) for path in find_brow_maps(folder))


def find_brow_maps(folder: str | PathLike[str]) -> list[Path]:
    """Return the pictures of brows in a folder.

    Raises
    ------
    InputError
        If there are none.
    """
    files = sorted(Path(folder).glob(f"*{ENDING}"))
    if not files:
        raise InputError(f"brows must be a folder of {ENDING} pictures, got {folder}")
    return files


def straightened(hairs: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return a brow whose middle is brought to a straight line, its greatest height to half.

    Parameters
    ----------
    hairs : ndarray, shape (height, width)
        A brow whose inner end is on the left, in [0, 1].
    """
    soft = cv2.GaussianBlur(np.asarray(hairs, dtype=np.float32), (0, 0), 2.0)
    columns = np.flatnonzero(soft.max(axis=0) > _LEAST_COVER)
    inside = np.asarray(hairs, dtype=np.float32)[:, columns[0] : columns[-1] + 1]
    soft = soft[:, columns[0] : columns[-1] + 1]
    rows = np.arange(len(soft))[:, None]
    mass = soft.sum(axis=0) + 1e-6
    middle = (rows * soft).sum(axis=0) / mass
    smooth = np.polyval(np.polyfit(np.arange(len(middle)), middle, 5), np.arange(len(middle)))
    spread = np.sqrt(((rows - smooth) ** 2 * soft).sum(axis=0) / mass)
    half = 1.75 * float(np.quantile(spread, 0.9))
    n_rows, n_columns = STRIP_SIZE
    x = np.linspace(0, inside.shape[1] - 1, n_columns)
    y = np.interp(x, np.arange(len(smooth)), smooth) + half * np.linspace(-2, 2, n_rows)[:, None]
    strip = cv2.remap(
        inside, np.broadcast_to(x, y.shape).astype(np.float32), y.astype(np.float32),
        cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT,
    )  # fmt: skip
    return np.asarray(np.clip(strip, 0, 1), dtype=np.float32)


def _hairs(path: Path) -> NDArray[np.float32]:
    """Return the upper brow of a picture."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
        got = "no picture" if picture is None else f"shape {picture.shape}"
        raise InputError(f"brow {path} must be a picture with a fourth channel, got {got}")
    cover = picture[..., 3].astype(np.float32) / 255
    filled = np.flatnonzero(cv2.GaussianBlur(cover, (0, 0), 3.0).max(axis=1) > _LEAST_COVER)
    if not len(filled):
        raise InputError(f"brow {path} must show hairs, got none")
    return np.asarray(cover[: (filled[0] + filled[-1] + 1) // 2])
