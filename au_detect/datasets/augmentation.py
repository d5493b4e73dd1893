"""More training pairs from the same measurements: other neutrals, faces at rest, mirror images."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.sequences import ARRAYS, LabelledSequences
from au_detect.features.furrows import MIRROR_FURROWS
from au_detect.landmarks.points import mirror


@dataclass(frozen=True)
class Pairs:
    """Which faces are compared with which neutral faces; all arrays have shape (n,).

    Attributes
    ----------
    face : ndarray of int
        The row of the sequences whose face it is.
    neutral : ndarray of int
        The row whose neutral face it is compared with.
    at_rest : ndarray of bool
        The neutral face of the row `face` stands in for its apex: nothing is on.
    mirrored : ndarray of bool
        The mirror image of both.
    """

    face: NDArray[np.intp]
    neutral: NDArray[np.intp]
    at_rest: NDArray[np.bool_]
    mirrored: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.face)

    def rows(self, chosen: NDArray[Any]) -> Pairs:
        """Return only the chosen pairs."""
        return Pairs(*(getattr(self, f.name)[chosen] for f in fields(self)))

    @property
    def is_measured(self) -> NDArray[np.bool_]:
        """Which pairs are sequences as they were measured."""
        return (self.face == self.neutral) & ~self.at_rest & ~self.mirrored


def measured_pairs(n: int) -> Pairs:
    """Return the pairs of `n` sequences as they were measured."""
    rows, no = np.arange(n), np.zeros(n, dtype=bool)
    return Pairs(rows, rows, no, no)


def augmented_pairs(
    subject: NDArray[Any], random_state: int = 0, max_pairs: int | None = None
) -> Pairs:
    """Return the pairs of sequences as they were measured, first, and three more kinds.

    - Every apex face against a neutral face from another sequence of the same person, taken in
      another light and with the head held otherwise.
    - Two neutral faces of the same person against each other: nothing is on.
    - The mirror image of each of these.

    Parameters
    ----------
    subject : ndarray, shape (n,)
        Whose sequence it is.
    random_state : int
        Which other neutral each face meets, and which pairs are left out.
    max_pairs : int, optional
        If there would be more, as many are drawn at random; measured ones all stay.
    """
    rng = np.random.default_rng(random_state)
    n = len(subject)
    rows, others = np.arange(n), _other_rows(subject, rng)
    no, yes = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
    kinds = [(rows, no), (others, no), (others, yes)]
    blocks = [(rows, neutral, rest, flip) for flip in (no, yes) for neutral, rest in kinds]
    pairs = Pairs(*(np.concatenate(column) for column in zip(*blocks, strict=True)))
    if max_pairs is not None and len(pairs) > max_pairs:
        more = n + rng.permutation(5 * n)[: max(max_pairs - n, 0)]
        pairs = pairs.rows(np.concatenate([rows, np.sort(more)]))
    return pairs


def mirrored(sequences: LabelledSequences) -> LabelledSequences:
    """Return the same sequences as the mirror shows them: left and right are exchanged."""
    order, attributes = MIRROR_FURROWS, dict(sequences.attributes)
    if "strengths" in attributes:
        attributes["strengths"] = attributes["strengths"][..., ::-1]
    return replace(
        sequences,
        neutral_points=mirror(sequences.neutral_points).astype(np.float32),
        points=mirror(sequences.points).astype(np.float32),
        neutral_furrows=_columns(sequences.neutral_furrows, order),
        furrows=_columns(sequences.furrows, order),
        attributes=attributes,
    )


def joined(parts: list[LabelledSequences]) -> LabelledSequences:
    """Return the sequences of all parts; only their rows may differ.

    Attributes that all parts have are kept, and ``weight``, 1 where a part has none.
    """
    columns = {
        name: None
        if getattr(parts[0], name) is None
        else np.concatenate([getattr(part, name) for part in parts])
        for name in ARRAYS
    }
    shared = set.intersection(*(set(part.attributes) for part in parts))
    attributes = {
        name: np.concatenate([part.attributes[name] for part in parts]) for name in sorted(shared)
    }
    if any("weight" in part.attributes for part in parts):
        weights = [part.attributes.get("weight", np.ones(len(part))) for part in parts]
        attributes["weight"] = np.concatenate(weights)
    return replace(parts[0], **columns, attributes=attributes)  # type: ignore[arg-type]


def _other_rows(subject: NDArray, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return for every row another row of the same subject, or itself where there is none."""
    others = np.arange(len(subject))
    order = np.argsort(subject, kind="stable")
    _, starts = np.unique(subject[order], return_index=True)
    for rows in np.split(order, starts[1:]):
        others[rows] = np.roll(rows, int(rng.integers(1, max(len(rows), 2))))
    return others


def _columns(
    values: NDArray[np.float32] | None, columns: NDArray[np.intp]
) -> NDArray[np.float32] | None:
    return None if values is None else values[:, columns]
