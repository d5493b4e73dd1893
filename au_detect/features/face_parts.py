"""Parts of the face: which features belong together, and how their changes are told in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from au_detect.errors import ModelFileError
from au_detect.facs import Face
from au_detect.features.au_directions import contradicts
from au_detect.features.furrows import CHANNELS
from au_detect.paths import packaged_folder

Range = tuple[float, float]

_WINDOWS = {
    "forehead": "forehead_(?:inner|outer)_furrows",
    "skin between the brows": "glabella_furrows|brow_furrows",
    "root of the nose": "nasal_root_wrinkles",
    "crow's feet": "crows_feet",
    "skin below the eyes": "infraorbital_furrows",
    "skin of the eyelids": "eyelid|upper_lid",
    "irises": "iris",
    "nasolabial folds": "nasolabial_furrows",
    "skin of the nose wings": "nose_wing_wrinkles",
    "skin beside the mouth": "mouth_corner_furrows",
    "skin below the lip corners": "mentolabial_furrows",
    "skin of the chin": "chin_furrows",
    "gap between the lips": "mouth_opening",
    "red of the lips": "lips",
}
_UPPER_PARTS = {
    "inner brows": r"right_brow_[34]_y|left_brow_[01]_y|\w+_inner_brow_motion",
    "brow distance": r"(?:right|left)_brow_\d_x|brow_distance",
    "outer brows": r"(?:right|left)_brow_\d_y|\w+_(?:outer|middle)_brow_motion",
    "upper lids": r"(?:right|left)_eye_[12]_[xy]|\w+_upper_lid_motion|\w+_eye_height(?:_now)?",
    "lower lids": r"(?:right|left)_eye_[45]_[xy]|\w+_lower_lid_motion",
    "eye corners": r"(?:right|left)_eye_[03]_[xy]",
    "lip corners": r"\w+_lip_corner_motion",
}
_LOWER_PARTS = {
    "lip corners": r"(?:outer_lip_[06]|inner_lip_[04])_y|\w+_lip_corner_motion"
    r"|\w+_lip_corner_over_lips|\w+_eye_to_lip_corner",
    "mouth width": r"(?:outer_lip_[06]|inner_lip_[04])_x|lip_width|\w+_nasolabial_length",
    "lip opening": r"inner_lip_[123567]_[xy]|lip_opening(?:_now)?",
    "upper lip": r"outer_lip_[1-5]_[xy]|upper_lip_thickness|upper_lip_to_nose",
    "lower lip": r"outer_lip_(?:[789]|1[01])_[xy]|lower_lip_thickness|lower_lip_to_nose|lip_height",
    "chin": r"jaw_\d+_[xy]|chin_to_nose|chin_to_lower_lip",
    "nose wings": r"nose_base_\d_[xy]|\w+_nostril_motion",
    "inner brows": r"\w+_inner_brow_motion",
}

_WORDS: dict[str, tuple[str, str, str, str]] = {
    # measure: (what, both sides of it, said of a larger value, said of a smaller one)
    "inner_brow_motion": ("inner brow", "inner brows", "higher", "lower"),
    "middle_brow_motion": ("middle of the brow", "middles of the brows", "higher", "lower"),
    "outer_brow_motion": ("outer brow", "outer brows", "higher", "lower"),
    "brow_distance": ("brows", "", "farther apart", "closer together"),
    "eye_height": ("eye", "eyes", "wider open", "less open"),
    "upper_lid_motion": ("upper lid", "upper lids", "higher", "lower"),
    "lower_lid_motion": ("lower lid", "lower lids", "higher", "lower"),
    "lip_corner_motion": ("lip corner", "lip corners", "higher", "lower"),
    "lip_corner_over_lips": (
        *("lip corner", "lip corners"),
        *("higher than the middle of the lips", "lower than the middle of the lips"),
    ),
    "eye_to_lip_corner": ("cheek", "cheeks", "longer", "shorter"),
    "lip_width": ("mouth", "", "wider", "narrower"),
    "nasolabial_length": (
        *("lip corner", "lip corners"),
        *("farther from the nose wing", "closer to the nose wing"),
    ),
    "lip_opening": ("lips", "", "farther apart", "closer together"),
    "lip_height": ("mouth", "", "taller", "flatter"),
    "upper_lip_thickness": ("red of the upper lip", "", "thicker", "thinner"),
    "lower_lip_thickness": ("red of the lower lip", "", "thicker", "thinner"),
    "upper_lip_to_nose": ("upper lip", "", "farther from the nose", "closer to the nose"),
    "lower_lip_to_nose": ("lower lip", "", "farther from the nose", "closer to the nose"),
    "chin_to_nose": ("chin", "", "farther from the nose", "closer to the nose"),
    "chin_to_lower_lip": ("chin", "", "farther from the lower lip", "closer to the lower lip"),
    "nostril_motion": ("nose wing", "nose wings", "higher", "lower"),
}
_CHANNEL_WORDS = {
    "edges": ("edges", "edge density"),
    "vertical_lines": ("vertical lines", "contrast"),
    "horizontal_lines": ("horizontal lines", "contrast"),
    "brightness": ("brightness", "of the face's"),
    "contrast": ("unevenness", "contrast"),
}
NARROWEST_RANGE = 1e-3
ALIKE = 0.5
"""Both sides are told as one where the smaller change is at least this part of the larger."""


@dataclass(frozen=True)
class Change:
    """What is seen in one part of the face, against the neutral face.

    Attributes
    ----------
    measure : str
        Name of the feature, without side where both sides changed alike.
    text : str
        In words, without numbers: ``"lip corners higher"``.
    value : float
        Change in `unit`.
    unit : str
        ``"IOD"``, or what a density is counted in.
    rest : (float, float) or None
        Typical range at rest; None if not known.
    """

    measure: str
    text: str
    value: float
    unit: str
    rest: Range | None

    @property
    def is_outside_rest(self) -> bool:
        """Whether the change is larger than what is typical at rest."""
        return _distance_from_rest(self) > 1.0

    def __str__(self) -> str:
        known = f"; at rest {self.rest[0]:+.3f} to {self.rest[1]:+.3f}" if self.rest else ""
        return f"{self.text}: {self.value:+.3f} {self.unit}{known}"


@cache
def parts_of(face: Face, names: tuple[str, ...]) -> dict[str, list[int]]:
    """Return the columns of every part of the upper or lower face; head pose is no part."""
    channel = f"_(?:{'|'.join(CHANNELS)})"
    table = dict(_UPPER_PARTS if face == "upper" else _LOWER_PARTS)
    table |= {part: f"(?:right_|left_)?(?:{w}){channel}" for part, w in _WINDOWS.items()}
    parts: dict[str, list[int]] = {part: [] for part in table}
    for column, name in enumerate(names):
        part = next((part for part, pattern in table.items() if re.fullmatch(pattern, name)), None)
        if part is not None:
            parts[part].append(column)
    return {part: columns for part, columns in parts.items() if columns}


def largest_change(
    part: str,
    values: Mapping[str, float],
    ranges: Mapping[str, Range],
    au: int | None = None,
) -> Change | None:
    """Return the change of a part that has left its range at rest furthest, or None if none can
    be told; what is the opposite of what an action does, as FACS has it, is left out.

    Parameters
    ----------
    part : str
    values : mapping of str to float
        Features of one half of the face.
    ranges : mapping of str to (float, float)
        Typical ranges at rest, by feature.
    au : int, optional
        The action; None lets any change be told.
    """
    found = [_change(measure, values, ranges) for measure in _measures(part, values)]
    changes = [c for c in found if au is None or not contradicts(au, c.measure, c.value)]
    return max(changes, key=_distance_from_rest, default=None)


@cache
def rest_ranges(*, personal: bool) -> dict[str, Range]:
    """Return the typical ranges of features at rest, by name.

    Parameters
    ----------
    personal : bool
        Whether features are changes against the person's own neutral face, or against the mean
        face.

    Raises
    ------
    ModelFileError
        If the packaged file is damaged.
    """
    file = packaged_folder("models") / "rest_ranges.json"
    try:
        table = json.loads(file.read_text())["personal" if personal else "mean_face"]
        return {name: (float(low), float(high)) for name, (low, high) in table.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{file} must hold ranges of features, got {error!r}") from error


def _measures(part: str, values: Mapping[str, float]) -> list[tuple[str, ...]]:
    """Return the features that can tell of a part: names of one, or of right and left."""
    if part in _WINDOWS:
        of_part = [
            name
            for name in values
            if re.fullmatch(f"(?:right_|left_)?(?:{_WINDOWS[part]})_\\w+", name)
        ]
    else:
        patterns = [table[part] for table in (_UPPER_PARTS, _LOWER_PARTS) if part in table]
        of_part = [
            name
            for name in values
            if _plain(name) in _WORDS and any(re.fullmatch(p, name) for p in patterns)
        ]
    pairs: dict[str, list[str]] = {}
    for name in of_part:
        pairs.setdefault(_plain(name), []).append(name)
    return [tuple(names) for names in pairs.values()]


def _plain(name: str) -> str:
    return name.removeprefix("right_").removeprefix("left_")


def _change(
    names: tuple[str, ...], values: Mapping[str, float], ranges: Mapping[str, Range]
) -> Change:
    sizes = {name: values[name] for name in names}
    widest = max(sizes, key=lambda name: abs(sizes[name]))
    least = min(sizes.values(), key=abs)
    both = len(names) == 2 and least * sizes[widest] >= ALIKE * sizes[widest] ** 2
    value = sum(sizes.values()) / 2 if both else sizes[widest]
    known = [ranges[name] for name in (names if both else (widest,)) if name in ranges]
    rest = None
    if known:
        rest = (
            sum(low for low, _ in known) / len(known),
            sum(high for _, high in known) / len(known),
        )
    plain = _plain(widest)
    side = "" if both or len(names) == 1 else widest.partition("_")[0]
    text, unit = _told(plain, side, both, value)
    return Change(plain if both else widest, text, value, unit, rest)


def _told(plain: str, side: str, both: bool, value: float) -> tuple[str, str]:
    """Return words and unit of a change."""
    if plain in _WORDS:
        one, two, larger, smaller = _WORDS[plain]
        return f"{side} {two if both else one} {larger if value > 0 else smaller}".strip(), "IOD"
    channel = next(c for c in CHANNELS if plain.endswith(f"_{c}"))
    window = plain.removesuffix(f"_{channel}")
    part = next(part for part, pattern in _WINDOWS.items() if re.fullmatch(pattern, window))
    word, unit = _CHANNEL_WORDS[channel]
    more = "more" if value > 0 else "less"
    where = f"{part} ({side})" if side else part
    return f"{where}: {more} {word}", unit


def _distance_from_rest(change: Change) -> float:
    """Return how far a change is from the middle of its range at rest; the range ends at 1."""
    low, high = change.rest or (-NARROWEST_RANGE, NARROWEST_RANGE)
    middle, half = (low + high) / 2, max((high - low) / 2, NARROWEST_RANGE)
    return abs(change.value - middle) / half
