"""The action units (AUs) of the Facial Action Coding System that the package knows.

This is the only list of AUs. Numbers and names follow Ekman, Friesen & Hager,
*Facial Action Coding System: The Manual* (2002).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from au_detect.errors import InputError

Face = Literal["upper", "lower"]


@dataclass(frozen=True)
class ActionUnit:
    """One action unit: its FACS `number`, its FACS `name`, and which network detects it."""

    number: int
    name: str
    face: Face


ACTION_UNITS: dict[int, ActionUnit] = {
    unit.number: unit
    for unit in (
        ActionUnit(1, "Inner Brow Raiser", "upper"),
        ActionUnit(2, "Outer Brow Raiser", "upper"),
        ActionUnit(4, "Brow Lowerer", "upper"),
        ActionUnit(5, "Upper Lid Raiser", "upper"),
        ActionUnit(6, "Cheek Raiser", "upper"),
        ActionUnit(7, "Lid Tightener", "upper"),
        ActionUnit(9, "Nose Wrinkler", "lower"),
        ActionUnit(10, "Upper Lip Raiser", "lower"),
        ActionUnit(12, "Lip Corner Puller", "lower"),
        ActionUnit(14, "Dimpler", "lower"),
        ActionUnit(15, "Lip Corner Depressor", "lower"),
        ActionUnit(16, "Lower Lip Depressor", "lower"),
        ActionUnit(17, "Chin Raiser", "lower"),
        ActionUnit(18, "Lip Pucker", "lower"),
        ActionUnit(20, "Lip Stretcher", "lower"),
        ActionUnit(22, "Lip Funneler", "lower"),
        ActionUnit(23, "Lip Tightener", "lower"),
        ActionUnit(24, "Lip Presser", "lower"),
        ActionUnit(25, "Lips Part", "lower"),
        ActionUnit(26, "Jaw Drop", "lower"),
        ActionUnit(27, "Mouth Stretch", "lower"),
        ActionUnit(28, "Lip Suck", "lower"),
        ActionUnit(43, "Eyes Closed", "upper"),
        ActionUnit(45, "Blink", "upper"),
    )
}

EYES_CLOSED, BLINK = 43, 45
"""AU45 has no output of its own in the networks: it is a short AU43 in a video."""

UPPER_AUS: tuple[int, ...] = tuple(
    n for n, unit in ACTION_UNITS.items() if unit.face == "upper" and n != BLINK
)
LOWER_AUS: tuple[int, ...] = tuple(n for n, unit in ACTION_UNITS.items() if unit.face == "lower")
NETWORK_AUS: tuple[int, ...] = tuple(sorted(UPPER_AUS + LOWER_AUS))


def au_label(number: int) -> str:
    """Return the two-digit label of an AU, as in CSV columns: ``au_label(1) == "AU01"``."""
    return f"AU{number:02d}"


def parse_au(text: str | int) -> int:
    """Return the number of an AU given as ``12``, ``"12"``, ``"AU12"`` or ``"au01"``.

    Raises
    ------
    InputError
        If `text` is no AU in `ACTION_UNITS`.
    """
    match = re.fullmatch(r"(?:AU)?0*(\d+)", str(text).strip(), flags=re.IGNORECASE)
    if match is None or int(match[1]) not in ACTION_UNITS:
        known = ", ".join(str(number) for number in ACTION_UNITS)
        raise InputError(f"an action unit must be one of {known}, got {text!r}")
    return int(match[1])


MAX_INTENSITY = 5.0
INTENSITY_LETTERS = "ABCDE"
"""Of FACS: trace, slight, marked, severe, maximum."""
ONE_SIDED_FROM = 0.5
"""From this ``|side|`` on one half of the face is said to show an AU."""


def intensity_letter(intensity: float) -> str:
    """Return the letter of an intensity from 0 to 5: A from 0.5 on ... E from 4.5; "" below.

    Examples
    --------
    >>> intensity_letter(2.6), intensity_letter(0.3)
    ('C', '')
    """
    level = int(intensity + 0.5) if intensity >= 0 else 0  # NaN is no level
    return INTENSITY_LETTERS[level - 1] if level else ""


def facs_code(number: int, intensity: float | None = None, side: float = 0.0) -> str:
    """Return an AU as FACS coders write it, with the half that shows it and its intensity.

    Parameters
    ----------
    number : int
    intensity : float, optional
        0 to 5.
    side : float
        As `AUResult.side`: from 0.5 on the AU is called unilateral.

    Examples
    --------
    >>> facs_code(12, 2.6), facs_code(14, 2.0, side=-0.8), facs_code(1)
    ('12C', 'R14B', '1')
    """
    letter = "" if intensity is None else intensity_letter(intensity)
    half = ("L" if side > 0 else "R") if abs(side) >= ONE_SIDED_FROM else ""
    return f"{half}{number}{letter}"
