"""What a classifier or a model said of labelled sequences, beside what was coded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.intensity import intensity_of
from au_detect.classifiers.storage import AUModel, NetworkKind
from au_detect.datasets.labelled_features import graded
from au_detect.datasets.sequences import LabelledSequences
from au_detect.facs import au_label
from au_detect.features.geometry import Side
from au_detect.results.files import write_atomically
from au_detect.results.tables import table_as_csv

HALVES: tuple[Side, Side] = ("right", "left")
"""In the order of the strengths that sequences carry."""


@dataclass(frozen=True)
class Predictions:
    """What was predicted for the tested rows, beside what was coded.

    Attributes
    ----------
    aus : tuple of int
    rows : ndarray of int, shape (n,)
        Which sequences of the collection were tested.
    y : ndarray, float32, shape (n, n_aus)
        1, 0 or NaN.
    probabilities, thresholds : ndarray, shape (n, n_aus)
        Each row's from the classifier of its fold.
    subject : ndarray, shape (n,)
    fold : ndarray of int, shape (n,)
    history : list
        Training curves of every fold; empty for classifiers without.
    chosen : list
        What was chosen inside every fold.
    costs : list
        What every fold's training cost: ``fit_s``, and where it was measured ``frame_ms`` (one
        frame, landmarks not counted) and ``size_mb``.
    pooled : bool
        Whether AUCs compare rows of all folds with each other: where a fold is one person, who
        may never show an AU, or always.
    intensity : ndarray, float32, shape (n, n_aus), optional
        In [0, 5]; None of classifiers that say none.
    sides : ndarray, float32, shape (n, n_aus, 2), optional
        Intensities of the right and the left half.
    """

    aus: tuple[int, ...]
    rows: NDArray[np.intp]
    y: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    thresholds: NDArray[np.float64]
    subject: NDArray[Any]
    fold: NDArray[np.intp]
    history: list[dict[str, Any]] = field(default_factory=list)
    chosen: list[dict[str, Any]] = field(default_factory=list)
    costs: list[dict[str, float]] = field(default_factory=list)
    pooled: bool = False
    intensity: NDArray[np.float32] | None = None
    sides: NDArray[np.float32] | None = None

    @property
    def compared_within(self) -> NDArray[np.intp] | None:
        """The folds within which AUCs compare rows; None for all rows together."""
        return None if self.pooled else self.fold

    @property
    def decided(self) -> NDArray[np.float64]:
        """Decisions (n, n_aus): 1 or 0, NaN where there is no probability."""
        known = np.isfinite(self.probabilities)
        return np.where(known, self.probabilities >= self.thresholds, np.nan)

    def write_csv(self, path: str | PathLike[str], sequences: LabelledSequences) -> None:
        """Write a row per tested sequence: who, which fold, and each AU's label and answer.

        ``AU12_y`` is the label, ``AU12_p`` the probability, ``AU12_c`` the decision, and where
        intensities are said, ``AU12_coded`` is the coded one and ``AU12_r`` what was said.

        Parameters
        ----------
        path : path
        sequences : LabelledSequences
            The collection that `rows` points into.
        """
        write_atomically(path, self._csv(sequences, {}))

    def _csv(
        self, sequences: LabelledSequences, first: Mapping[str, Any], *, header: bool = True
    ) -> bytes:
        """Return the table as CSV; the columns of `first` stand before the others."""
        import pandas as pd

        columns: dict[str, Any] = {**first, "subject": self.subject, "fold": self.fold}
        if "name" in sequences.attributes:
            columns["name"] = sequences.attributes["name"][self.rows]
        for column, au in enumerate(self.aus):
            label = au_label(au)
            columns[f"{label}_y"] = self.y[:, column]
            columns[f"{label}_p"] = np.round(self.probabilities[:, column].astype(float), 6)
            columns[f"{label}_c"] = self.decided[:, column]
            if self.intensity is not None:
                coded = graded(sequences.intensity[self.rows, sequences.aus.index(au)])
                columns[f"{label}_coded"] = coded
                columns[f"{label}_r"] = np.round(self.intensity[:, column].astype(float), 6)
        table = pd.DataFrame(columns)
        texts = [name for name in ("subject", "name") if name in table and table[name].dtype == "O"]
        return table_as_csv(table, texts, header=header)


def write_repeats(
    path: str | PathLike[str], repeats: Sequence[Predictions], sequences: LabelledSequences
) -> None:
    """Write what `Predictions.write_csv` does for every repeat, one below the other.

    The first column, ``repeat``, counts them from 0. Only one at a time is made into text.

    Parameters
    ----------
    path : path
    repeats : sequence of Predictions
        Of the same AUs.
    sequences : LabelledSequences
        The collection that their `rows` point into.
    """
    write_atomically(
        path,
        (
            run._csv(sequences, {"repeat": number}, header=number == 0)
            for number, run in enumerate(repeats)
        ),
    )


def predict_with_model(
    model: AUModel,
    sequences: LabelledSequences,
    minimum_intensity: float = 1.0,
    faint: str = "ignore",
) -> Predictions:
    """Return what a model folder says of the sequences; nothing is trained.

    Faces are compared with their neutral face where all have one, and furrows are read where they
    were measured.

    Raises
    ------
    ModelFileError
        If the model was made for another landmark model or other features.
    """
    model.check_landmark_model(sequences.landmark_model)
    kind = NetworkKind(
        uses_neutral=bool(sequences.has_neutral.all()), uses_furrows=sequences.furrows is not None
    )
    table = sequences.features(uses_neutral=kind.uses_neutral, uses_furrows=kind.uses_furrows)
    model.check_features(table.upper_names, table.lower_names, kind)
    known = model.aus(kind, experimental=True)
    aus = tuple(au for au in known if au in sequences.aus)
    thresholds = list(model.thresholds(kind, aus).values())
    probabilities = model.predict(table.upper, table.lower, kind, aus)
    rows = np.flatnonzero(sequences.is_apex)
    scale, n = model.intensity_scale(kind, aus), len(rows)
    return Predictions(
        aus=aus,
        rows=rows,
        y=sequences.labels(aus, minimum_intensity, faint)[rows],
        probabilities=probabilities[rows],
        thresholds=np.broadcast_to(thresholds, (n, len(aus))),
        subject=sequences.subject[rows],
        fold=np.zeros(n, dtype=np.intp),
        intensity=None if scale is None else intensity_of(probabilities[rows], scale),
        sides=None if scale is None else _sides(model, sequences.rows(rows), kind, aus, scale),
    )


def _sides(
    model: AUModel,
    sequences: LabelledSequences,
    kind: NetworkKind,
    aus: tuple[int, ...],
    scale: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return intensities (n, n_aus, 2) of the right and the left half."""
    said = []
    for half in HALVES:
        table = sequences.features(
            uses_neutral=kind.uses_neutral, uses_furrows=kind.uses_furrows, half=half
        )
        answer = model.predict(table.upper, table.lower, kind, aus, is_symmetric=True)
        said.append(intensity_of(answer, scale))
    return np.stack(said, axis=2)
