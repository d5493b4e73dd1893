"""From labelled sequences to probabilities: one classifier for each half of the face.

A `LearnerOptions` says which classifier and which features; `fit_learner` does everything that
learns (augmentation, scaling, weights, calibration, thresholds) on the sequences it is given, so
that nothing of a test fold can reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.base import AUClassifier, choose_thresholds, held_out_rows
from au_detect.classifiers.baselines import (
    AdaBoostAUClassifier,
    LinearSVMClassifier,
    LogisticRegressionClassifier,
    OneForEachAU,
    RBFSVMClassifier,
)
from au_detect.datasets.augmentation import augmented
from au_detect.datasets.labelled_features import LabelledFeatures
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError, check_option
from au_detect.facs import ACTION_UNITS, Face, au_label
from au_detect.features import mirror_columns
from au_detect.furrows import FURROW_NAMES
from au_detect.recipe import TrainingRecipe, make_network

FEATURES = ("both", "geometry", "furrows")
ONE_VS_ALL_UNITS = 64

Maker = Callable[[Face | None, TrainingRecipe], AUClassifier]


def _baseline(kind: type[OneForEachAU]) -> Maker:
    def make(face: Face | None, recipe: TrainingRecipe) -> AUClassifier:
        accepted = kind().get_params()
        options: dict[str, Any] = {k: v for k, v in asdict(recipe).items() if k in accepted}
        if options["positive_weighting"] == "focal":  # a loss of networks alone
            options["positive_weighting"] = "per_au"
        return kind(**options)

    return make


def _one_vs_all(face: Face | None, recipe: TrainingRecipe) -> AUClassifier:
    small = replace(recipe, units=min(recipe.units, ONE_VS_ALL_UNITS))
    return make_network(face, small, one_vs_all=True)


MODELS: dict[str, Maker] = {
    "mlp": make_network,
    "mlp-one-vs-all": _one_vs_all,
    "svm": _baseline(RBFSVMClassifier),
    "linear-svm": _baseline(LinearSVMClassifier),
    "adaboost": _baseline(AdaBoostAUClassifier),
    "logistic": _baseline(LogisticRegressionClassifier),
}
"""Name on the command line -> what makes the classifier for one half of the face (or all of it)."""


@dataclass(frozen=True)
class LearnerOptions:
    """Which classifier learns from which features.

    Attributes
    ----------
    model : str
        One of `MODELS`.
    features : {"both", "geometry", "furrows"}
        What landmarks tell, what furrows tell, or both.
    uses_neutral : bool
        Compare with the person's neutral face, or with the mean face.
    one_network : bool
        One classifier for all AUs and the whole face, instead of one for each half.
    augment : bool
        Train on mirror images and crossed neutral faces too (`augmented`), and answer by the mean
        over a face and its mirror image.
    recipe : TrainingRecipe

    Raises
    ------
    InputError
        If `model` or `features` is another word.
    """

    model: str = "mlp"
    features: str = "both"
    uses_neutral: bool = True
    one_network: bool = False
    augment: bool = True
    recipe: TrainingRecipe = field(default_factory=TrainingRecipe)

    def __post_init__(self) -> None:
        check_option("model", self.model, MODELS)
        check_option("features", self.features, FEATURES)


ABLATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "features": {
        "geometry only": {"features": "geometry"},
        "furrows only": {"features": "furrows"},
    },
    "neutral": {"without neutral": {"uses_neutral": False}},
    "networks": {"one network": {"one_network": True}},
}
"""What can be taken from a learner -> names and changes of the learners that are left."""


def ablated(name: str, options: LearnerOptions, what: Sequence[str]) -> dict[str, LearnerOptions]:
    """Return the learners that lack something, by name; those like `options` are left out.

    Raises
    ------
    InputError
        If `what` is not among `ABLATIONS`.
    """
    learners = {}
    for part in what:
        check_option("ablate", part, ABLATIONS)
        for lacking, changes in ABLATIONS[part].items():
            changed = replace(options, **changes)
            possible = part != "features" or options.features == "both"
            if possible and changed != options:
                learners[f"{name}, {lacking}"] = changed
    return learners


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
    thresholds : ndarray, float64, shape (n_aus,)
    """

    def __init__(
        self, options: LearnerOptions, aus: tuple[int, ...], parts: Sequence[_Part]
    ) -> None:
        self.options = options
        self.aus = aus
        self.parts = tuple(parts)
        self.thresholds = np.full(len(aus), 0.5)

    def predict_proba(self, sequences: LabelledSequences) -> NDArray[np.float32]:
        """Return probabilities (n, n_aus) of the apex faces."""
        table = _table(sequences, self.options)
        probabilities = np.empty((len(table), len(self.aus)), dtype=np.float32)
        for part in self.parts:
            features, names = _columns(table, part.face, self.options.features)
            answer: NDArray[np.floating] = part.classifier.predict_proba(features)
            if self.options.augment:
                order, signs = mirror_columns(names)
                mirrored = part.classifier.predict_proba(signs * features[:, order])
                answer = (answer + mirrored) / 2
            probabilities[:, [self.aus.index(au) for au in part.aus]] = answer
        return probabilities

    @property
    def history(self) -> dict[str, list[dict[str, list[float]]]]:
        """Training curves of the networks by half of the face; empty for other classifiers."""
        return {
            part.face or "face": part.classifier.history_
            for part in self.parts
            if hasattr(part.classifier, "history_")
        }


def fit_learner(
    sequences: LabelledSequences, aus: Sequence[int], options: LearnerOptions
) -> Learner:
    """Fit classifiers, calibration and thresholds.

    Parameters
    ----------
    sequences : LabelledSequences
        `TrainingRecipe.validation_fraction` of the subjects stop, calibrate and set thresholds,
        on their sequences as they are; the others train the weights.
    aus : sequence of int
        What to learn.
    options : LearnerOptions

    Raises
    ------
    InputError
        If furrows are wanted that were not measured, or there are fewer than two subjects.
    """
    recipe = options.recipe
    held_out = held_out_rows(sequences.subject, recipe.validation_fraction, recipe.random_state)
    training, validation = sequences.rows(~held_out), sequences.rows(held_out)
    if options.augment:
        training = augmented(training, recipe.random_state)
    tables = [_table(training, options), _table(validation, options)]
    parts = [_fit_part(tables, face, chosen, options) for face, chosen in _halves(aus, options)]
    learner = Learner(options, tuple(aus), parts)
    labels = tables[1].labels(recipe.minimum_intensity)[:, _places(tables[1].aus, aus)]
    learner.thresholds = choose_thresholds(
        labels, learner.predict_proba(validation), recipe.max_fpr
    )
    return learner


def aus_with_enough_subjects(
    sequences: LabelledSequences, recipe: TrainingRecipe
) -> tuple[tuple[int, ...], dict[str, int]]:
    """Return the AUs that enough subjects show, and how many show each of the others.

    Raises
    ------
    InputError
        If none is shown by `TrainingRecipe.min_positive_subjects` subjects.
    """
    labels = labels_of(sequences, sequences.aus, recipe.minimum_intensity)
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


def labels_of(
    sequences: LabelledSequences, aus: Sequence[int], minimum_intensity: float
) -> NDArray[np.float32]:
    """Return the labels (n, n_aus) of the chosen AUs; see `LabelledFeatures.labels`."""
    intensity = sequences.intensity[:, _places(sequences.aus, aus)]
    labels = np.full(intensity.shape, np.nan, dtype=np.float32)
    labels[intensity == 0] = 0
    labels[intensity >= minimum_intensity] = 1
    return labels


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
