"""Measurements and a neutral face → the features that the networks read: names, order, values.

Nearly every feature is a change against the person's neutral face. The upper face has the
displacements of brows and eyes, the lower face those of nose, lips and chin, in inter-ocular
distances (IOD) on the frontal face; both have changes of Tian's distances, and the head pose, so
that a network can tell a turned head from a moving face. The openings of eyes and lips are there
as they are, too: narrow eyes close by little. Furrow features are changes of edge density in the
windows of `au_detect.features.furrows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import Face
from au_detect.features import geometry
from au_detect.features.furrows import CHANNELS, FURROW_NAMES, MIRROR_FURROWS, WINDOW_NAMES
from au_detect.features.neutral import NeutralFace
from au_detect.landmarks.points import MIRROR, REGIONS
from au_detect.landmarks.pose import HeadPose, upright_turn

Array = NDArray[np.float32]
Distance = Callable[[NDArray[np.float64]], NDArray[np.float64]]

UPPER_REGIONS = ("right_brow", "left_brow", "right_eye", "left_eye")
LOWER_REGIONS = ("nose_base", "outer_lip", "inner_lip")
CHIN = range(5, 12)


def _both_sides(*functions: Callable[..., NDArray[np.float64]]) -> dict[str, Distance]:
    return {
        f"{side}_{function.__name__}": partial(function, side=side)
        for function in functions
        for side in ("right", "left")
    }


UPPER_DISTANCES: dict[str, Distance] = {
    "brow_distance": geometry.brow_distance,
    **_both_sides(
        geometry.inner_brow_motion,
        geometry.middle_brow_motion,
        geometry.outer_brow_motion,
        geometry.eye_height,
        geometry.upper_lid_motion,
        geometry.lower_lid_motion,
        geometry.lip_corner_motion,
    ),
}
"""Tian's distances of the upper face. The lip corners are among them because they push the
cheeks up: a network needs them to tell AU6 from the cheek that AU12 raises."""

LOWER_DISTANCES: dict[str, Distance] = {
    "lip_height": geometry.lip_height,
    "lip_width": geometry.lip_width,
    "lip_opening": geometry.lip_opening,
    "upper_lip_thickness": geometry.upper_lip_thickness,
    "lower_lip_thickness": geometry.lower_lip_thickness,
    "upper_lip_to_nose": geometry.upper_lip_to_nose,
    "lower_lip_to_nose": geometry.lower_lip_to_nose,
    "chin_to_nose": geometry.chin_to_nose,
    "chin_to_lower_lip": geometry.chin_to_lower_lip,
    **_both_sides(
        geometry.lip_corner_motion,
        geometry.lip_corner_over_lips,
        geometry.nostril_motion,
        geometry.nasolabial_length,
        geometry.eye_to_lip_corner,
        geometry.inner_brow_motion,
    ),
}
"""Tian's distances of the lower face. The inner brows are among them because AU9 lowers them."""

OPENINGS: dict[Face, dict[str, Distance]] = {
    "upper": _both_sides(geometry.eye_height),
    "lower": {"lip_opening": geometry.lip_opening},
}
"""Distances that are features as they are now, not as a change."""

NOW = "_now"
"""What their names end in."""

POSE_NAMES = ("pitch", "yaw", "neutral_pitch", "neutral_yaw")


def _displacement_names(regions: Iterable[str], extra: Iterable[tuple[str, int]]) -> list[str]:
    points = [
        (name, i) for name in regions for i in range(REGIONS[name].stop - REGIONS[name].start)
    ]
    return [f"{name}_{i}_{axis}" for name, i in [*points, *extra] for axis in ("x", "y")]


def _indices(regions: Iterable[str]) -> list[int]:
    return [i for name in regions for i in range(68)[REGIONS[name]]]


def _now(half: Face) -> list[str]:
    return [f"{name}{NOW}" for name in OPENINGS[half]]


UPPER_INDICES = _indices(UPPER_REGIONS)
LOWER_INDICES = [*_indices(LOWER_REGIONS), *CHIN]
UPPER_NAMES: tuple[str, ...] = (
    *_displacement_names(UPPER_REGIONS, ()), *UPPER_DISTANCES, *_now("upper"), *POSE_NAMES,
)  # fmt: skip
LOWER_NAMES: tuple[str, ...] = (
    *_displacement_names(LOWER_REGIONS, [("jaw", i) for i in CHIN]), *LOWER_DISTANCES,
    *_now("lower"), *POSE_NAMES,
)  # fmt: skip


_UPPER_FURROWS = (
    "glabella", "forehead", "nasal_root", "brow", "crows_feet", "infraorbital", "eyelid", "iris",
    "upper_lid",
)  # fmt: skip
_LOWER_FURROWS = (
    "nasal_root", "nasolabial", "nose_wing", "mouth_corner", "mentolabial", "chin", "infraorbital",
    "mouth_opening", "lips",
)  # fmt: skip


def _furrow_indices(kinds: tuple[str, ...]) -> list[int]:
    windows = [w for w in WINDOW_NAMES if any(kind in w for kind in kinds)]
    return [FURROW_NAMES.index(f"{w}_{channel}") for channel in CHANNELS for w in windows]


UPPER_FURROW_INDICES = _furrow_indices(_UPPER_FURROWS)
LOWER_FURROW_INDICES = _furrow_indices(_LOWER_FURROWS)


@dataclass(frozen=True)
class FaceFeatures:
    """The features of every frame, each a change against the neutral face.

    Parameters
    ----------
    upper, lower : ndarray of float32, shape (n_frames, n_upper), (n_frames, n_lower)
        Distances in IOD, angles in radians, densities as in `au_detect.features.furrows`.
    upper_names, lower_names : tuple of str
        Names of the columns. Without pictures the furrow columns, which are last, are left out.
    neutral : str
        What the neutral face was.
    """

    upper: Array
    lower: Array
    upper_names: tuple[str, ...]
    lower_names: tuple[str, ...]
    neutral: str


def extract_features(
    pose: HeadPose, furrows: NDArray[np.floating] | None, neutral: NeutralFace
) -> FaceFeatures:
    """Return the features of faces against a neutral face.

    Parameters
    ----------
    pose : HeadPose
        Of n frames.
    furrows : ndarray, shape (n, n_furrows), or None
        In the order of `au_detect.features.furrows.FURROW_NAMES`; None leaves their columns out.
    neutral : NeutralFace
        What they are compared with.
    """
    upper, lower = geometric_features(pose, neutral.pose)
    upper_names, lower_names = UPPER_NAMES, LOWER_NAMES
    if furrows is not None:
        upper_change, lower_change = furrow_features(furrows, neutral.furrows)
        upper, lower = np.hstack([upper, upper_change]), np.hstack([lower, lower_change])
        upper_names += UPPER_FURROW_NAMES
        lower_names += LOWER_FURROW_NAMES
    return FaceFeatures(
        upper.astype(np.float32), lower.astype(np.float32), upper_names, lower_names,
        neutral.description,
    )  # fmt: skip


def furrow_features(
    furrows: NDArray[np.floating], neutral: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return upper and lower changes of furrow densities against `neutral` (one row or n)."""
    change = furrows - neutral
    return change[:, UPPER_FURROW_INDICES], change[:, LOWER_FURROW_INDICES]


UPPER_FURROW_NAMES = tuple(FURROW_NAMES[i] for i in UPPER_FURROW_INDICES)
LOWER_FURROW_NAMES = tuple(FURROW_NAMES[i] for i in LOWER_FURROW_INDICES)


@cache
def mirror_columns(
    names: tuple[str, ...],
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return how a mirror changes features: ``mirrored = signs * features[:, order]``.

    Parameters
    ----------
    names : tuple of str
        Names of the columns. What is neither left nor right stays as it is.

    Returns
    -------
    order : ndarray of int, shape (n_features,)
    signs : ndarray of float32, shape (n_features,)
        -1 for displacements along x and for yaw.
    """
    position = {name: column for column, name in enumerate(names)}
    order = [position.get(_mirror_name(name), column) for name, column in position.items()]
    turned = [name.endswith("_x") or name.endswith("yaw") for name in names]
    columns, signs = np.array(order, dtype=np.intp), np.where(turned, -1, 1).astype(np.float32)
    columns.flags.writeable = signs.flags.writeable = False
    return columns, signs


_POINT_NAMES = {
    f"{region}_{i}": range(68)[place][i]
    for region, place in REGIONS.items()
    for i in range(place.stop - place.start)
}
_POINTS_BY_INDEX = {index: name for name, index in _POINT_NAMES.items()}


def _mirror_name(name: str) -> str:
    point, _, axis = name.rpartition("_")
    if point in _POINT_NAMES:
        return f"{_POINTS_BY_INDEX[int(MIRROR[_POINT_NAMES[point]])]}_{axis}"
    side, _, rest = name.partition("_")
    return {"right": f"left_{rest}", "left": f"right_{rest}"}.get(side, name)


def _columns_from(side: geometry.Side) -> NDArray[np.intp]:
    """Return where each furrow feature of a face made of one half comes from."""
    other = "left" if side == "right" else "right"
    return np.array(
        [MIRROR_FURROWS[i] if name.startswith(other) else i for i, name in enumerate(FURROW_NAMES)]
    )


_SYMMETRIC_COLUMNS: dict[geometry.Side, NDArray[np.intp]] = {
    "right": _columns_from("right"),
    "left": _columns_from("left"),
}


def symmetric_furrows(furrows: NDArray[np.floating], side: geometry.Side) -> NDArray[np.floating]:
    """Return the furrows (..., n_furrows) of a face made of one half and its mirror image."""
    return furrows[..., _SYMMETRIC_COLUMNS[side]]


def symmetric_pose(pose: HeadPose, side: geometry.Side) -> HeadPose:
    """Return the poses with frontal shapes made of one half of the face and its mirror image.

    The right half is taken from the mirrored picture, with the head turned the other way: thus a
    mirrored picture exchanges the two results.
    """
    angles = pose.angles if side == "left" else pose.angles * [1.0, -1.0, -1.0]
    return HeadPose(angles, pose.scale_px, geometry.symmetric_from(pose.frontal, side))


def geometric_features(
    pose: HeadPose, neutral: HeadPose
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return upper (n, len(UPPER_NAMES)) and lower (n, len(LOWER_NAMES)) features.

    Parameters
    ----------
    pose : HeadPose
        Of n frames.
    neutral : HeadPose
        Of the neutral face: one row for all frames, or one for each.
    """
    displacement = pose.frontal - neutral.frontal
    neutral_turn = np.broadcast_to(upright_turn(neutral.angles), (len(displacement), 2))
    turns = np.column_stack([upright_turn(pose.angles), neutral_turn])

    def columns(
        half: Face, indices: list[int], distances: dict[str, Distance]
    ) -> NDArray[np.float64]:
        changes = [f(pose.frontal) - f(neutral.frontal) for f in distances.values()]
        openings = [f(pose.frontal) for f in OPENINGS[half].values()]
        flat = displacement[:, indices].reshape(len(displacement), -1)
        return np.column_stack([flat, *changes, *openings, turns])

    return (
        columns("upper", UPPER_INDICES, UPPER_DISTANCES),
        columns("lower", LOWER_INDICES, LOWER_DISTANCES),
    )
