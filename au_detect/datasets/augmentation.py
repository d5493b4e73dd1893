"""More training pairs from the same measurements: other neutrals, faces at rest, mirror images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.sequences import ARRAYS, LabelledSequences
from au_detect.features.furrows import MIRROR_FURROWS
from au_detect.landmarks.points import mirror


def augmented(sequences: LabelledSequences, random_state: int = 0) -> LabelledSequences:
    """Return the sequences with three kinds of pairs added.

    - Every apex face against a neutral face from another sequence of the same person, taken in
      another light and with the head held otherwise.
    - Two neutral faces of the same person against each other: nothing is on.
    - The mirror image of each of these.

    Attributes but ``weight`` are dropped: they describe the sequences that were there before. The
    attribute ``original`` says which rows these are, at their apex: all of them among the first.

    Parameters
    ----------
    sequences : LabelledSequences
    random_state : int
        Which other neutral each face meets.
    """
    others = _other_rows(sequences.subject, np.random.default_rng(random_state))
    crossed = replace(
        sequences,
        neutral_points=sequences.neutral_points[others],
        neutral_furrows=_taken(sequences.neutral_furrows, others),
    )
    resting = replace(
        crossed,
        points=sequences.neutral_points,
        furrows=sequences.neutral_furrows,
        intensity=np.zeros_like(sequences.intensity),
    )
    parts = [sequences, crossed, resting]
    whole = joined([*parts, *(mirrored(part) for part in parts)])
    whole.attributes["original"] = np.zeros(len(whole), dtype=bool)
    whole.attributes["original"][: len(sequences)] = sequences.is_apex
    return whole


def mirrored(sequences: LabelledSequences) -> LabelledSequences:
    """Return the same sequences as the mirror shows them: left and right are exchanged."""
    order = MIRROR_FURROWS
    return replace(
        sequences,
        neutral_points=mirror(sequences.neutral_points).astype(np.float32),
        points=mirror(sequences.points).astype(np.float32),
        neutral_furrows=_columns(sequences.neutral_furrows, order),
        furrows=_columns(sequences.furrows, order),
    )


def joined(parts: list[LabelledSequences]) -> LabelledSequences:
    """Return the sequences of all parts; only their rows may differ.

    Of the attributes ``weight`` is kept, 1 where a part has none.
    """
    columns = {
        name: None
        if getattr(parts[0], name) is None
        else np.concatenate([getattr(part, name) for part in parts])
        for name in ARRAYS
    }
    attributes = {}
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


def _taken(
    values: NDArray[np.float32] | None, rows: NDArray[np.intp]
) -> NDArray[np.float32] | None:
    return None if values is None else values[rows]


def _columns(
    values: NDArray[np.float32] | None, columns: NDArray[np.intp]
) -> NDArray[np.float32] | None:
    return None if values is None else values[:, columns]
