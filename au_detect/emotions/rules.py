"""The rules that layer emotions on action units (AUs): data in a TOML file that users can edit."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from au_detect.errors import InputError
from au_detect.facs import INTENSITY_LETTERS, parse_au

NEUTRAL = "neutral"
"""The answer where no rule matches; no rule may have this name."""

Choice = tuple[int, ...]
"""AUs of which one is enough: ``26|27`` is ``(26, 27)``."""

_PACKAGED = Path(__file__).with_name("rules.toml")
_KEYS = {"required", "optional", "excluded", "one_sided", "at_least"}


@dataclass(frozen=True)
class EmotionRule:
    """Which AUs make one emotion.

    Attributes
    ----------
    name : str
    required : tuple of combinations
        Alternatives, one of which must be seen; each is a tuple of choices, all of which count.
    optional : tuple of choices
        What else belongs to the full display.
    excluded : tuple of int
        AUs that speak against the emotion.
    one_sided : bool
        Whether the required AUs count only as far as one half of the face shows them.
    at_least : tuple of (int, float)
        AUs, and from which intensity on they count wholly, in (0, 5].
    """

    name: str
    required: tuple[tuple[Choice, ...], ...]
    optional: tuple[Choice, ...] = ()
    excluded: tuple[int, ...] = ()
    one_sided: bool = False
    at_least: tuple[tuple[int, float], ...] = ()

    @property
    def display(self) -> tuple[Choice, ...]:
        """The full display: the first required combination, or one choice of several single
        ones, and what is optional; each choice once, by number.
        """
        if all(len(combination) == 1 for combination in self.required):
            first: tuple[Choice, ...] = (
                tuple(sorted({au for combination in self.required for au in combination[0]})),
            )
        else:
            first = self.required[0]
        extra = [
            choice for choice in self.optional if not any(set(choice) <= set(c) for c in first)
        ]
        return tuple(sorted({*first, *extra}))

    @property
    def aus(self) -> tuple[int, ...]:
        """Every AU that the rule names, ascending."""
        required = {au for combination in self.required for choice in combination for au in choice}
        optional = {au for choice in self.optional for au in choice}
        return tuple(sorted(required | optional | set(self.excluded)))


def read_emotion_rules(path: str | os.PathLike[str] | None = None) -> tuple[EmotionRule, ...]:
    """Read rules from a TOML file, by default the packaged one (which explains the format).

    Raises
    ------
    InputError
        If the file cannot be read, is no TOML, or a rule in it is not as explained there; the
        message names file, emotion and entry.
    """
    file = _PACKAGED if path is None else Path(path)
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the emotion rules {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # among them TOMLDecodeError
        raise InputError(f"the emotion rules {file} must be TOML: {error}") from error
    if not table:
        raise InputError(f"the emotion rules {file} must hold at least one emotion, got none")
    return tuple(_rule(f"{file}: {name}", name, section) for name, section in table.items())


def choice_text(choice: Choice) -> str:
    """Return a choice as the rules write it: ``"26|27"``."""
    return "|".join(str(au) for au in choice)


def _rule(place: str, name: str, section: Any) -> EmotionRule:
    if not re.fullmatch(r"[^\W\d][\w -]*", name):
        raise InputError(f"{place}: an emotion's name must be a word or words, got {name!r}")
    if name == NEUTRAL:
        raise InputError(f"{place} must not be a rule: it is the answer where no rule matches")
    if not isinstance(section, dict) or not section.keys() <= _KEYS:
        got = sorted(section) if isinstance(section, dict) else section
        raise InputError(f"{place} must be a section with {', '.join(sorted(_KEYS))}, got {got!r}")
    one_sided = section.get("one_sided", False)
    if not isinstance(one_sided, bool):
        raise InputError(f"{place}: one_sided must be true or false, got {one_sided!r}")
    required = [_combination(f"{place}: required", e) for e in _listed(place, section, "required")]
    if not required:
        raise InputError(f"{place}: required must hold at least one combination, got none")
    excluded = [_choice(f"{place}: excluded", e) for e in _listed(place, section, "excluded")]
    return EmotionRule(
        name,
        required=tuple(required),
        optional=tuple(
            _choice(f"{place}: optional", e) for e in _listed(place, section, "optional")
        ),
        excluded=tuple(sorted({au for choice in excluded for au in choice})),
        one_sided=one_sided,
        at_least=_at_least(f"{place}: at_least", section.get("at_least", {})),
    )


def _at_least(place: str, table: Any) -> tuple[tuple[int, float], ...]:
    if not isinstance(table, dict):
        raise InputError(f'{place} must be a table like {{ 12 = "C" }}, got {table!r}')
    found = {}
    for name, value in table.items():
        letter = isinstance(value, str) and len(value) == 1 and value in INTENSITY_LETTERS
        level = INTENSITY_LETTERS.index(value) + 1 if letter else value
        if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level <= 5:
            raise InputError(
                f"{place}: {name} must be a letter from A to E or a number up to 5, got {value!r}"
            )
        try:
            found[parse_au(name)] = float(level)
        except InputError as error:
            raise InputError(f"{place}: {error}") from error
    return tuple(sorted(found.items()))


def _listed(place: str, section: dict[str, Any], key: str) -> list[str | int]:
    entries = section.get(key, [])
    is_right = isinstance(entries, list) and all(
        isinstance(entry, (str, int)) and not isinstance(entry, bool) for entry in entries
    )
    if not is_right:
        raise InputError(f'{place}: {key} must be a list of AUs like ["1+2", 12], got {entries!r}')
    return entries


def _combination(place: str, entry: str | int) -> tuple[Choice, ...]:
    try:
        return tuple(_aus_of(part) for part in str(entry).split("+"))
    except InputError as error:
        raise InputError(f"{place} {entry!r}: {error}") from error


def _choice(place: str, entry: str | int) -> Choice:
    try:
        return _aus_of(entry)
    except InputError as error:
        raise InputError(f"{place} {entry!r}: {error}") from error


def _aus_of(entry: str | int) -> Choice:
    return tuple(sorted({parse_au(part) for part in str(entry).split("|")}))
