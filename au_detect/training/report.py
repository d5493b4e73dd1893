"""What a training leaves beside its networks: evaluation, report and model card."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from au_detect.classifiers.storage import load_model, read_manifest
from au_detect.evaluation.document import evaluation_document, write_document
from au_detect.evaluation.page import write_evaluation_page
from au_detect.evaluation.predictions import predict_with_model
from au_detect.facs import au_label
from au_detect.results.files import write_atomically
from au_detect.training.cross_validation import Progress
from au_detect.training.fitted import FittedModel
from au_detect.training.judging import judge_recipe, labelling
from au_detect.training.model_card import CARD_NAME, model_card
from au_detect.training.recipe import told

_TEXTS = {
    "test": "The networks as they are, on people who were kept out of the training.",
    "validation": "Every person is judged by networks that did not learn from him or her; but "
    "these people stopped those networks and set the thresholds, so that the numbers are a little "
    "better than they will be on others.",
}


def write_training_report(
    folder: str | PathLike[str],
    fitted: FittedModel,
    *,
    n_folds: int = 0,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Judge a model folder that was just trained, and write what was found into it.

    Writes ``evaluation.json``, ``report.html`` and the model card.

    Parameters
    ----------
    folder : path
        What `save_fitted` wrote.
    fitted : FittedModel
    n_folds : int
        0: the networks as they are, on the people who were kept out of the training, or on those
        who calibrate where there are none. Otherwise the recipe is judged, by so many
        subject-exclusive folds of the own collection.
    n_jobs, progress : see `cross_validate`

    Returns
    -------
    dict
        See `evaluation_document`.
    """
    model = load_model(Path(folder))
    own = fitted.data.own
    if n_folds:
        _, document = judge_recipe(
            fitted.data, fitted.recipe, n_folds=n_folds, n_jobs=n_jobs, progress=progress
        )
    else:
        kind, predictions = "validation", fitted.unseen_predictions()
        if len(fitted.test):
            kind, own = "test", fitted.test
            recipe = fitted.recipe
            predictions = predict_with_model(model, own, recipe.minimum_intensity, recipe.faint)
        document = evaluation_document(
            predictions,
            own,
            protocol={"name": f"{kind} subjects", "text": _TEXTS[kind]},
            labelling=labelling(fitted.recipe),
            classifier=told(fitted.recipe) | {"chosen": fitted.chosen},
        )
        document["history"] = [fitted.history] if fitted.history else []
    write_document(document, Path(folder) / "evaluation.json")
    write_evaluation_page(Path(folder) / "report.html", own, document)
    card = model_card(model.manifest, document)
    write_atomically(Path(folder) / CARD_NAME, card.encode())
    return document


def experimental_text(folder: Path) -> str:
    """Return in a line which AUs of a model folder are experimental, and why; empty if none is."""
    doubtful = {
        au: entry.metrics.get(au, {}).get("n_positive") or 0
        for entry in read_manifest(folder).networks
        for au in entry.experimental
    }
    if not doubtful:
        return ""
    listed = ", ".join(f"{au_label(au)} ({n:.0f})" for au, n in sorted(doubtful.items()))
    return f"experimental, for a low AUC or too few positives to tell (how many): {listed}"
