"""Which classifier learns from which features: the choices that a comparison varies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from au_detect.classifiers.base import AUClassifier
from au_detect.classifiers.baselines import (
    AdaBoostAUClassifier,
    LinearSVMClassifier,
    LogisticRegressionClassifier,
    OneForEachAU,
    RBFSVMClassifier,
)
from au_detect.errors import check_option
from au_detect.facs import Face
from au_detect.training.recipe import TrainingRecipe, make_network

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


ABLATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "furrows": ("geometry only", {"features": "geometry"}),
    "landmarks": ("furrows only", {"features": "furrows"}),
    "neutral": ("without neutral", {"uses_neutral": False}),
    "networks": ("one network", {"one_network": True}),
}
"""What can be taken from a learner -> name and change of the learner that is left."""


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
        lacking, changes = ABLATIONS[part]
        changed = replace(options, **changes)
        possible = "features" not in changes or options.features == "both"
        if possible and changed != options:
            learners[f"{name}, {lacking}"] = changed
    return learners
