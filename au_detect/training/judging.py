"""Evaluations and comparisons from end to end: collections in, predictions and documents out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

from au_detect.classifiers.storage import load_model
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.evaluation.comparison import compare_predictions, sentence_about
from au_detect.evaluation.document import describe_data, evaluation_document, plain
from au_detect.evaluation.predictions import Predictions, predict_with_model
from au_detect.evaluation.protocols import Fold, make_folds
from au_detect.training.choices import ABLATIONS
from au_detect.training.cross_validation import Progress, cross_validate
from au_detect.training.data import TrainingData
from au_detect.training.engine import aus_with_enough_people
from au_detect.training.pixel_fit import data_with_pixels
from au_detect.training.recipe import TrainingRecipe, told

COMPARISON_FORMAT = "au_detect comparison"


def judge_recipe(
    data: TrainingData,
    recipe: TrainingRecipe,
    protocol: str = "subject-kfold",
    *,
    n_folds: int = 10,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> tuple[Predictions, dict[str, Any]]:
    """Return out-of-fold predictions of what a recipe makes of the data, and the document.

    Parameters
    ----------
    data : TrainingData
    recipe : TrainingRecipe
        Its `random_state` deals the people to folds, too.
    protocol, n_folds : see `make_folds`
    n_jobs, progress : see `cross_validate`

    Raises
    ------
    InputError
        If no AU is shown by enough people, or the protocol does not fit.
    """
    data = data.in_order()
    aus, dropped = aus_with_enough_people(data.own, recipe)
    folds = _folds(data, protocol, n_folds, recipe.random_state)
    (found,) = cross_validate(data, aus, [recipe], folds, n_jobs=n_jobs, progress=progress)
    predictions = _as_compared(found, protocol)
    document = evaluation_document(
        predictions,
        data.own,
        protocol=_protocol(protocol, len(folds)),
        labelling=labelling(recipe),
        classifier=told(recipe) | {"chosen": predictions.chosen},
        dropped=dropped,
        matched_fpr=recipe.max_fpr,
    )
    return predictions, document


def judge_model(
    model: str | PathLike[str],
    sequences: LabelledSequences,
    minimum_intensity: float = 1.0,
    faint: str = "ignore",
) -> tuple[Predictions, dict[str, Any]]:
    """Return the predictions of a model folder, and the document about them; nothing is trained.

    Raises
    ------
    ModelFileError
        If the folder holds no model, or one for other landmarks or features.
    """
    opened = load_model(str(model))
    predictions = predict_with_model(opened, sequences, minimum_intensity, faint)
    text = (
        f"The model {opened.name} as it is, on this collection. If it was trained on these people, "
        "the numbers are too good."
    )
    document = evaluation_document(
        predictions,
        sequences,
        protocol={"name": "given model", "text": text},
        labelling={"minimum_intensity": minimum_intensity, "faint": faint},
        classifier={"model": opened.name, "sha256": opened.sha256},
    )
    return predictions, document


def labelling(recipe: TrainingRecipe) -> dict[str, Any]:
    """Return what a document says of when an AU counts as present."""
    return {"minimum_intensity": recipe.minimum_intensity, "faint": recipe.faint}


def compare_recipes(
    data: TrainingData,
    variants: Mapping[str, TrainingRecipe],
    protocol: str = "subject-kfold",
    *,
    n_folds: int = 10,
    n_repeats: int = 1,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> tuple[dict[str, list[Predictions]], dict[str, Any], dict[str, Any]]:
    """Return predictions by name, the document of the comparison, and that of the first recipe.

    Parameters
    ----------
    data : TrainingData
    variants : mapping of str to TrainingRecipe
        By name; the first is what the others are compared with. Where another differs from it in
        nothing but one thing that it lacks (`ABLATIONS`), the document says what that adds.
    protocol, n_folds : see `make_folds`
    n_repeats : int
        How often all is done, with other folds and seeds: then intervals of differences allow for
        what a training happens to give.
    n_jobs, progress : see `cross_validate`

    Raises
    ------
    InputError
        If `n_repeats` is below 1, and as `judge_recipe`.
    """
    if n_repeats < 1:
        raise InputError(f"n_repeats must be at least 1, got {n_repeats}")
    names, first = list(variants), next(iter(variants.values()))
    data = data.in_order()
    aus, dropped = aus_with_enough_people(data.own, first)
    predictions: dict[str, list[Predictions]] = {name: [] for name in names}
    n_made = 0
    data = data_with_pixels(data, list(variants.values()))
    for repeat in range(n_repeats):
        seed = first.random_state + repeat
        folds = _folds(data, protocol, n_folds, seed)
        recipes = [replace(r, random_state=r.random_state + repeat) for r in variants.values()]
        found = cross_validate(
            data, aus, recipes, folds, n_jobs=n_jobs, progress=progress, costs=repeat == 0
        )
        n_made = len(folds)
        for name, run in zip(names, found, strict=True):
            predictions[name].append(_as_compared(run, protocol))
    said = _protocol(protocol, n_made)
    evaluation = evaluation_document(
        predictions[names[0]][0],
        data.own,
        protocol=said,
        labelling=labelling(first),
        classifier=told(first) | {"chosen": predictions[names[0]][0].chosen},
        dropped=dropped,
        matched_fpr=first.max_fpr,
    )
    document = {
        "format": COMPARISON_FORMAT,
        "protocol": said,
        "labelling": labelling(first),
        "data": describe_data(data.own.rows(predictions[names[0]][0].rows), dropped),
        "learners": {name: told(recipe) for name, recipe in variants.items()},
        **compare_predictions(predictions, matched_fpr=first.max_fpr),
        "answers": _answers(variants, predictions),
    }
    return predictions, plain(document), evaluation


def _folds(data: TrainingData, protocol: str, n_folds: int, seed: int) -> list[Fold]:
    return make_folds(
        protocol, data.own.subject, n_folds=n_folds, random_state=seed,
        sequence=data.own.attributes.get("name"),
    )  # fmt: skip


def _as_compared(predictions: Predictions, protocol: str) -> Predictions:
    """Let AUCs compare all people where every fold is one person."""
    return replace(predictions, pooled=protocol == "loso")


QUESTIONS = {
    "furrows": "Furrows beside landmarks",
    "landmarks": "Landmarks beside furrows",
    "neutral": "The person's own neutral face",
    "networks": "Separate networks for upper and lower face",
    "extra": "The extra collections",
    "start": "Beginning from the shipped networks",
}
"""What can be taken from a recipe (`ABLATIONS`) -> what is asked about it."""


def _answers(
    variants: Mapping[str, TrainingRecipe], predictions: Mapping[str, list[Predictions]]
) -> list[str]:
    first = next(iter(variants))
    answers = []
    for part, what in QUESTIONS.items():
        name = f"{first}, {ABLATIONS[part][0]}"
        if name in variants:
            answers.append(sentence_about(what, predictions[first], predictions[name]))
    return answers


def _protocol(name: str, n_folds: int) -> dict[str, Any]:
    return {"name": name, "n_folds": n_folds}
