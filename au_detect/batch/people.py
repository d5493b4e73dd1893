"""One neutral face for all clips of a person, found where they are calmest."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from au_detect.batch.inputs import PERSON, BatchInput, find_inputs
from au_detect.detecting import find_neutral
from au_detect.frames.files import printable

if TYPE_CHECKING:
    from au_detect.detect import AUDetector
    from au_detect.features.neutral import NeutralFace


@dataclass(frozen=True)
class Person:
    """A person, and the clips, sequences and pictures that show nobody else.

    Attributes
    ----------
    name : str
    clips : tuple of str
        Paths.
    """

    name: str
    clips: tuple[str, ...]

    def placed(self, place: Callable[[str], str]) -> Person:
        """Return the person with other paths, each made by `place`."""
        return replace(self, clips=tuple(place(clip) for clip in self.clips))


def person_in(folder: str | os.PathLike[str]) -> Person:
    """Return the person whom everything in a folder shows.

    Raises
    ------
    InputError
        If nothing is found there.
    """
    clips = tuple(item.source for item in find_inputs(os.fspath(folder)))
    return Person(printable(os.path.basename(os.path.normpath(folder))), clips)


def with_people(items: Iterable[BatchInput]) -> list[BatchInput]:
    """Return inputs in which the neutral ``"person"`` is the `Person` of all with that subject.

    Where a list names no subject, it is the folder that an input lies in.
    """
    found = list(items)
    clips: dict[str, list[str]] = defaultdict(list)
    for item in found:
        clips[_subject(item)].append(item.source)
    return [
        replace(item, neutral=Person(_subject(item), tuple(clips[_subject(item)])))
        if item.neutral == PERSON
        else item
        for item in found
    ]


@lru_cache(maxsize=16)
def neutral_of_person(detector: AUDetector, person: Person) -> NeutralFace:
    """Return the neutral face of a person; what was found last is remembered."""
    return find_neutral(detector, person.clips, name=person.name)


def _subject(item: BatchInput) -> str:
    return item.subject or os.path.basename(os.path.dirname(os.path.abspath(item.source)))
