"""Evaluations and comparisons from end to end: a collection in, predictions and documents out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import Any

from au_detect.classifiers.storage import load_model
from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.comparison import compare_predictions, sentence_about
from au_detect.evaluation.document import describe_data, evaluation_document, plain
from au_detect.evaluation.predictions import Predictions, predict_with_model
from au_detect.evaluation.protocols import make_folds
from au_detect.training.cross_validation import Progress, cross_validate
from au_detect.training.learner_options import LearnerOptions
from au_detect.training.learners import aus_with_enough_subjects

COMPARISON_FORMAT = "au_detect comparison"


def judge_learner(
    sequences: LabelledSequences,
    options: LearnerOptions,
    protocol: str = "subject-kfold",
    *,
    n_folds: int = 10,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> tuple[Predictions, dict[str, Any]]:
    """Return out-of-fold predictions of a learner, and the document about them.

    Parameters
    ----------
    sequences : LabelledSequences
    options : LearnerOptions
    protocol, n_folds : see `make_folds`
    n_jobs, progress : see `cross_validate`

    Raises
    ------
    InputError
        If no AU is shown by enough subjects, or the protocol does not fit.
    """
    aus, dropped = aus_with_enough_subjects(sequences, options.recipe)
    folds = make_folds(protocol, sequences.subject, n_folds=n_folds)
    (predictions,) = cross_validate(
        sequences, aus, [options], folds, n_jobs=n_jobs, progress=progress
    )
    document = evaluation_document(
        predictions,
        sequences,
        protocol={"name": protocol, "n_folds": len(folds)},
        classifier=asdict(options),
        dropped=dropped,
    )
    return predictions, document


def judge_model(
    model: str | PathLike[str], sequences: LabelledSequences, minimum_intensity: float = 1.0
) -> tuple[Predictions, dict[str, Any]]:
    """Return the predictions of a model folder, and the document about them; nothing is trained.

    Raises
    ------
    ModelFileError
        If the folder holds no model, or one for other landmarks or features.
    """
    opened = load_model(str(model))
    predictions = predict_with_model(opened, sequences, minimum_intensity)
    text = (
        f"The model {opened.name} as it is, on this collection. If it was trained on these people, "
        "the numbers are too good."
    )
    document = evaluation_document(
        predictions,
        sequences,
        protocol={"name": "given model", "text": text},
        classifier={"model": opened.name, "sha256": opened.sha256},
    )
    return predictions, document


def compare_learners(
    sequences: LabelledSequences,
    variants: Mapping[str, LearnerOptions],
    protocol: str = "subject-kfold",
    *,
    n_folds: int = 10,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the document of a comparison, and that of the first learner's evaluation.

    Parameters
    ----------
    sequences : LabelledSequences
    variants : mapping of str to LearnerOptions
        By name; the first is what the others are compared with. Where it reads landmarks and
        furrows, and another differs from it in nothing but reading landmarks alone, the document
        says what furrows add; and so with the neutral face and the two networks.
    protocol, n_folds : see `make_folds`
    n_jobs, progress : see `cross_validate`
    """
    names, options = list(variants), list(variants.values())
    aus, dropped = aus_with_enough_subjects(sequences, options[0].recipe)
    folds = make_folds(protocol, sequences.subject, n_folds=n_folds)
    found = cross_validate(sequences, aus, options, folds, n_jobs=n_jobs, progress=progress)
    predictions = dict(zip(names, found, strict=True))
    told = {"name": protocol, "n_folds": len(folds)}
    evaluation = evaluation_document(
        found[0],
        sequences,
        protocol=told,
        classifier=asdict(options[0]),
        dropped=dropped,
    )
    document = {
        "format": COMPARISON_FORMAT,
        "protocol": told,
        "data": describe_data(sequences.rows(found[0].rows), dropped),
        "learners": {name: asdict(chosen) for name, chosen in variants.items()},
        **compare_predictions(predictions),
        "answers": _answers(variants, predictions),
    }
    return plain(document), evaluation


QUESTIONS: dict[str, dict[str, Any]] = {
    "Furrows beside landmarks": {"features": "geometry"},
    "Landmarks beside furrows": {"features": "furrows"},
    "The person's own neutral face": {"uses_neutral": False},
    "Separate networks for upper and lower face": {"one_network": True},
}
"""What is asked -> what a learner lacks that differs from the first in nothing else."""


def _answers(
    variants: Mapping[str, LearnerOptions], predictions: Mapping[str, Predictions]
) -> list[str]:
    first = next(iter(variants))
    full = asdict(variants[first])
    answers = []
    for what, lacking in QUESTIONS.items():
        for name, options in variants.items():
            if name != first and asdict(options) == full | lacking:
                answers.append(sentence_about(what, predictions[first], predictions[name]))
    return answers
