"""How many layers each half of the face needs: a search on held-out subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.metrics import evaluate_aus
from au_detect.evaluation.protocols import make_folds
from au_detect.facs import ACTION_UNITS, Face
from au_detect.training.cross_validation import Progress, cross_validate
from au_detect.training.learner_options import LearnerOptions
from au_detect.training.learners import aus_with_enough_subjects

LAYERS = tuple(range(2, 8))
FOLDS = 3


@dataclass(frozen=True)
class LayerScore:
    """What networks of so many hidden layers reached on subjects that they never saw.

    Attributes
    ----------
    layers : int
    auc, tpr, fpr : dict of str to float
        Means over the AUs of ``"upper"`` and of ``"lower"``; NaN for a half without AUs.
    """

    layers: int
    auc: dict[Face, float]
    tpr: dict[Face, float]
    fpr: dict[Face, float]


def search_layers(
    sequences: LabelledSequences,
    options: LearnerOptions,
    layers: Sequence[int] = LAYERS,
    *,
    n_folds: int = FOLDS,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> list[LayerScore]:
    """Return what each number of layers reaches, both halves at once, in subject-exclusive folds.

    Parameters
    ----------
    sequences : LabelledSequences
    options : LearnerOptions
        Everything but the number of layers; subjects calibrate once (`calibration_folds` 1).
    layers : sequence of int
        The numbers to try.
    n_folds, n_jobs, progress : see `make_folds` and `cross_validate`
    """
    aus, _ = aus_with_enough_subjects(sequences, options.recipe)
    tried = [
        replace(
            options,
            recipe=replace(options.recipe, upper_layers=n, lower_layers=n, calibration_folds=1),
        )
        for n in layers
    ]
    folds = make_folds("subject-kfold", sequences.subject, n_folds=n_folds)
    found = cross_validate(sequences, aus, tried, folds, n_jobs=n_jobs, progress=progress)
    scores = []
    for n, part in zip(layers, found, strict=True):
        evaluation = evaluate_aus(part.y, part.probabilities, part.thresholds, aus, part.fold)
        rates = {
            name: {face: _mean(getattr(evaluation, name), aus, face) for face in FACES}
            for name in ("auc", "tpr", "fpr")
        }
        scores.append(LayerScore(n, **rates))
    return scores


def best_layers(scores: Sequence[LayerScore]) -> dict[Face, int]:
    """Return, per half of the face, the number of layers with the highest mean AUC."""
    return {
        face: max(scores, key=lambda score: np.nan_to_num(score.auc[face])).layers for face in FACES
    }


FACES: tuple[Face, ...] = ("upper", "lower")


def _mean(values: np.ndarray, aus: Sequence[int], face: Face) -> float:
    chosen = [v for v, au in zip(values, aus, strict=True) if ACTION_UNITS[au].face == face]
    defined = [v for v in chosen if np.isfinite(v)]
    return float(np.mean(defined)) if defined else float("nan")
