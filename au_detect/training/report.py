"""What a training leaves beside its networks: evaluation, report and model card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from au_detect.classifiers.storage import load_model
from au_detect.datasets.augmentation import joined
from au_detect.datasets.sequences import LabelledSequences
from au_detect.datasets.tables import training_tables
from au_detect.evaluation.document import evaluation_document, write_document
from au_detect.evaluation.page import write_evaluation_page
from au_detect.evaluation.predictions import predict_with_model
from au_detect.results.files import write_atomically
from au_detect.training.cross_validation import Progress
from au_detect.training.judging import judge_learner
from au_detect.training.learner_options import LearnerOptions
from au_detect.training.model_card import CARD_NAME, model_card
from au_detect.training.recipe import TrainingRecipe
from au_detect.training.subject_split import split_subjects


def write_training_report(
    folder: str | PathLike[str],
    sequences: Sequence[LabelledSequences],
    recipe: TrainingRecipe,
    *,
    n_folds: int = 0,
    augment: bool = True,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Judge a model folder that was just trained, and write what was found into it.

    Writes ``evaluation.json``, ``report.html`` and the model card.

    Parameters
    ----------
    folder : path
        What `train_models` wrote.
    sequences : sequence of LabelledSequences
        What it was trained on.
    recipe : TrainingRecipe
    n_folds : int
        0: the networks as they are, on the subjects that were kept out of the training.
        Otherwise the recipe is judged, by so many subject-exclusive folds of the first
        collection.
    augment, n_jobs, progress : see `LearnerOptions` and `cross_validate`

    Returns
    -------
    dict
        See `evaluation_document`.
    """
    model = load_model(Path(folder))
    collection = sequences[0]
    if n_folds:
        features = "geometry" if collection.furrows is None else "both"
        options = LearnerOptions(features=features, augment=augment, recipe=recipe)
        _, document = judge_learner(
            collection, options, n_folds=n_folds, n_jobs=n_jobs, progress=progress
        )
    else:
        collection = _measured_sequences(sequences, recipe)
        kind = "test" if recipe.test_fraction else "validation"
        document = evaluation_document(
            predict_with_model(model, collection, recipe.minimum_intensity),
            collection,
            protocol={"name": f"{kind} subjects", "text": _TEXTS[kind]},
            classifier={"model": "mlp", "recipe": model.manifest.training["recipe"]},
        )
        document["history"] = [model.manifest.training["history"]]
    write_document(document, Path(folder) / "evaluation.json")
    write_evaluation_page(Path(folder) / "report.html", collection, document)
    card = model_card(model.manifest, document)
    write_atomically(Path(folder) / CARD_NAME, card.encode())
    return document


_TEXTS = {
    "test": "The networks as they are, on subjects that were kept out of the training.",
    "validation": "The networks as they are, on the subjects that stopped the training and set "
    "the thresholds: the numbers are better than they will be on others.",
}


def _measured_sequences(
    sequences: Sequence[LabelledSequences], recipe: TrainingRecipe
) -> LabelledSequences:
    """Return the sequences of those collections with pictures (else of all) that only measure."""
    tables = training_tables(sequences, augment=False)
    names = split_subjects(tables, recipe).measuring
    with_pictures = any(part.furrows is not None for part in sequences)
    chosen = []
    for number, part in enumerate(sequences):
        renamed = np.char.add(f"{number}-", part.subject.astype(str))
        rows = np.isin(renamed, names)
        if rows.any() and (part.furrows is not None) == with_pictures:
            chosen.append(replace(part, subject=renamed).rows(rows))
    return chosen[0] if len(chosen) == 1 else joined(chosen)
