"""The recipe of a training: everything that decides, with the data, what comes out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from au_detect.classifiers.mlp import MLPClassifier
from au_detect.facs import Face


@dataclass(frozen=True)
class TrainingRecipe:
    """Everything that decides, with the data, what a training gives.

    Attributes
    ----------
    upper_layers, lower_layers : int
        Hidden layers of the networks for the upper and the lower face.
    test_fraction : float
        Fraction of the subjects that only measure, in [0, 1); at 0 the validation subjects
        measure too, and the rates look better than they are.
    validation_fraction : float
        Fraction of the other subjects for early stopping, calibration and thresholds.
    calibration_folds : int
        1: `validation_fraction` of the subjects are held out once. Otherwise subjects are dealt to
        so many parts; each part is held out in turn, from networks of its own, and the networks
        are averaged: every subject trains, and thresholds stand on all of them. It costs so many
        trainings, and pays where subjects are few.
    judge_augmented : bool
        Whether calibration, thresholds and rates stand on rows too that are not
        `LabelledFeatures.is_original`: mirror images, crossed neutral faces, and faces at rest or
        on the way to the apex, which are easy.
    max_fpr : float
        False-positive rate on the validation subjects that thresholds allow.
    minimum_intensity : float
        FACS intensity from which an AU counts as present (`LabelledFeatures.labels`).
    min_positive_subjects : int
        An AU that fewer subjects show is dropped, and named in the manifest.
    experimental : tuple of int
        AUs to mark as not reliable enough to build on.
    experimental_below_auc : float
        AUs whose ROC AUC on the measuring subjects is lower are marked too.
    intensity_weights : bool
        Let rows count in proportion to the FACS intensity of what they show
        (`LabelledFeatures.row_weights`).
    units, members, ... : see `MLPClassifier`
    """

    upper_layers: int = 6
    lower_layers: int = 2
    units: int = 256
    members: int = 1
    activation: str = "relu"
    dropout: float = 0.2
    l2: float = 1e-5
    input_noise: float = 0.1
    learning_rate: float = 1e-3
    batch_size: int = 512
    max_epochs: int = 40
    patience: int = 6
    positive_weighting: str = "per_au"
    positive_weight_cap: float = 10.0
    focal_gamma: float = 2.0
    intensity_weights: bool = False
    validation_fraction: float = 0.2
    calibration_folds: int = 1
    judge_augmented: bool = True
    test_fraction: float = 0.1
    max_fpr: float = 0.02
    minimum_intensity: float = 1.0
    min_positive_subjects: int = 10
    experimental: tuple[int, ...] = ()
    experimental_below_auc: float = 0.85
    random_state: int = 0


def make_network(
    face: Face | None,
    recipe: TrainingRecipe,
    **options: Any,
) -> MLPClassifier:
    """Return an unfitted classifier for one half of the face as the recipe wants it.

    Parameters
    ----------
    face : {"upper", "lower"} or None
        None: for the whole face, with as many layers as the deeper half has.
    recipe : TrainingRecipe
    **options
        Arguments of `MLPClassifier` that the recipe does not name.
    """
    layers = {"upper": recipe.upper_layers, "lower": recipe.lower_layers}
    accepted = MLPClassifier().get_params()
    chosen: dict[str, Any] = {k: v for k, v in asdict(recipe).items() if k in accepted}
    chosen["hidden_layers"] = max(layers.values()) if face is None else layers[face]
    return MLPClassifier(**chosen | options)
