"""``au-detect train``, ``compare`` and ``evaluate``.

Parsing and printing only, like `au_detect.cli.main`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.cli.data import DATA_HELP, add_data_options, sequences_from_options
from au_detect.cli.recipe import add_recipe_options, recipe_from_options, training_progress
from au_detect.errors import InputError

if TYPE_CHECKING:
    from au_detect.datasets.sequences import LabelledSequences
    from au_detect.training.learner_options import LearnerOptions

PROTOCOLS = ("subject-kfold", "loso", "random-quarter")


def add_judging_commands(commands: Any) -> None:
    """Add ``train``, ``compare`` and ``evaluate`` to a parser."""
    _add_train(commands)
    _add_evaluate(commands)
    _add_compare(commands)


def _add_train(commands: Any) -> None:
    train = commands.add_parser("train", help="fit the networks to labelled sequences")
    train.set_defaults(command=_train)
    train.add_argument("data", type=Path, nargs="+", metavar="DATA", help=DATA_HELP)
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model folder")
    train.add_argument(
        "--search", action="store_true",
        help="try 2 to 7 layers for each half of the face on held-out subjects first, and say "
        "which would be chosen",
    )  # fmt: skip
    train.add_argument(
        "--logdir", type=Path, metavar="DIR", help="write logs for TensorBoard there"
    )
    train.add_argument(
        "--folds", type=int, default=0, metavar="N",
        help="judge the recipe by N subject-exclusive folds for the model card (default: by the "
        "subjects kept out of the training)",
    )  # fmt: skip
    train.add_argument("--test-fraction", type=float, default=0.1, metavar="SHARE",
                       help="subjects that only measure (default: %(default)s)")  # fmt: skip
    add_recipe_options(train)
    add_data_options(train)


def _add_evaluate(commands: Any) -> None:
    evaluate = commands.add_parser(
        "evaluate", help="how well action units are detected in people that training never saw"
    )
    evaluate.set_defaults(command=_evaluate)
    evaluate.add_argument("data", type=Path, metavar="DATA", help=DATA_HELP)
    evaluate.add_argument(
        "--model", type=Path, metavar="DIR", help="judge this model folder; nothing is trained"
    )
    evaluate.add_argument("--classifier", default="mlp", metavar="NAME", help=_classifiers_help())
    _add_protocol_options(evaluate, "au_detect_evaluation")


def _add_compare(commands: Any) -> None:
    compare = commands.add_parser("compare", help="several classifiers on the same people")
    compare.set_defaults(command=_compare)
    compare.add_argument("data", type=Path, metavar="DATA", help=DATA_HELP)
    compare.add_argument(
        "--models", default="mlp,svm,linear-svm,adaboost,logistic", metavar="NAMES",
        help=f"{_classifiers_help()}; the first is what the others are compared with "
        "(default: %(default)s)",
    )  # fmt: skip
    compare.add_argument(
        "--ablate", default="furrows", metavar="WHAT",
        help="what is taken from the first to see what it adds: furrows, landmarks, neutral (the "
        "neutral face), networks (one for the whole face instead), several with commas, or none "
        "(default: %(default)s)",
    )  # fmt: skip
    _add_protocol_options(compare, "au_detect_comparison")


def _add_protocol_options(parser: argparse.ArgumentParser, out: str) -> None:
    parser.add_argument("--protocol", choices=PROTOCOLS, default="subject-kfold")
    parser.add_argument("--folds", type=int, default=10, metavar="N", help="of subject-kfold")
    parser.add_argument(
        "--features", choices=("both", "geometry", "furrows"), default=None,
        help="what is learnt from (default: both, where furrows were measured)",
    )  # fmt: skip
    parser.add_argument("--without-neutral", action="store_true", help="do not use neutral faces")
    parser.add_argument(
        "--one-network", action="store_true", help="one classifier for the whole face"
    )
    parser.add_argument("--out", type=Path, default=Path(out), metavar="DIR")
    add_recipe_options(parser)
    add_data_options(parser)


def _classifiers_help() -> str:
    return "mlp, mlp-one-vs-all, svm, linear-svm, adaboost, logistic"


def _train(options: argparse.Namespace) -> int:
    from au_detect.datasets.tables import pose_range_deg, training_tables
    from au_detect.training.networks import train_models
    from au_detect.training.report import write_training_report

    sequences = [_load(options, path) for path in options.data]
    n = sum(map(len, sequences))
    recipe = recipe_from_options(options, n, test_fraction=options.test_fraction)
    if options.search:
        _search(sequences, recipe, options)
    tables = training_tables(sequences, options.seed, augment=options.augment)
    manifest = train_models(
        tables,
        options.out,
        recipe,
        pose_range_deg=pose_range_deg(sequences),
        progress=training_progress(),
        logdir=options.logdir,
    )
    for network, few in manifest.training["dropped_aus"].items():
        if few:
            listed = ", ".join(f"{au} ({n})" for au, n in few.items())
            print(f"{network}: too few subjects show {listed}")
    document = write_training_report(
        options.out, sequences, recipe, n_folds=options.folds, augment=options.augment,
        n_jobs=options.jobs, progress=_folds_progress,
    )  # fmt: skip
    _print_evaluation(document)
    print(f"{len(manifest.networks)} networks, model card and report -> {options.out}")
    return 0


def _search(sequences: list[LabelledSequences], recipe: Any, options: argparse.Namespace) -> None:
    from au_detect.evaluation.texts import plain_table
    from au_detect.training.layer_search import best_layers, search_layers
    from au_detect.training.learner_options import LearnerOptions

    if len(sequences) > 1:
        raise InputError(f"--search needs one collection, got {len(sequences)}")
    features = "geometry" if sequences[0].furrows is None else "both"
    learner = LearnerOptions(features=features, augment=options.augment, recipe=recipe)
    scores = search_layers(sequences[0], learner, n_jobs=options.jobs, progress=_folds_progress)
    rows = [
        [str(score.layers)]
        + [f"{getattr(score, rate)[face]:.3f}" for face in ("upper", "lower")
           for rate in ("auc", "tpr", "fpr")]
        for score in scores
    ]  # fmt: skip
    heads = ["Layers", "upper AUC", "TPR", "FPR", "lower AUC", "TPR", "FPR"]
    print(plain_table(heads, rows))
    best = best_layers(scores)
    print(
        f"By mean AUC the choice would be --upper-layers {best['upper']} "
        f"--lower-layers {best['lower']}; training goes on with "
        f"{recipe.upper_layers} and {recipe.lower_layers}."
    )


def _evaluate(options: argparse.Namespace) -> int:
    from au_detect.evaluation.document import write_document
    from au_detect.evaluation.page import write_evaluation_page
    from au_detect.training.judging import judge_learner, judge_model

    sequences = _load(options, options.data)
    recipe = recipe_from_options(options, len(sequences))
    if options.model is not None:
        predictions, document = judge_model(options.model, sequences, recipe.minimum_intensity)
    else:
        _warn(options.protocol)
        predictions, document = judge_learner(
            sequences, _learner(options, sequences, options.classifier), options.protocol,
            n_folds=options.folds, n_jobs=options.jobs, progress=_folds_progress,
        )  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    write_document(document, options.out / "evaluation.json")
    predictions.write_csv(options.out / "predictions.csv", sequences)
    write_evaluation_page(options.out / "report.html", sequences, document)
    _print_evaluation(document)
    print(f"\nReport: {options.out / 'report.html'}")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from au_detect.evaluation.document import write_document
    from au_detect.evaluation.page import write_evaluation_page
    from au_detect.evaluation.texts import comparison_text
    from au_detect.training.judging import compare_learners

    sequences = _load(options, options.data)
    _warn(options.protocol)
    document, evaluation = compare_learners(
        sequences, _variants(options, sequences), options.protocol,
        n_folds=options.folds, n_jobs=options.jobs, progress=_folds_progress,
    )  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    write_document(document, options.out / "comparison.json")
    write_evaluation_page(
        options.out / "report.html", sequences, evaluation, document, title="Classifiers compared"
    )
    print(comparison_text(document))
    print(f"\nReport: {options.out / 'report.html'}")
    return 0


def _variants(
    options: argparse.Namespace, sequences: LabelledSequences
) -> dict[str, LearnerOptions]:
    """Return the learners to compare by name: the models, then the first one's ablations."""
    from au_detect.training.learner_options import ablated

    names = [name.strip() for name in options.models.split(",") if name.strip()]
    if not names:
        raise InputError(f"--models must name at least one classifier, got {options.models!r}")
    variants = {name: _learner(options, sequences, name) for name in names}
    asked = [what.strip() for what in options.ablate.split(",")]
    what = () if asked == ["none"] else tuple(asked)
    return variants | ablated(names[0], variants[names[0]], what)


def _learner(
    options: argparse.Namespace, sequences: LabelledSequences, model: str
) -> LearnerOptions:
    from au_detect.training.learner_options import LearnerOptions

    has_furrows = sequences.furrows is not None
    return LearnerOptions(
        model=model,
        features=options.features or ("both" if has_furrows else "geometry"),
        uses_neutral=not options.without_neutral,
        one_network=options.one_network,
        augment=options.augment,
        recipe=recipe_from_options(options, len(sequences)),
    )


def _load(options: argparse.Namespace, path: Path) -> LabelledSequences:
    """Return one collection: the one place where labelled sequences come in."""
    sequences, collection = sequences_from_options(
        argparse.Namespace(**vars(options) | {"data": path})
    )
    problems = () if collection is None else collection.problems
    if problems:
        print(
            f"au-detect: {len(problems)} problems in {path}: see `au-detect dataset {path}`",
            file=sys.stderr,
        )
    return sequences


def _warn(protocol: str) -> None:
    from au_detect.evaluation.protocols import SHARED_SUBJECTS_WARNING

    if protocol == "random-quarter":
        print(f"au-detect: warning: {SHARED_SUBJECTS_WARNING}", file=sys.stderr)


def _print_evaluation(document: dict[str, Any]) -> None:
    from au_detect.evaluation.texts import evaluation_text

    print(evaluation_text(document))


def _folds_progress(parts: Iterable[Any], n_parts: int) -> Iterable[Any]:
    from tqdm import tqdm

    return tqdm(parts, total=n_parts, desc="folds", unit=" fits", disable=None, leave=False)
