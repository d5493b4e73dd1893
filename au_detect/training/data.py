"""What a training learns from: own collections, which are judged, and extra ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.augmentation import joined
from au_detect.datasets.sequences import ARRAYS, LabelledSequences
from au_detect.errors import InputError


@dataclass(frozen=True)
class TrainingData:
    """Collections by their role.

    Attributes
    ----------
    own : LabelledSequences
        They train, calibrate, set thresholds and are judged.
    extra : tuple of LabelledSequences
        They train the weights and do nothing else: simulated people, or another laboratory's.

    Raises
    ------
    InputError
        If they differ in landmark model.
    """

    own: LabelledSequences
    extra: tuple[LabelledSequences, ...] = ()

    def __post_init__(self) -> None:
        _check_landmark_models((self.own, *self.extra))

    def __len__(self) -> int:
        return len(self.own) + sum(map(len, self.extra))

    def rows(self, chosen: NDArray[Any]) -> TrainingData:
        """Return the chosen rows of the own collection, and all of the extra ones."""
        return TrainingData(self.own.rows(chosen), self.extra)

    def in_order(self) -> TrainingData:
        """Return the same rows in an order that does not depend on that of the tables."""
        return TrainingData(_in_order(self.own), tuple(map(_in_order, self.extra)))


def training_data(
    own: Sequence[LabelledSequences], extra: Sequence[LabelledSequences] = ()
) -> TrainingData:
    """Return own collections as one, beside extra ones.

    Subjects of different collections are different people; an AU that a collection does not know
    is not coded in it.

    Raises
    ------
    InputError
        If there is no own collection, they differ in landmark model, or some own ones have
        pictures and others landmarks alone.
    """
    if not own:
        raise InputError("own must hold at least one collection, got none")
    _check_landmark_models((*own, *extra))
    if len({part.furrows is None for part in own}) > 1:
        raise InputError(
            "own collections must all have pictures, or all landmarks alone: give those without "
            "pictures as extra"
        )
    if len(own) == 1:
        return TrainingData(own[0], tuple(extra))
    aus = tuple(sorted({au for part in own for au in part.aus}))
    named = [
        replace(
            part,
            subject=np.char.add(f"{number}-", part.subject.astype(str)),
            aus=aus,
            intensity=intensity_of(part, aus),
        )
        for number, part in enumerate(own)
    ]
    source = {"collections": [part.source for part in own]}
    return TrainingData(replace(joined(named), source=source), tuple(extra))


def intensity_of(sequences: LabelledSequences, aus: Sequence[int]) -> NDArray[np.float32]:
    """Return the intensities (n, n_aus) of `aus`; NaN for those that the table does not have."""
    intensity = np.full((len(sequences), len(aus)), np.nan, dtype=np.float32)
    for column, au in enumerate(aus):
        if au in sequences.aus:
            intensity[:, column] = sequences.intensity[:, sequences.aus.index(au)]
    return intensity


def put_in_order(sequences: LabelledSequences) -> None:
    """Sort the rows of a table in place, as `TrainingData.in_order` does in a copy of it.

    Of a table of hundreds of thousands of rows, memory should hold one.
    """
    order = _order_of(sequences)
    columns = (*(getattr(sequences, name) for name in ARRAYS), *sequences.attributes.values())
    for column in columns:
        if column is not None:
            column[:] = column[order]


def _in_order(sequences: LabelledSequences) -> LabelledSequences:
    order = _order_of(sequences)
    if np.array_equal(order, np.arange(len(order))):
        return sequences
    return sequences.rows(order)


def _order_of(sequences: LabelledSequences) -> NDArray[np.intp]:
    """Return rows by subject and name; where they have no names, by where the face is."""
    subject = sequences.subject.astype(str)
    name = sequences.attributes.get("name")
    places = sequences.points.reshape(len(sequences), -1)[:, :8]
    keys = tuple(places.T) if name is None else (name.astype(str),)
    return np.lexsort((*keys, subject))


def _check_landmark_models(collections: Sequence[LabelledSequences]) -> None:
    models = sorted({part.landmark_model for part in collections})
    if len(models) > 1:
        raise InputError(f"collections must stand on one landmark_model, got {models}")
