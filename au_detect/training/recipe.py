"""The recipe of a training: everything that decides, with the data, what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from au_detect.appearance.options import AppearanceOptions
from au_detect.classifiers.base import AUClassifier
from au_detect.classifiers.baselines import (
    AdaBoostAUClassifier,
    LinearSVMClassifier,
    LogisticRegressionClassifier,
    OneForEachAU,
    RBFSVMClassifier,
)
from au_detect.classifiers.mlp import MLPClassifier
from au_detect.datasets.labelled_features import FAINT
from au_detect.errors import check_option
from au_detect.facs import Face
from au_detect.training.choices import (
    ABLATIONS,
    FEATURE_MODELS,
    FEATURES,
    MODEL_NAMES,
    PIXEL_MODELS,
    STARTS,
)

FEW_PEOPLE = 100
"""Below so many people `start` "auto" begins from the shipped networks."""
MANY_PEOPLE = 500
"""From so many people on one part of them calibrates; below, all do in turn, in `PARTS` parts."""
PARTS = 3
ONE_VS_ALL_UNITS = 64


@dataclass(frozen=True)
class TrainingRecipe:
    """Everything that decides, with the data, what a training gives.

    Attributes
    ----------
    model : str
        One of `MODEL_NAMES`.
    features : {"both", "geometry", "furrows"}
        What landmarks tell, what furrows tell, or both: then a classifier of landmarks alone and
        one of landmarks and furrows are averaged, as in the shipped models.
    uses_neutral : bool
        Compare with the person's neutral face, or with the mean face.
    one_network : bool
        One classifier for all AUs and the whole face, instead of one for each half.
    augment : bool
        Train on mirror images, crossed neutral faces and faces at rest too (see
        `au_detect.datasets.augmentation`).
    uses_extra : bool
        Train on the extra collections too.
    start : {"auto", "shipped", "scratch"}
        Begin from the networks that come with the package, or from nothing. "auto" is "shipped"
        below `FEW_PEOPLE` people, where the shipped networks fit the data.
    search_layers : bool
        Choose the number of hidden layers of each half of the face, from 2 to 7, on the people
        who calibrate.
    upper_layers, lower_layers : int
        Hidden layers of the networks for the upper and the lower face.
    test_fraction : float
        Fraction of the own people that only measure, in [0, 1); at 0 the people who calibrate
        measure too, and the rates look a little better than they are.
    validation_fraction : float
        Fraction of the other people for early stopping, calibration and thresholds, where there
        is one part.
    calibration_folds : int, optional
        1: `validation_fraction` of the people are held out once. Otherwise people are dealt to
        so many parts; each part is held out in turn, from networks of its own, and the networks
        are averaged: everybody trains, and thresholds stand on everybody. None: `PARTS` below
        `MANY_PEOPLE` people, else 1.
    judge_augmented : bool
        Whether calibration, thresholds and rates stand on rows too that were not measured: mirror
        images, crossed neutral faces, and faces at rest, which are easy.
    max_fpr : float
        False-positive rate on held-out people that thresholds allow.
    strata : tuple of str
        Attributes of the own collection that divide it into parts, in each of which thresholds
        allow `stratum_max_fpr` at most. Faces at rest made by augmentation are a part of their own.
    stratum_max_fpr : float
        Larger than `max_fpr`: parts are small, and the worst of them decides.
    least_likelihood_ratio : float
        A face must speak for an AU so many times as clearly as against it, whatever `max_fpr`
        allows: thresholds of AUs that are easy to tell rise. At 0 rates alone decide.
    minimum_intensity, faint : see `LabelledFeatures.labels`
    min_positive_subjects : int
        An AU that fewer people show is not learnt, and named in the manifest.
    experimental : tuple of int
        AUs to mark as not reliable enough to build on.
    experimental_below_auc : float
        AUs whose ROC AUC on the measuring people is lower, or undefined, are marked too.
    intensity_weights : bool
        Let rows count in proportion to the FACS intensity of what they show.
    units, members, ... : see `MLPClassifier`
    pixels : AppearanceOptions
        How networks of pixels and of time are built and trained.

    Raises
    ------
    InputError
        If `model`, `features`, `start` or `faint` is another word.
    """

    model: str = "mlp"
    features: str = "both"
    uses_neutral: bool = True
    one_network: bool = False
    augment: bool = True
    uses_extra: bool = True
    start: str = "auto"
    search_layers: bool = False
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
    calibration_folds: int | None = None
    judge_augmented: bool = False
    test_fraction: float = 0.1
    max_fpr: float = 0.02
    strata: tuple[str, ...] = ()
    stratum_max_fpr: float = 0.08
    least_likelihood_ratio: float = 0.0
    minimum_intensity: float = 1.0
    faint: str = "ignore"
    min_positive_subjects: int = 10
    experimental: tuple[int, ...] = ()
    experimental_below_auc: float = 0.85
    random_state: int = 0
    pixels: AppearanceOptions = field(default_factory=AppearanceOptions)

    def __post_init__(self) -> None:
        check_option("model", self.model, MODEL_NAMES)
        check_option("features", self.features, FEATURES)
        check_option("start", self.start, STARTS)
        check_option("faint", self.faint, FAINT)

    @property
    def views(self) -> tuple[str, ...]:
        """What the averaged classifiers read: of "geometry", "both" and "furrows"."""
        return ("geometry", "both") if self.features == "both" else (self.features,)

    @property
    def is_network(self) -> bool:
        """Whether it trains networks, which can be written to a model folder."""
        return self.model.startswith("mlp")

    @property
    def is_of_pixels(self) -> bool:
        """Whether it trains networks of pixels or of time."""
        return self.model in PIXEL_MODELS

    def n_parts(self, n_people: int) -> int:
        """Return in how many parts so many people calibrate."""
        if self.calibration_folds is not None:
            return self.calibration_folds
        return 1 if n_people >= MANY_PEOPLE else PARTS


def make_network(face: Face | None, recipe: TrainingRecipe, **options: Any) -> MLPClassifier:
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


def _one_vs_all(face: Face | None, recipe: TrainingRecipe, **options: Any) -> MLPClassifier:
    small = replace(recipe, units=min(recipe.units, ONE_VS_ALL_UNITS))
    return make_network(face, small, one_vs_all=True, **options)


def _baseline(kind: type[OneForEachAU]) -> Callable[..., AUClassifier]:
    def make(face: Face | None, recipe: TrainingRecipe) -> AUClassifier:
        accepted = kind().get_params()
        options: dict[str, Any] = {k: v for k, v in asdict(recipe).items() if k in accepted}
        if options["positive_weighting"] == "focal":  # a loss of networks alone
            options["positive_weighting"] = "per_au"
        return kind(**options)

    return make


_MAKERS = (
    make_network,
    _one_vs_all,
    _baseline(RBFSVMClassifier),
    _baseline(LinearSVMClassifier),
    _baseline(AdaBoostAUClassifier),
    _baseline(LogisticRegressionClassifier),
)
MODELS: dict[str, Callable[..., AUClassifier]] = dict(zip(FEATURE_MODELS, _MAKERS, strict=True))
"""Name -> what makes the classifier for one half of the face (or all of it)."""


_OF_LANDMARKS = {
    "features", "upper_layers", "lower_layers", "start", "search_layers", "intensity_weights",
}  # fmt: skip
"""Fields of a recipe that networks of pixels do not read."""


def told(recipe: TrainingRecipe) -> dict[str, Any]:
    """Return what a document says of a recipe: what plays a part for its model, no more."""
    chosen = asdict(recipe)
    if recipe.is_of_pixels:
        pixels = chosen.pop("pixels")
        of_features = set(MLPClassifier().get_params()) - {"positive_weight_cap", "random_state"}
        own = {k: v for k, v in chosen.items() if k not in of_features | _OF_LANDMARKS}
        return own | {f"pixels_{name}": value for name, value in pixels.items()}
    del chosen["pixels"]
    if not recipe.is_network:
        accepted = set(MODELS[recipe.model](None, recipe).get_params())
        of_networks = set(MLPClassifier().get_params()) | {
            "upper_layers", "lower_layers", "start", "search_layers",
        }  # fmt: skip
        chosen = {k: v for k, v in chosen.items() if k not in of_networks - accepted}
        if chosen["positive_weighting"] == "focal":
            chosen["positive_weighting"] = "per_au"
    return chosen


def ablated(name: str, recipe: TrainingRecipe, what: Sequence[str]) -> dict[str, TrainingRecipe]:
    """Return the recipes that lack something, by name; those like `recipe` are left out.

    Raises
    ------
    InputError
        If `what` is not among `ABLATIONS`.
    """
    recipes = {}
    for part in what:
        check_option("ablate", part, ABLATIONS)
        lacking, changes = ABLATIONS[part]
        changed = replace(recipe, **changes)
        possible = "features" not in changes or recipe.features == "both"
        if recipe.is_of_pixels:
            possible = not changes.keys() & _OF_LANDMARKS
        if possible and changed != recipe:
            recipes[f"{name}, {lacking}"] = changed
    return recipes
