"""From labelled sequences to probabilities: one classifier for each half of the face.

A `LearnerOptions` says which classifier and which features; `fit_learner` does everything that
learns (augmentation, scaling, weights, calibration, thresholds) on the sequences it is given, so
that nothing of a test fold can reach it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.base import AUClassifier, calibration_parts, choose_thresholds
from au_detect.datasets.augmentation import augmented
from au_detect.datasets.labelled_features import LabelledFeatures
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.facs import ACTION_UNITS, Face, au_label
from au_detect.features.extraction import mirror_columns
from au_detect.features.furrows import FURROW_NAMES
from au_detect.training.learner_options import MODELS, LearnerOptions
from au_detect.training.recipe import TrainingRecipe


@dataclass(frozen=True)
class _Part:
    """A classifier, the AUs it answers and the columns it reads."""

    classifier: AUClassifier
    aus: tuple[int, ...]
    face: Face | None


class Learner:
    """Fitted classifiers of the whole face; made by `fit_learner`.

    Attributes
    ----------
    options : LearnerOptions
    aus : tuple of int
        Columns of what it predicts.
    members : tuple
        Sets of classifiers, each calibrated on other subjects, whose probabilities are averaged.
    thresholds : ndarray, float64, shape (n_aus,)
    """

    def __init__(
        self,
        options: LearnerOptions,
        aus: tuple[int, ...],
        members: Sequence[Sequence[_Part]],
        thresholds: NDArray[np.float64],
    ) -> None:
        self.options = options
        self.aus = aus
        self.members = tuple(members)
        self.thresholds = thresholds

    def predict_proba(self, sequences: LabelledSequences) -> NDArray[np.float32]:
        """Return probabilities (n, n_aus) of the apex faces."""
        table = _table(sequences, self.options)
        answers = [_answers(parts, table, self.aus, self.options) for parts in self.members]
        return np.asarray(np.mean(answers, axis=0), dtype=np.float32)

    @property
    def history(self) -> dict[str, list[dict[str, list[float]]]]:
        """Training curves of the networks by half of the face; empty for other classifiers."""
        curves: dict[str, list[dict[str, list[float]]]] = {}
        for part in (part for parts in self.members for part in parts):
            curves.setdefault(part.face or "face", []).extend(
                getattr(part.classifier, "history_", [])
            )
        return {face: found for face, found in curves.items() if found}


def fit_learner(
    sequences: LabelledSequences, aus: Sequence[int], options: LearnerOptions
) -> Learner:
    """Fit classifiers, calibration and thresholds.

    Parameters
    ----------
    sequences : LabelledSequences
        Some of the subjects stop, calibrate and set thresholds, on their apex faces as they are;
        the others train the weights. With `TrainingRecipe.calibration_folds` over 1 every subject
        does the former once, and the classifiers are averaged.
    aus : sequence of int
        What to learn.
    options : LearnerOptions

    Raises
    ------
    InputError
        If furrows are wanted that were not measured, or there are fewer than two subjects.
    """
    recipe, chosen = options.recipe, tuple(aus)
    parts = calibration_parts(
        sequences.subject, recipe.calibration_folds, recipe.validation_fraction, recipe.random_state
    )
    members, rows, seen = [], [], []
    for held_out in parts:
        judged = held_out & sequences.is_apex
        training, validation = sequences.rows(~held_out), sequences.rows(judged)
        if options.augment:
            training = augmented(training, recipe.random_state)
        tables = [_table(training, options), _table(validation, options)]
        member = [_fit_part(tables, face, half, options) for face, half in _halves(chosen, options)]
        members.append(member)
        rows.append(np.flatnonzero(judged))
        seen.append(_answers(member, tables[1], chosen, options))
    labels = sequences.labels(chosen, recipe.minimum_intensity)[np.concatenate(rows)]
    thresholds = choose_thresholds(labels, np.concatenate(seen), recipe.max_fpr)
    return Learner(options, chosen, members, thresholds)


def _answers(
    parts: Sequence[_Part],
    table: LabelledFeatures,
    aus: tuple[int, ...],
    options: LearnerOptions,
) -> NDArray[np.float32]:
    """Return the probabilities (n, n_aus) of one set of classifiers."""
    probabilities = np.empty((len(table), len(aus)), dtype=np.float32)
    for part in parts:
        features, names = _columns(table, part.face, options.features)
        answer: NDArray[np.floating] = part.classifier.predict_proba(features)
        if options.augment:
            order, signs = mirror_columns(names)
            answer = (answer + part.classifier.predict_proba(signs * features[:, order])) / 2
        probabilities[:, _places(aus, part.aus)] = answer
    return probabilities


def aus_with_enough_subjects(
    sequences: LabelledSequences, recipe: TrainingRecipe
) -> tuple[tuple[int, ...], dict[str, int]]:
    """Return the AUs that enough subjects show, and how many show each of the others.

    Raises
    ------
    InputError
        If none is shown by `TrainingRecipe.min_positive_subjects` subjects.
    """
    labels = sequences.labels(sequences.aus, recipe.minimum_intensity)
    n_subjects = {
        au: len(np.unique(sequences.subject[labels[:, column] == 1]))
        for column, au in enumerate(sequences.aus)
    }
    kept = tuple(sorted(au for au, n in n_subjects.items() if n >= recipe.min_positive_subjects))
    dropped = {au_label(au): n for au, n in sorted(n_subjects.items()) if au not in kept}
    if not kept:
        raise InputError(
            f"some AU must be shown by {recipe.min_positive_subjects} subjects, got {dropped}"
        )
    return kept, dropped


def _fit_part(
    tables: list[LabelledFeatures], face: Face | None, aus: tuple[int, ...], options: LearnerOptions
) -> _Part:
    recipe = options.recipe
    features = [_columns(table, face, options.features)[0] for table in tables]
    labels = [
        table.labels(recipe.minimum_intensity)[:, _places(table.aus, aus)] for table in tables
    ]
    weights = [
        table.row_weights(recipe.minimum_intensity, by_intensity=recipe.intensity_weights)
        for table in tables
    ]
    classifier = MODELS[options.model](face, recipe)
    classifier.fit(
        np.concatenate(features),
        np.concatenate(labels),
        sample_weight=np.concatenate(weights),
        held_out=np.arange(sum(map(len, tables))) >= len(tables[0]),
    )
    return _Part(classifier, aus, face)


def _halves(
    aus: Sequence[int], options: LearnerOptions
) -> list[tuple[Face | None, tuple[int, ...]]]:
    """Return each half of the face with its AUs, those without any left out."""
    if options.one_network:
        return [(None, tuple(aus))]
    faces: tuple[Face, ...] = ("upper", "lower")
    halves = [(face, tuple(au for au in aus if ACTION_UNITS[au].face == face)) for face in faces]
    return [(face, chosen) for face, chosen in halves if chosen]


def _table(sequences: LabelledSequences, options: LearnerOptions) -> LabelledFeatures:
    return sequences.features(
        uses_neutral=options.uses_neutral, uses_furrows=options.features != "geometry"
    )


def _columns(
    table: LabelledFeatures, face: Face | None, features: str
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Return the columns that a classifier reads, each once, and their names."""
    by_name: dict[str, NDArray[np.float32]] = {}
    if face != "lower":
        by_name |= dict(zip(table.upper_names, table.upper.T, strict=True))
    if face != "upper":
        by_name |= dict(zip(table.lower_names, table.lower.T, strict=True))
    if features == "furrows":
        by_name = {name: column for name, column in by_name.items() if name in FURROW_NAMES}
    return np.stack(list(by_name.values()), axis=1), tuple(by_name)


def _places(known: Sequence[int], wanted: Sequence[int]) -> list[int]:
    return [list(known).index(au) for au in wanted]
