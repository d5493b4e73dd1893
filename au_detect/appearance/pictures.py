"""Pictures of faces with one emotion each: what emotion networks learn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_shape
from au_detect.features.columns import chosen_rows

SIDE_PX = 48
PARTS = ("training", "validation", "test")
SHARES = (0.8, 0.1, 0.1)
"""Of the pictures that each part gets where nobody says which part a picture belongs to."""

SYNONYMS = {
    "angry": "anger",
    "disgusted": "disgust",
    "fearful": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "normal": "neutral",
}
"""What collections call an emotion -> what it is called here."""


@dataclass(frozen=True)
class LabelledPictures:
    """Grey pictures of faces, 48 x 48 px, with one emotion each.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 48, 48)
    labels : ndarray of int, shape (n,)
        Places in `emotions`.
    emotions : tuple of str
    part : ndarray of str, shape (n,), optional
        "training", "validation" or "test", where the collection says so.
    subject : ndarray, shape (n,), optional
        Who it is; parts are then made of whole people.

    Raises
    ------
    InputError
        If a shape or a value is another.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.intp]
    emotions: tuple[str, ...]
    part: NDArray[np.str_] | None = None
    subject: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        n = len(self.images)
        check_shape("images", self.images, (n, SIDE_PX, SIDE_PX))
        if self.images.dtype != np.uint8:
            raise InputError(f"images must be uint8, got {self.images.dtype}")
        for name in ("labels", "part", "subject"):
            if getattr(self, name) is not None:
                check_shape(name, getattr(self, name), (n,))
        outside = (self.labels < 0) | (self.labels >= len(self.emotions))
        if outside.any():
            raise InputError(
                f"labels must be below {len(self.emotions)}, got {self.labels[outside][0]}"
            )

    def __len__(self) -> int:
        return len(self.images)

    def rows(self, chosen: NDArray[Any]) -> LabelledPictures:
        """Return only the chosen pictures."""
        names = ("images", "labels", "part", "subject")
        given = tuple(name for name in names if getattr(self, name) is not None)
        return replace(self, **chosen_rows(self, given, chosen))

    def with_emotions(self, emotions: tuple[str, ...]) -> LabelledPictures:
        """Return the pictures of these emotions, labelled by their places among them.

        Disgust is anger where `emotions` have anger and no disgust.
        """
        here = [name if name in emotions else _nearest(name, emotions) for name in self.emotions]
        place = np.array([emotions.index(name) if name else -1 for name in here])
        found = self.rows(np.flatnonzero(place[self.labels] >= 0))
        return replace(found, labels=place[found.labels], emotions=emotions)

    def shares(self) -> dict[str, int]:
        """Return how many pictures there are of every emotion."""
        counts = np.bincount(self.labels, minlength=len(self.emotions))
        return dict(zip(self.emotions, map(int, counts), strict=True))

    def divided(self, random_state: int) -> dict[str, LabelledPictures]:
        """Return the three `PARTS`: as the collection says, else drawn by `SHARES`.

        Drawn are whole people where it is known who is who, else pictures of every emotion alike.

        Raises
        ------
        InputError
            If a part has no picture.
        """
        part = _drawn_parts(self, random_state) if self.part is None else self.part
        parts = {name: self.rows(np.flatnonzero(part == name)) for name in PARTS}
        for name, pictures in parts.items():
            if not len(pictures):
                raise InputError(f"every part must have pictures, got none for {name}")
        return parts


def seven_or_six(pictures: LabelledPictures, n_classes: int) -> LabelledPictures:
    """Return the pictures as they are, or with disgust among anger (`n_classes` 6).

    Raises
    ------
    InputError
        If `n_classes` is neither 6 nor the number of emotions.
    """
    if n_classes == len(pictures.emotions):
        return pictures
    kept = tuple(name for name in pictures.emotions if name != "disgust")
    if n_classes != len(kept) or "anger" not in kept:
        raise InputError(
            f"classes must be {len(pictures.emotions)}, or 6 to count disgust as anger, "
            f"got {n_classes}"
        )
    return pictures.with_emotions(kept)


def _nearest(name: str, emotions: tuple[str, ...]) -> str | None:
    return "anger" if name == "disgust" and "anger" in emotions else None


def _drawn_parts(pictures: LabelledPictures, random_state: int) -> NDArray[np.str_]:
    rng = np.random.default_rng(random_state)
    groups: NDArray[Any] = np.arange(len(pictures))
    strata = pictures.labels
    if pictures.subject is not None:
        _, groups = np.unique(pictures.subject, return_inverse=True)
        strata = np.zeros(groups.max() + 1, dtype=np.intp)
    drawn = np.empty(groups.max() + 1, dtype="U10")
    for stratum in np.unique(strata):
        members = rng.permutation(np.flatnonzero(strata == stratum))
        ends = np.round(np.cumsum(SHARES) * len(members)).astype(int)
        for name, some in zip(PARTS, np.split(members, ends[:-1]), strict=True):
            drawn[some] = name
    return drawn[groups]


def with_share(pictures: LabelledPictures, share: float, random_state: int) -> LabelledPictures:
    """Return the pictures with fewer for training and validation; the test part stays whole.

    Parameters
    ----------
    pictures : LabelledPictures
    share : float
        Of the pictures of these parts that stay, drawn at random, in (0, 1].
    random_state : int
        Of the parts too, see `LabelledPictures.divided`.

    Raises
    ------
    InputError
        If `share` is outside.
    """
    if not 0 < share <= 1:
        raise InputError(f"share must be in (0, 1], got {share}")
    if share == 1:
        return pictures
    part = pictures.part if pictures.part is not None else _drawn_parts(pictures, random_state)
    rng = np.random.default_rng([random_state, 1])
    kept = (part == "test") | (rng.random(len(pictures)) < share)
    return replace(pictures, part=part).rows(np.flatnonzero(kept))
