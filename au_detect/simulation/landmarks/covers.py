"""Things before faces: masks, hands, dark glasses, whatever is held up, the border of the picture.

They are painted over rendered faces, so that it is known how much of the eyes and of the mouth
they hide. Shapes, tones and patterns vary far beyond what is ever worn: what must be learnt is
whether eyes and a mouth are seen, not what is before them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.points import REGIONS, interocular_distance_px

Generator = np.random.Generator
Mask = NDArray[np.bool_]
Points = NDArray[np.floating]

LIPS_MARGIN_IOD = 0.06
"""So much around the lips belongs to the mouth."""


@dataclass(frozen=True)
class Cover:
    """What is before a face.

    Parameters
    ----------
    place : ndarray of bool, shape (side_px, side_px)
    tone : float, optional
        Its grey value; None for any.
    is_border : bool
        Whether the picture ends there: its last row or column is repeated.
    eyes_alone : bool
        Whether the eyes' opening counts without the brows: dark glasses leave these free.
    clear : float
        Share of what is behind that shines through, in [0, 1).
    hides : bool
        Whether it is in the way: a moustache belongs to the face.
    """

    place: Mask
    tone: float | None = None
    is_border: bool = False
    eyes_alone: bool = False
    clear: float = 0.0
    hides: bool = True


def covered(
    crop: NDArray[np.uint8], points: Points, rng: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a face with something before it, or nothing, and the hidden share of its halves.

    Parameters
    ----------
    crop : ndarray of uint8, shape (side_px, side_px)
    points : ndarray, shape (n_points, 2)
        The 68 landmarks first, px.
    rng : numpy.random.Generator

    Returns
    -------
    crop : ndarray of uint8, shape (side_px, side_px)
    hidden : ndarray of float32, shape (2,)
        Share of the brows and eyes, and of the mouth, in [0, 1].
    """
    marks = np.asarray(points[:68], dtype=float)
    shares = [share for share, _ in _KINDS]
    cover = _KINDS[rng.choice(len(_KINDS), p=shares)][1](crop, marks, rng)
    if cover is None:
        return crop, np.zeros(2, np.float32)
    hidden = [
        cover.hides * float(cover.place[half].mean())
        for half in _halves(crop, marks, eyes=cover.eyes_alone)
    ]
    painted = _cut_off(crop, cover.place) if cover.is_border else _painted(crop, cover, rng)
    return painted, np.array(hidden, np.float32)


def _halves(crop: NDArray[np.uint8], points: Points, *, eyes: bool) -> tuple[Mask, Mask]:
    """Return where brows and eyes are (or the eyes alone), and where the mouth is."""
    brows = [] if eyes else [points[REGIONS["right_brow"]], points[REGIONS["left_brow"]]]
    upper = np.vstack([*brows, points[REGIONS["right_eye"]], points[REGIONS["left_eye"]]])
    margin = LIPS_MARGIN_IOD * float(interocular_distance_px(points))
    lips = points[REGIONS["outer_lip"]]
    around = np.concatenate([lips + np.array([0, margin]), lips - np.array([0, margin])])
    return _hull(upper, crop.shape), _hull(around, crop.shape)


def _hull(points: Points, shape: tuple[int, ...]) -> Mask:
    canvas = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(canvas, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
    return canvas > 0


def _cut_off(crop: NDArray[np.uint8], place: Mask) -> NDArray[np.uint8]:
    """Return the crop of a picture that ends where `place`, a side of the crop, begins."""
    kept = np.flatnonzero(~place.all(axis=1)), np.flatnonzero(~place.all(axis=0))
    inside = crop[kept[0][0] : kept[0][-1] + 1, kept[1][0] : kept[1][-1] + 1]
    n = len(crop)
    widths = [(int(k[0]), n - 1 - int(k[-1])) for k in kept]
    return np.pad(inside, widths, mode="edge")


def _painted(crop: NDArray[np.uint8], cover: Cover, rng: Generator) -> NDArray[np.uint8]:
    """Paint something with a texture of its own, its edge as sharp as a lens draws it."""
    side = len(crop)
    tone = rng.uniform(5, 245) if cover.tone is None else cover.tone
    grey = tone + _patches(rng, side, int(rng.integers(2, 6)), rng.uniform(0, 35))
    if rng.random() < 0.35:
        grey += _patches(rng, side, int(rng.integers(10, 40)), rng.uniform(0, 30))
    if rng.random() < 0.15:
        grey += _stripes(rng, side)
    soft = cv2.GaussianBlur(cover.place.astype(np.float32), (0, 0), rng.uniform(0.6, 2.5))
    soft *= 1 - cover.clear
    return np.asarray(np.rint(crop * (1 - soft) + np.clip(grey, 0, 255) * soft), np.uint8)


def _patches(rng: Generator, side: int, n: int, deviation: float) -> NDArray[np.float32]:
    noise = rng.normal(0, deviation, (n, n)).astype(np.float32)
    return np.asarray(cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def _stripes(rng: Generator, side: int) -> NDArray[np.float32]:
    turn, width = rng.uniform(0, np.pi), rng.uniform(4, 20)
    axis = np.arange(side) / width
    waves = np.sin(np.pi * (axis[None] * np.cos(turn) + axis[:, None] * np.sin(turn)))
    return np.asarray(rng.uniform(10, 60) * np.sign(waves), np.float32)


def _nothing(crop: NDArray[np.uint8], points: Points, rng: Generator) -> None:
    return None


def _moustache(crop: NDArray[np.uint8], points: Points, rng: Generator) -> Cover:
    """Dark hair above the mouth, and perhaps on the chin: the mouth is still seen."""
    iod = float(interocular_distance_px(points))
    down = np.array([0.0, iod])
    ends = points[[48, 54]] + rng.uniform(-0.02, 0.12) * down
    above = points[[31, 35]] + (points[[49, 53]] - points[[31, 35]]) * rng.uniform(0.1, 0.6)
    lip = points[50:53] + rng.uniform(-0.04, 0.06) * down
    place = _hull(np.vstack([ends, above, lip]), crop.shape)
    place &= ~_hull(points[REGIONS["outer_lip"]] + rng.uniform(0.02, 0.1) * down, crop.shape)
    if rng.random() < 0.5:
        chin = np.vstack([points[[56, 57, 58]] + 0.04 * down, points[7:10]])
        place |= _hull(chin, crop.shape)
    return Cover(place, float(rng.uniform(5, 80)), clear=float(rng.uniform(0, 0.5)), hides=False)


def _mask(crop: NDArray[np.uint8], points: Points, rng: Generator) -> Cover:
    """Worn over the nose, or below it."""
    iod = float(interocular_distance_px(points))
    top = points[rng.choice([28, 29, 30, 33])] + rng.normal(0, 0.05, 2) * iod
    down = np.array([0.0, iod])
    ears = points[[1, 15]] * 0.6 + 0.4 * points[28] + rng.normal(0.05, 0.08) * down
    jaw = points[2:15:2] + rng.uniform(0.0, 0.15) * down
    return Cover(_hull(np.vstack([jaw, top[None], ears]), crop.shape))


def _dark_glasses(crop: NDArray[np.uint8], points: Points, rng: Generator) -> Cover:
    iod = float(interocular_distance_px(points))
    place = np.zeros(crop.shape, np.uint8)
    width, height = rng.uniform(0.22, 0.36) * iod, rng.uniform(0.15, 0.3) * iod
    drop, box = rng.normal(0.03, 0.04) * iod, rng.random() < 0.5
    across = points[45] - points[36]
    turn = float(np.degrees(np.arctan2(across[1], across[0])))
    eyes = [points[REGIONS[name]].mean(axis=0) for name in ("right_eye", "left_eye")]
    for eye in eyes:
        middle = (float(eye[0]), float(eye[1] + drop))
        if box:
            corners = cv2.boxPoints((middle, (2 * width, 1.7 * height), turn))
            cv2.fillConvexPoly(place, np.rint(corners).astype(np.int32), 1)
        else:
            cv2.ellipse(place, (middle, (2 * width, 2 * height), turn), 1, -1)
    ends = [(round(float(eye[0])), round(float(eye[1]))) for eye in eyes]
    cv2.line(place, ends[0], ends[1], 1, max(round(0.05 * iod), 1))
    tone = float(rng.uniform(3, 70))
    return Cover(place > 0, tone, eyes_alone=True, clear=float(rng.choice([0, 0.1, 0.2])))


def _fingers(crop: NDArray[np.uint8], middle: Points, points: Points, rng: Generator) -> Cover:
    """Lay two to five fingers of the skin's own tone about a place."""
    iod = float(interocular_distance_px(points))
    place, turn = np.zeros(crop.shape, np.uint8), rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(turn), np.sin(turn)])
    aside = np.array([-along[1], along[0]])
    for index in range(int(rng.integers(2, 6))):
        start = middle + aside * (index - 2) * iod * 0.2 + rng.normal(0, 0.04 * iod, 2)
        ends = (
            start - along * iod * rng.uniform(0.2, 0.6),
            start + along * iod * rng.uniform(0.4, 1.5),
        )
        first, last = (tuple(np.rint(end).astype(int).tolist()) for end in ends)
        cv2.line(place, first, last, 1, round(iod * rng.uniform(0.15, 0.24)))
    skin = crop[_hull(points[REGIONS["nose_bridge"].start : REGIONS["nose_base"].stop], crop.shape)]
    tone = float(np.median(skin)) if len(skin) else 128.0
    return Cover(place > 0, tone * float(rng.uniform(0.6, 1.25)))


def _hand_on_mouth(crop: NDArray[np.uint8], points: Points, rng: Generator) -> Cover:
    return _fingers(crop, _about(points[48:60], points, 0.2, rng), points, rng)


def _hand_on_eyes(crop: NDArray[np.uint8], points: Points, rng: Generator) -> Cover:
    return _fingers(crop, _about(points[36:48], points, 0.25, rng), points, rng)


def _box_on_mouth(crop: NDArray[np.uint8], points: Points, rng: Generator) -> Cover:
    return _box(crop, _about(points[48:60], points, 0.2, rng), (0.6, 1.8), (0.4, 1.2), points, rng)


def _box_on_eyes(crop: NDArray[np.uint8], points: Points, rng: Generator) -> Cover:
    return _box(crop, _about(points[36:48], points, 0.2, rng), (0.8, 2.0), (0.3, 1.0), points, rng)


def _thing_anywhere(crop: NDArray[np.uint8], points: Points, rng: Generator) -> Cover:
    middle = rng.uniform(0, len(crop), 2)
    return _box(crop, middle, (0.2, 1.0), (0.2, 1.0), points, rng)


def _box(
    crop: NDArray[np.uint8],
    middle: Points,
    widths_iod: tuple[float, float],
    heights_iod: tuple[float, float],
    points: Points,
    rng: Generator,
) -> Cover:
    iod = float(interocular_distance_px(points))
    size = rng.uniform(*widths_iod) * iod, rng.uniform(*heights_iod) * iod
    turn = float(rng.normal(0, 12))
    corners = cv2.boxPoints(((float(middle[0]), float(middle[1])), size, turn))
    return Cover(_hull(corners, crop.shape))


def _about(part: Points, points: Points, off_iod: float, rng: Generator) -> Points:
    iod = float(interocular_distance_px(points))
    return np.asarray(part.mean(axis=0) + rng.normal(0, off_iod * iod, 2))


def _border(crop: NDArray[np.uint8], points: Points, rng: Generator) -> Cover:
    """Let the picture end within the face, on one side."""
    low, high = points.min(axis=0), points.max(axis=0)
    axis, reach = int(rng.integers(2)), rng.uniform(0.05, 0.6)
    place = np.zeros(crop.shape, dtype=bool)
    before = place if axis == 1 else place.T  # y is the first axis of pictures
    side = len(crop)
    if rng.random() < 0.5:
        before[: int(np.clip(low[axis] + reach * (high - low)[axis], 1, side - 2))] = True
    else:
        before[int(np.clip(high[axis] - reach * (high - low)[axis], 1, side - 2)) :] = True
    return Cover(place, is_border=True)


_KINDS: tuple[tuple[float, Callable[[NDArray[np.uint8], Points, Generator], Cover | None]], ...] = (
    (0.28, _nothing),
    (0.08, _moustache),
    (0.10, _mask),
    (0.10, _dark_glasses),
    (0.09, _hand_on_mouth),
    (0.07, _hand_on_eyes),
    (0.08, _box_on_mouth),
    (0.06, _box_on_eyes),
    (0.08, _thing_anywhere),
    (0.06, _border),
)
"""How often each is painted."""
