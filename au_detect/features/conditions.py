"""How a face is seen through a sequence: which way the head is turned, and in which light.

A face at rest looks otherwise where the head is turned, since the mean face's depth is not the
person's, and where the light comes from elsewhere. The light is read from the brightness that
furrows are measured with.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.features.furrows import FURROW_NAMES
from au_detect.landmarks.pose import upright_turn

TURNED_DEG = 15.0
"""Yaw or pitch from which a head counts as turned."""
TURNS = ("front", "right", "left", "down", "up")
"""The subject's directions."""
OTHER_LIGHT = 0.15
"""So far from the usual, see `light_of`, a face is lit otherwise. Of simulated faces in one light
nine in ten stay within 0.05; in another light the median is 0.2."""
CONDITIONS = tuple(f"{turn}{light}" for light in ("", ", other light") for turn in TURNS)
DARKEST = 0.05
"""Added to brightness, so that a shadow is not infinitely dark."""

_SIDED = (
    "forehead_outer_furrows", "brow_furrows", "crows_feet", "infraorbital_furrows",
    "nasolabial_furrows", "mouth_corner_furrows",
)  # fmt: skip
_UPPER = ("forehead_inner_furrows", "right_forehead_outer_furrows", "left_forehead_outer_furrows")
_LOWER = (
    "chin_furrows", "right_mouth_corner_furrows", "left_mouth_corner_furrows",
    "right_mentolabial_furrows", "left_mentolabial_furrows",
)  # fmt: skip
"""Windows on the skin whose brightness is compared."""


def _columns(windows: Iterable[str]) -> list[int]:
    return [FURROW_NAMES.index(f"{window}_brightness") for window in windows]


_COMPARED = (
    (_columns(f"left_{name}" for name in _SIDED), _columns(f"right_{name}" for name in _SIDED)),
    (_columns(_UPPER), _columns(_LOWER)),
)


def light_of(furrows: ArrayLike) -> NDArray[np.float64]:
    """Return how much brighter left than right and upper than lower face are, shape (n, 2).

    Parameters
    ----------
    furrows : array_like, shape (n, n_furrows)
        See `au_detect.features.furrows`.

    Returns
    -------
    ndarray
        Logarithms of ratios, 0 in even light; NaN where nothing is measured.
    """
    values = np.asarray(furrows, dtype=float)
    return np.stack(
        [
            np.log(values[:, bright].mean(axis=1) + DARKEST)
            - np.log(values[:, dark].mean(axis=1) + DARKEST)
            for bright, dark in _COMPARED
        ],
        axis=1,
    )


def turns_of(angles: ArrayLike) -> NDArray[np.intp]:
    """Return which way each head is turned, shape (n,): its place in `TURNS`.

    Parameters
    ----------
    angles : array_like, shape (n, 3)
        Rx, Ry, Rz in radians, as in `au_detect.landmarks.pose.HeadPose`.
    """
    pitch, yaw = np.degrees(upright_turn(angles)).T
    aside = np.where(yaw > 0, TURNS.index("right"), TURNS.index("left"))
    tipped = np.where(pitch > 0, TURNS.index("down"), TURNS.index("up"))
    turned = np.where(np.abs(yaw) >= np.abs(pitch), aside, tipped)
    return np.where(np.maximum(np.abs(yaw), np.abs(pitch)) < TURNED_DEG, 0, turned)


def conditions_of(angles: ArrayLike, furrows: ArrayLike) -> NDArray[np.intp]:
    """Return how each face of a sequence of one person is seen, shape (n,), see `CONDITIONS`.

    The usual light is the median over the faces that are turned the same way.

    Parameters
    ----------
    angles : array_like, shape (n, 3)
        Rx, Ry, Rz in radians.
    furrows : array_like, shape (n, n_furrows)
        NaN where not measured: the light then counts as usual.
    """
    turns, lights = turns_of(angles), light_of(furrows)
    usual = np.empty_like(lights)
    for turn in np.unique(turns):
        usual[turns == turn] = np.median(lights[turns == turn], axis=0)
    is_other = np.linalg.norm(lights - usual, axis=1) > OTHER_LIGHT
    return turns + len(TURNS) * is_other
