"""The options of ``train``, ``compare`` and ``evaluate`` that make a `TrainingRecipe`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from au_detect.training.recipe import TrainingRecipe

SMALL_COLLECTION, SMALL_FOLDS = 2000, 3
WEIGHTINGS = {"per-au": "per_au", "per-sample": "per_sample", "focal": "focal", "none": "none"}


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how classifiers are trained."""
    labels = parser.add_argument_group("labels and thresholds")
    labels.add_argument(
        "--minimum-intensity", type=float, default=1.0, metavar="1-5",
        help="FACS intensity (1 is A, 5 is E) from which an AU counts as present; fainter ones "
        "count neither way (default: %(default)s)",
    )  # fmt: skip
    labels.add_argument(
        "--max-fpr", type=float, default=0.02, metavar="RATE",
        help="false-positive rate that thresholds allow on held-out people (default: %(default)s)",
    )  # fmt: skip
    labels.add_argument(
        "--min-positive-subjects", type=int, default=10, metavar="N",
        help="AUs that fewer subjects show are left out, and named (default: %(default)s)",
    )  # fmt: skip
    labels.add_argument(
        "--weighting", choices=WEIGHTINGS, default="per-au",
        help="against imbalance: weigh the positives of each AU, or sequences by their number of "
        "active AUs, or use the focal loss (default: %(default)s)",
    )  # fmt: skip
    labels.add_argument(
        "--intensity-weights", action="store_true", help="let stronger displays count more"
    )
    labels.add_argument(
        "--no-augment", dest="augment", action="store_false",
        help="train without mirror images, crossed neutral faces and faces at rest",
    )  # fmt: skip
    _add_network_options(parser.add_argument_group("networks"))


def _add_network_options(group: Any) -> None:
    group.add_argument("--upper-layers", type=int, default=6, metavar="N",
                       help="hidden layers for the upper face (default: %(default)s)")  # fmt: skip
    group.add_argument("--lower-layers", type=int, default=2, metavar="N",
                       help="hidden layers for the lower face (default: %(default)s)")  # fmt: skip
    group.add_argument("--units", type=int, default=256, metavar="N",
                       help="in each layer (default: %(default)s)")  # fmt: skip
    group.add_argument("--epochs", type=int, default=40, metavar="N",
                       help="at most (default: %(default)s)")  # fmt: skip
    group.add_argument("--patience", type=int, default=6, metavar="N",
                       help="epochs without a better loss on held-out subjects after which "
                       "training stops (default: %(default)s)")  # fmt: skip
    group.add_argument("--batch-size", type=int, default=512, metavar="N",
                       help="at most (default: %(default)s)")  # fmt: skip
    group.add_argument("--learning-rate", type=float, default=1e-3, metavar="RATE",
                       help="(default: %(default)s)")  # fmt: skip
    group.add_argument("--dropout", type=float, default=0.2, metavar="SHARE",
                       help="(default: %(default)s)")  # fmt: skip
    group.add_argument(
        "--input-noise", type=float, default=0.1, metavar="SD",
        help="noise on the inputs in training, in standard deviations (default: %(default)s)",
    )  # fmt: skip
    group.add_argument("--members", type=int, default=1, metavar="N",
                       help="networks that are averaged (default: %(default)s)")  # fmt: skip
    group.add_argument("--focal-gamma", type=float, default=2.0, metavar="G",
                       help="of the focal loss (default: %(default)s)")  # fmt: skip
    group.add_argument("--validation-fraction", type=float, default=0.2, metavar="SHARE",
                       help="subjects of the training for early stopping, calibration and "
                       "thresholds (default: %(default)s)")  # fmt: skip
    group.add_argument(
        "--calibration-folds", type=int, default=None, metavar="N",
        help="let all subjects calibrate in turn, in N parts, with networks of their own that are "
        f"averaged (default: {SMALL_FOLDS} below {SMALL_COLLECTION} sequences, else 1: only "
        "--validation-fraction does)",
    )  # fmt: skip
    group.add_argument(
        "--judge", choices=("measured", "augmented"), default=None,
        help="rows on which `train` calibrates and sets thresholds: those that were measured, or "
        "also mirror images and faces at rest (default: measured below "
        f"{SMALL_COLLECTION} sequences, else augmented)",
    )  # fmt: skip
    group.add_argument("--seed", type=int, default=0)


def recipe_from_options(
    options: argparse.Namespace, n_sequences: int, **more: Any
) -> TrainingRecipe:
    """Return the recipe that the options of a command ask for."""
    from au_detect.training.recipe import TrainingRecipe

    is_small = n_sequences < SMALL_COLLECTION
    folds = options.calibration_folds
    if folds is None:
        folds = SMALL_FOLDS if is_small else 1
    judge_augmented = options.judge == "augmented" if options.judge else not is_small
    return TrainingRecipe(
        upper_layers=options.upper_layers,
        lower_layers=options.lower_layers,
        units=options.units,
        members=options.members,
        dropout=options.dropout,
        input_noise=options.input_noise,
        learning_rate=options.learning_rate,
        batch_size=options.batch_size,
        max_epochs=options.epochs,
        patience=options.patience,
        positive_weighting=WEIGHTINGS[options.weighting],
        focal_gamma=options.focal_gamma,
        intensity_weights=options.intensity_weights,
        calibration_folds=folds,
        judge_augmented=judge_augmented,
        validation_fraction=options.validation_fraction,
        max_fpr=options.max_fpr,
        minimum_intensity=options.minimum_intensity,
        min_positive_subjects=options.min_positive_subjects,
        random_state=options.seed,
        **more,
    )


def training_progress() -> Any:
    """Return what shows the epochs of every network in a bar."""
    from tqdm import tqdm

    bars: dict[str, Any] = {}

    def advance(network: str, n_done: int, n_at_most: int) -> None:
        if network not in bars:
            bars[network] = tqdm(total=n_at_most, desc=network, unit="epoch", disable=None)
        bars[network].update(n_done - bars[network].n)

    return advance
