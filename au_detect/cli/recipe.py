"""The options of ``train``, ``compare`` and ``evaluate`` that make a `TrainingRecipe`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.appearance.networks import NETWORKS
from au_detect.appearance.options import CELLS, LOSSES, TIME_LABELS, AppearanceOptions
from au_detect.datasets.labelled_features import FAINT
from au_detect.training.choices import PIXEL_MODELS, STARTS, WEIGHTINGS

if TYPE_CHECKING:
    from au_detect.training.recipe import TrainingRecipe


WEIGHTING_WORDS = {word.replace("_", "-"): word for word in WEIGHTINGS}


def add_recipe_options(parser: argparse.ArgumentParser, *, of_pixels: bool = False) -> None:
    """Add the options that say how classifiers are trained, with `of_pixels` all of them."""
    if of_pixels:
        _add_pixel_options(parser)
    labels = parser.add_argument_group("labels and thresholds")
    labels.add_argument(
        "--minimum-intensity", type=float, default=1.0, metavar="1-5",
        help="FACS intensity (1 is A, 5 is E) from which an AU counts as present; fainter ones "
        "are what --faint says (default: %(default)s)",
    )  # fmt: skip
    labels.add_argument(
        "--faint", choices=FAINT, default="ignore",
        help="what an AU below --minimum-intensity is: neither present nor absent, or absent, as "
        "studies of DISFA count what is below 2 (default: %(default)s)",
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
        "--weighting", choices=WEIGHTING_WORDS, default="per-au",
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
        help="let all people calibrate in turn, in N parts, with networks of their own that are "
        "averaged (default: 3 below 500 people, else 1: only --validation-fraction does)",
    )  # fmt: skip
    group.add_argument(
        "--start", choices=STARTS, default="auto",
        help="begin from the networks that come with the package, or from scratch (default: "
        "shipped below 100 people, where they fit the data)",
    )  # fmt: skip
    group.add_argument(
        "--search", action="store_true",
        help="choose 2 to 7 layers for each half of the face on people who did not train them, "
        "inside every fold",
    )  # fmt: skip
    group.add_argument("--seed", type=int, default=0,
                       help="of everything random, folds too (default: %(default)s)")  # fmt: skip


def _add_pixel_options(parser: argparse.ArgumentParser) -> None:
    default = AppearanceOptions()
    group = parser.add_argument_group(f"networks of pixels and of time ({', '.join(PIXEL_MODELS)})")
    group.add_argument(
        "--network", choices=tuple(NETWORKS), default=default.network,
        help="whose convolutions look at pictures (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--start-from", type=Path, metavar="DIR",
        help="an emotion network (`au-detect appearance train`) whose convolutions are the start",
    )  # fmt: skip
    group.add_argument(
        "--keep-blocks", type=int, default=default.kept_blocks, metavar="N",
        help="how many of its blocks stay as they are (default: %(default)s)",
    )  # fmt: skip
    group.add_argument("--pixel-epochs", type=int, default=default.epochs, metavar="N",
                       help="at most (default: %(default)s)")  # fmt: skip
    group.add_argument(
        "--loss", choices=LOSSES, default=default.loss,
        help="cross-entropy of every AU, or BP-MLL, which ranks them (default: %(default)s)",
    )  # fmt: skip
    group.add_argument("--cell", choices=CELLS, default=default.cell,
                       help="of the recurrent network (default: %(default)s)")  # fmt: skip
    group.add_argument(
        "--steps", type=int, default=default.n_steps, metavar="N",
        help="frames that networks of time see (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--time-labels", choices=TIME_LABELS, default=default.time_labels,
        help="what networks of time learn from: every labelled frame with those before it, or the "
        "last of each sequence (default: %(default)s)",
    )  # fmt: skip


def _pixel_options(options: argparse.Namespace) -> AppearanceOptions:
    return AppearanceOptions(
        network=options.network,
        loss=options.loss,
        cell=options.cell,
        n_steps=options.steps,
        time_labels=options.time_labels,
        start=None if options.start_from is None else str(options.start_from),
        kept_blocks=options.keep_blocks,
        epochs=options.pixel_epochs,
    )


def recipe_from_options(options: argparse.Namespace, **more: Any) -> TrainingRecipe:
    """Return the recipe that the options of a command ask for."""
    from au_detect.training.recipe import TrainingRecipe

    if hasattr(options, "pixel_epochs"):
        more = more | {"pixels": _pixel_options(options)}
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
        positive_weighting=WEIGHTING_WORDS[options.weighting],
        focal_gamma=options.focal_gamma,
        intensity_weights=options.intensity_weights,
        calibration_folds=options.calibration_folds,
        start=options.start,
        search_layers=options.search,
        augment=options.augment,
        faint=options.faint,
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
