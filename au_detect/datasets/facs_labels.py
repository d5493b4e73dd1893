"""Action units as people write them down: lines of a CK+ file, cells of a table.

An AU is a number, with or without ``AU`` before it. ``L`` or ``R`` before it says that only the
left or right half of the face shows it; it counts as present, and its sides are known. Other
letters before a number (``A`` asymmetrical, ``T`` top, ``B`` bottom, ``V``) are read over: the AU
is present. Intensities are 0 to 5 or letters: A, B, C, D, E are 1 to 5.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from au_detect.errors import InputError

NOT_CODED = math.nan
"""Intensity of an AU that is present, without anybody having said how strongly."""

_LETTERS = {letter: float(value) for value, letter in enumerate("ABCDE", start=1)}


@dataclass(frozen=True)
class CodedAUs:
    """What was read.

    Parameters
    ----------
    aus : dict of int to float
        AU -> intensity 0 (absent) to 5; NaN where present without an intensity.
    one_sided, repeated : tuple of int
        AUs that only one half of the face shows, and those that stood there more than once: the
        highest intensity was taken.
    sides : dict of int to (float, float)
        AU -> intensities of the right and the left half, of those that were coded by side.
    """

    aus: dict[int, float]
    one_sided: tuple[int, ...] = field(default=())
    repeated: tuple[int, ...] = field(default=())
    sides: dict[int, tuple[float, float]] = field(default_factory=dict)


def read_facs_lines(text: str) -> CodedAUs:
    """Read a CK+ FACS file: a line for each AU with its number and intensity.

    Numbers may be in scientific notation. Intensity 0 is CK+'s "present, intensity not coded".

    Raises
    ------
    InputError
        If a line holds anything else.
    """
    coded = []
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            raise InputError(
                f"must hold two numbers a line, AU and intensity (0 to 5), got {line!r}"
            )
        side, au = read_au(words[0])
        intensity = read_intensity(words[1])
        coded.append((side, au, intensity or NOT_CODED))
    return _collected(coded)


def read_facs_codes(text: str) -> CodedAUs:
    """Read AUs from one cell: ``"12:3 25"``, ``"1+2+5B+L14"``, ``"AU12:2.5;AU25:0"``.

    After a colon stands the intensity (0: absent); so does a letter right behind the number.

    Raises
    ------
    InputError
        If a word is no such code.
    """
    coded = []
    for word in re.split(r"[\s,;+]+", text.strip()):
        if not word:
            continue
        name, colon, value = word.partition(":")
        match = re.fullmatch(r"(.*\d)([A-Ea-e])", name)
        if match and not colon:
            name, value = match[1], match[2]
        side, au = read_au(name)
        coded.append((side, au, read_intensity(value) if value or colon else NOT_CODED))
    return _collected(coded)


def read_au(word: str) -> tuple[str, int]:
    """Return the letter before an AU (its side "L" or "R", or A, T, B, V or "") and its number.

    Raises
    ------
    InputError
        If it is no whole number above 0.
    """
    match = re.fullmatch(r"([LRATBV]?)(?:AU)?([0-9.]+(?:E[+-]?[0-9]{1,2})?)", word, re.IGNORECASE)
    try:
        number = float(match[2]) if match else math.nan
    except ValueError:
        number = math.nan
    if match is None or not (0 < number < 1000 and number.is_integer()):
        raise InputError(f"an action unit must be a whole number above 0, got {word!r}")
    return match[1].upper(), int(number)


def read_intensity(word: str) -> float:
    """Return an intensity in [0, 5] written as a number or as a letter from A to E.

    Raises
    ------
    InputError
        If it is neither.
    """
    try:
        value = _LETTERS.get(word.upper(), math.nan)
        value = float(word) if math.isnan(value) else value
    except ValueError:
        value = math.nan
    if not 0 <= value <= 5:
        raise InputError(f"an intensity must be 0 to 5 or A to E, got {word!r}")
    return value


def _collected(coded: Iterable[tuple[str, int, float]]) -> CodedAUs:
    """Join codes of one AU: both sides are one AU, and the same side twice is a repetition."""
    letters: dict[int, list[str]] = {}
    aus: dict[int, float] = {}
    halves: dict[tuple[int, str], float] = {}
    for letter, au, intensity in coded:
        letters.setdefault(au, []).append(letter)
        aus[au] = higher_intensity(aus[au], intensity) if au in aus else intensity
        for half in letter if letter in ("L", "R") else "RL":
            halves[au, half] = higher_intensity(halves.get((au, half), 0.0), intensity)
    repeated = tuple(au for au, seen in letters.items() if len(set(seen)) < len(seen))
    by_side = [au for au, seen in letters.items() if {"L", "R"} & set(seen)]
    return CodedAUs(
        aus,
        one_sided=tuple(au for au in by_side if len(set(letters[au])) == 1),
        repeated=repeated,
        sides={au: (halves.get((au, "R"), 0.0), halves.get((au, "L"), 0.0)) for au in by_side},
    )


def higher_intensity(one: float, other: float) -> float:
    """Return the higher intensity; a known one above 0 says more than NaN, NaN more than 0."""
    if math.isnan(one) or math.isnan(other):
        known = other if math.isnan(one) else one
        return known if known > 0 else math.nan
    return max(one, other)
