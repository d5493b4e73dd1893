"""What hides part of a face: caps, masks, hands, strands of hair.

Landmarks stay where they are: what is hidden must be guessed, as people guess it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import check_option
from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.meshes import Props, add_tube, grid_triangles
from au_detect.simulation.rendering.rasterizer import vertex_normals
from au_detect.simulation.rendering.surface import HAIR, HELD, SKIN, Surface

HATS = ("cap", "beanie")
COVERINGS = ("none", *HATS, "mask", "hand", "strands")

COVERED_FACES = {"cap": 0.04, "beanie": 0.03, "mask": 0.03, "hand": 0.04, "strands": 0.06}
"""Covering -> share of the people who wear it, where landmarks are learnt."""
COVERED_HEADS = {"cap": 0.04, "beanie": 0.03, "strands": 0.05}
"""Covering -> share of the people who wear it, where the face's actions must be seen."""

_EDGE_DEG = (0.0, 40.0, 75.0, 110.0, 180.0)
_EDGE_CM = {"cap": (8.0, 7.6, 6.2, 4.0, 1.0), "beanie": (7.4, 7.0, 5.4, 3.5, 0.0)}
"""Height of a hat's edge around the head."""
_GRID_CM = 0.25
_GRID_START_CM = np.array([-12.0, -14.0])
_FINGERS_CM = (6.6, 7.6, 7.2, 5.8)
_HAND_TARGETS = ((0.0, -3.5), (2.5, -3.0), (4.0, 0.5), (3.0, 3.5), (0.0, -7.0), (4.5, 6.5))
"""Where hands rest: mouth, its corner, cheek, eye, chin, temple (x to either side, y; cm)."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Front:
    """The foremost skin of a face over a grid of x and y."""

    depth: NDArray[np.float32]

    @classmethod
    def of(cls, vertices: NDArray[np.float32]) -> _Front:
        front = vertices[:11248]
        cell = np.rint((front[:, :2] - _GRID_START_CM) / _GRID_CM).astype(int)
        inside = ((cell >= 0) & (cell < (97, 113))).all(axis=1)
        depth = np.full((113, 97), -6.0, dtype=np.float32)
        np.maximum.at(depth, (cell[inside, 1], cell[inside, 0]), front[inside, 2])
        return cls(cv2.GaussianBlur(cv2.dilate(depth, np.ones((9, 9))), (0, 0), 2.0))

    def at(self, xy: Array) -> Array:
        """Return the depth (n,) at places (n, 2)."""
        cell = ((xy - _GRID_START_CM) / _GRID_CM).astype(np.float32)
        found = cv2.remap(
            self.depth, cell[:, :1], cell[:, 1:], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return found[:, 0].astype(float)


def draw_covering(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    """Draw one of `COVERINGS`; `shares` are the probabilities of all but none."""
    return str(rng.choice([*shares, "none"], p=[*shares.values(), 1 - sum(shares.values())]))


def add_covering(
    props: Props,
    surface: Surface,
    person: Appearance,
    neutral: NDArray[np.float32],
    kind: str,
) -> None:
    """Add one of `COVERINGS` to a person's props, fitted to the mesh at rest.

    Raises
    ------
    InputError
        If `kind` is none of them.
    """
    check_option("covering", kind, COVERINGS)
    rng = np.random.default_rng(person.seed + 4)
    if kind in HATS:
        _add_hat(props, surface, neutral, kind, rng)
    elif kind == "mask":
        _add_mask(props, neutral, rng)
    elif kind == "hand":
        _add_hand(props, person, neutral, rng)
    elif kind == "strands":
        _add_strands(props, neutral, rng)


def _pattern(points: Array, reflectance: float) -> Array:
    """Return the shader's values of a plain material: pattern coordinates and reflectance."""
    return np.column_stack(
        [points[:, 0] + points[:, 2], points[:, 1], np.full(len(points), reflectance)]
    )


def _add_hat(
    props: Props,
    surface: Surface,
    neutral: NDArray[np.float32],
    kind: str,
    rng: np.random.Generator,
) -> None:
    """Add a shell over the scalp, with a peak or a fold."""
    reflectance = float(np.exp(rng.uniform(np.log(0.02), np.log(0.7))))
    canonical = surface.model.neutral.astype(float)
    angle = np.degrees(np.arctan2(np.abs(canonical[:, 0]), canonical[:, 2] + 1.0))
    lowered = rng.uniform(-0.8, 1.0)
    above = canonical[:, 1] - np.interp(angle, _EDGE_DEG, _EDGE_CM[kind]) + lowered
    ear = (np.abs(canonical[:, 0]) > 7.9) & (canonical[:, 1] < 6.0)
    chosen = (surface.material == SKIN) & (above[surface.triangles].min(axis=1) > -0.4)
    chosen &= ~ear[surface.triangles].any(axis=1)
    corners = surface.triangles[chosen]
    used, local = np.unique(corners, return_inverse=True)
    normals = vertex_normals(neutral, surface.triangles[surface.material == SKIN])
    fold = 0.5 * np.clip((2.2 - above[used]) / 0.4, 0, 1) if kind == "beanie" else 0.0
    thickness = 0.45 + fold + rng.uniform(0.0, 0.8) * np.clip(above[used] / 4, 0, 1)
    points = neutral[used] + normals[used] * thickness[:, None]
    triangles = local.reshape(corners.shape)
    props.add(points, triangles, HELD, extra=_pattern(points.astype(float), reflectance))
    if kind == "cap":
        _add_peak(props, neutral, float(_EDGE_CM[kind][0] - lowered), reflectance, rng)


def _add_peak(
    props: Props,
    neutral: NDArray[np.float32],
    level: float,
    reflectance: float,
    rng: np.random.Generator,
) -> None:
    length, drop = rng.uniform(4.5, 7.0), rng.uniform(1.2, 3.6)
    turn = np.radians(np.linspace(-58, 58, 25))[None]
    out = np.linspace(0, 1, 7)[:, None]
    band = neutral[:9409][np.abs(neutral[:9409, 1] - level) < 0.6].astype(float)
    radius = np.abs(band[:, 0]).max() + 0.4
    front = band[:, 2].max() + 0.5
    reach = length * np.cos(turn * 1.5).clip(0) ** 0.5
    x = radius * np.sin(turn) * (1 + 0 * out)
    z = front - radius * (1 - np.cos(turn)) * 0.9 + reach * out
    y = level + 0.4 - drop * out - 0.035 * x**2 * out
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    props.add(points, grid_triangles(7, 25), HELD, extra=_pattern(points, 0.9 * reflectance))


def _add_mask(props: Props, neutral: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Add a sheet from the nose to below the chin that moves with the face, and its loops."""
    reflectance = float(rng.choice([0.02, 0.06, 0.3, 0.6], p=(0.3, 0.1, 0.4, 0.2)))
    top = rng.uniform(-0.6, 1.8)
    across, along = np.meshgrid(np.linspace(-1, 1, 23), np.linspace(0, 1, 17))
    x = 6.3 * across * (1 - 0.12 * along)
    high, low = top - 1.6 * across**2, -8.2 + 2.6 * across**2
    xy = np.column_stack([x.ravel(), (high + (low - high) * along).ravel()])
    folds = (
        0.07 * np.sin(along.ravel() * np.pi * 2 * rng.integers(2, 5)) * (1 - across.ravel() ** 2)
    )
    points = np.column_stack([xy, _Front.of(neutral).at(xy) + 0.25 + folds.ravel()])
    face = neutral[:6706].astype(float)
    distance = ((points[:, None, :2] - face[None, :, :2]) ** 2).sum(axis=2)
    follows = np.where(face[None, :, 2] > 0, distance, np.inf).argmin(axis=1)
    props.add(
        points, grid_triangles(17, 23), HELD, extra=_pattern(points, reflectance),
        follows=follows, rest=neutral[follows],
    )  # fmt: skip
    ear = float(np.abs(neutral[:9409, 0]).max()) - 1.2
    for sign in (-1, 1):
        for row in (1, 13):
            corner = points[row * 23 + (22 if sign > 0 else 0)]
            path = np.linspace(corner, [sign * ear, 1.0, -1.5], 6)
            add_tube(props, path, 0.09, material=HELD, extra=_pattern(path, reflectance))


def _add_hand(
    props: Props, person: Appearance, neutral: NDArray[np.float32], rng: np.random.Generator
) -> None:
    """Add four fingers, a palm and a forearm that rest on the face, from below."""
    target = np.array(_HAND_TARGETS[int(rng.integers(len(_HAND_TARGETS)))]) + rng.normal(0, 0.6, 2)
    side = float(rng.choice([-1, 1]))
    target[0] *= side
    lean = side * rng.uniform(-0.9, 0.5)
    up = np.array([np.sin(lean), np.cos(lean)])
    right = np.array([up[1], -up[0]])
    tone = person.skin_reflectance * rng.uniform(0.75, 1.1)
    front = _Front.of(neutral)
    knuckles = target - up * rng.uniform(2.0, 5.0)
    spread = rng.uniform(0.0, 0.18)
    for index, length in enumerate(_FINGERS_CM):
        aside = index - 1.5
        start = knuckles + right * aside * 1.75 - up * 0.25 * aside**2
        direction = up + right * aside * spread
        along = np.linspace(0, 1, 12)[:, None]
        xy = start + along * length * direction / np.linalg.norm(direction)
        radius = np.interp(along[:, 0], [0, 0.5, 0.9, 1], [0.92, 0.8, 0.68, 0.1])
        path = np.column_stack([xy, front.at(xy) + 0.75 + 0.5 * (1 - along[:, 0])])
        add_tube(props, path, radius, 9, HELD, _pattern(0.2 * path, tone))
    along = np.linspace(0, 1, 12)[:, None]
    xy = knuckles + up * 0.6 - along * 9.0 * up
    path = np.column_stack([xy, np.maximum(front.at(xy), front.at(xy[:1])[0] - 1.0) + 1.2])
    for aside in (-2.2, -0.75, 0.75, 2.2):
        shifted = path + np.append(right * aside, 0.0)
        radius = np.interp(along[:, 0], [0, 0.2, 0.7, 1], [0.8, 1.4, 1.5, 1.2])
        add_tube(props, shifted, radius, 10, HELD, _pattern(0.2 * shifted, tone))
    arm = np.linspace(path[-1], path[-1] + np.append(-20 * up, 3.0), 5)
    add_tube(props, arm, 2.7, 10, HELD, _pattern(0.2 * arm, tone))


def _add_strands(props: Props, neutral: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Add a lock of hair from the hairline over brow, eye or cheek."""
    front = _Front.of(neutral)
    start = np.array([rng.uniform(-4.0, 4.0), rng.uniform(9.0, 10.2)])
    side = np.sign(start[0])
    end = np.array([side * rng.uniform(1.5, 7.5), rng.uniform(-7.0, 4.0)])
    n = int(rng.integers(6, 34))
    along = np.linspace(0, 1, 14)
    sway = rng.uniform(-1.5, 2.5) * side
    for _ in range(n):
        own_end = end + rng.normal(0, 0.7, 2)
        own_start = start + rng.normal(0, 0.45, 2)
        xy = own_start + along[:, None] * (own_end - own_start)
        xy[:, 0] += (sway + rng.normal(0, 0.25)) * np.sin(np.pi * along)
        path = np.column_stack([xy, front.at(xy) + 0.12 + abs(rng.normal(0, 0.12))])
        extra = np.column_stack([np.full(14, rng.uniform(0, 40)), 6 * along, np.zeros(14)])
        radius = rng.uniform(0.04, 0.1) * np.interp(along, [0, 0.8, 1], [1, 0.8, 0.1])
        add_tube(props, path, radius, 5, HAIR, extra)
