"""People who may be in a collection under two names: a test on them would not be of new people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from hashlib import blake2b

from au_detect.datasets.sequences import LabelledSequences

MOST_TOLD = 5


def doubtful_people(collections: Sequence[LabelledSequences]) -> list[str]:
    """Return, in words, whose names are alike and who shares a frame with somebody else.

    Names are alike if they differ in case, leading zeros, spaces and signs, or Unicode form.
    Frames are the same if all landmarks are.

    Parameters
    ----------
    collections : sequence of LabelledSequences
        All that take part in a training; names are compared within each, frames among all.
    """
    texts = []
    for part in collections:
        alike: dict[str, set[str]] = {}
        for name in sorted(set(part.subject.astype(str).tolist())):
            alike.setdefault(plain_name(name), set()).add(name)
        texts += [
            f"subjects {', '.join(map(repr, sorted(names)))} may be one person: the names are alike"
            for names in alike.values()
            if len(names) > 1
        ]
    return [*_told(texts), *_told(_shared_frames(collections))]


def plain_name(name: str) -> str:
    """Return a name without case, leading zeros, spaces, signs and Unicode forms."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = re.sub(r"[\W_]+", "-", text).strip("-")
    return re.sub(r"(?<!\d)0+(?=\d)", "", text)


def _shared_frames(collections: Sequence[LabelledSequences]) -> list[str]:
    owners: dict[bytes, tuple[int, str]] = {}
    shared: dict[tuple[tuple[int, str], tuple[int, str]], int] = {}
    for number, part in enumerate(collections):
        subjects = part.subject.astype(str).tolist()
        for points in (part.points, part.neutral_points[part.has_neutral]):
            names = subjects
            if points is not part.points:
                names = part.subject[part.has_neutral].astype(str).tolist()
            for row, subject in enumerate(names):
                person = (number, subject)
                mark = blake2b(points[row].tobytes(), digest_size=16).digest()
                owner = owners.setdefault(mark, person)
                if owner != person:
                    shared[owner, person] = shared.get((owner, person), 0) + 1
    return [
        f"subjects {one[1]!r} and {other[1]!r} share {n} frame{'s' * (n > 1)}: "
        "they may be one person"
        for (one, other), n in shared.items()
    ]


def _told(texts: list[str]) -> list[str]:
    if len(texts) <= MOST_TOLD:
        return texts
    return [*texts[:MOST_TOLD], f"... and {len(texts) - MOST_TOLD} more like these"]
