"""Which way each action unit moves the face, in FACS: the sign of what it does to a measure.

Only what FACS says of the action itself stands here; a measure that an action may move either way
is left out. An explanation never gives a change the other way as a reason for the action.
"""

from __future__ import annotations

import re

MORE, LESS = 1, -1

_LINES = r"\w*_(?:edges|horizontal_lines|vertical_lines)"

_DIRECTIONS: dict[int, dict[str, int]] = {
    # AU: {measure, as a pattern of names without side: sign of its change}
    1: {"inner_brow_motion": MORE, rf"forehead_inner_furrows{_LINES}": MORE},
    2: {
        "outer_brow_motion": MORE,
        "middle_brow_motion": MORE,
        rf"forehead_outer_furrows{_LINES}": MORE,
    },
    4: {
        "(?:inner|middle|outer)_brow_motion": LESS,
        "brow_distance": LESS,
        rf"(?:glabella|brow)_furrows{_LINES}": MORE,
    },
    5: {"eye_height": MORE, "upper_lid_motion": MORE},
    6: {
        "eye_height": LESS,
        "lower_lid_motion": MORE,
        "eye_to_lip_corner": LESS,
        rf"crows_feet{_LINES}": MORE,
        rf"infraorbital_furrows{_LINES}": MORE,
    },
    7: {"eye_height": LESS, "lower_lid_motion": MORE, "upper_lid_motion": LESS},
    9: {
        "nostril_motion": MORE,
        "upper_lip_to_nose": LESS,
        "inner_brow_motion": LESS,
        rf"(?:nasal_root|nose_wing)_wrinkles{_LINES}": MORE,
        rf"nasolabial_furrows{_LINES}": MORE,
    },
    10: {
        "nostril_motion": MORE,
        "upper_lip_to_nose": LESS,
        rf"nasolabial_furrows{_LINES}": MORE,
    },
    12: {
        "lip_corner_motion": MORE,
        "lip_corner_over_lips": MORE,
        "lip_width": MORE,
        "eye_to_lip_corner": LESS,
        rf"nasolabial_furrows{_LINES}": MORE,
    },
    14: {rf"mouth_corner_furrows{_LINES}": MORE},
    15: {
        "lip_corner_motion": LESS,
        "lip_corner_over_lips": LESS,
        "eye_to_lip_corner": MORE,
        rf"mentolabial_furrows{_LINES}": MORE,
    },
    16: {"lower_lip_to_nose": MORE, "lip_height": MORE},
    17: {
        "chin_to_nose": LESS,
        "lower_lip_to_nose": LESS,
        "lip_corner_over_lips": LESS,
        rf"chin_furrows{_LINES}": MORE,
    },
    18: {"lip_width": LESS, "nasolabial_length": LESS},
    20: {"lip_width": MORE, "nasolabial_length": MORE},
    22: {"lip_width": LESS},
    23: {"(?:upper|lower)_lip_thickness": LESS, "lip_height": LESS},
    24: {
        "(?:upper|lower)_lip_thickness": LESS,
        "lip_height": LESS,
        "lip_opening": LESS,
    },
    25: {"lip_opening": MORE, "lip_height": MORE},
    26: {
        "lip_opening": MORE,
        "lip_height": MORE,
        "lower_lip_to_nose": MORE,
        "chin_to_nose": MORE,
    },
    27: {
        "lip_opening": MORE,
        "lip_height": MORE,
        "lower_lip_to_nose": MORE,
        "chin_to_nose": MORE,
    },
    28: {"(?:upper|lower)_lip_thickness": LESS},
    43: {"eye_height": LESS, "upper_lid_motion": LESS},
}


def contradicts(au: int, measure: str, value: float) -> bool:
    """Return whether a change is the opposite of what an action does.

    Parameters
    ----------
    au : int
        FACS number.
    measure : str
        Name of a feature, with or without its side.
    value : float
        Its change against the neutral face.

    Examples
    --------
    >>> contradicts(24, "lip_opening", 0.05), contradicts(24, "lip_opening", -0.05)
    (True, False)
    """
    plain = measure.removeprefix("right_").removeprefix("left_")
    for pattern, sign in _DIRECTIONS.get(au, {}).items():
        if re.fullmatch(pattern, plain):
            return value * sign < 0
    return False
