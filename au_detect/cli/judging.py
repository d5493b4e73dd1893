"""``au-detect train``, ``compare`` and ``evaluate``.

Parsing and printing only, like `au_detect.cli.main`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.cli.data import DATA_HELP, add_data_options, sequences_from_options
from au_detect.cli.options import Raw
from au_detect.cli.printing import complain, parts_progress, say, say_lines
from au_detect.cli.recipe import add_recipe_options, recipe_from_options, training_progress
from au_detect.errors import InputError
from au_detect.evaluation.protocols import PROTOCOLS
from au_detect.training.choices import ABLATIONS, FEATURES, MODEL_NAMES

if TYPE_CHECKING:
    from au_detect.datasets.sequences import LabelledSequences
    from au_detect.training.data import TrainingData
    from au_detect.training.recipe import TrainingRecipe

_folds_progress = parts_progress("fits", "folds", leave=False)


def add_judging_commands(commands: Any) -> None:
    """Add ``train``, ``compare`` and ``evaluate`` to a parser."""
    _add_train(commands)
    _add_evaluate(commands)
    _add_compare(commands)


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train", help="fit the networks to labelled sequences",
        description="Fit the networks of upper and lower face to labelled collections, calibrate "
        "them on people who did not train them, and write a model folder with its card.",
        epilog="examples:\n  au-detect train CK+ --out my_model"
        "\n  au-detect train OWN --extra faces.npz --out my_model --min-positive-subjects 3",
        formatter_class=Raw,
    )  # fmt: skip
    train.set_defaults(command=_train)
    _add_data(train)
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model folder")
    train.add_argument(
        "--logdir", type=Path, metavar="DIR", help="write logs for TensorBoard there"
    )
    train.add_argument(
        "--folds", type=int, default=0, metavar="N",
        help="judge the recipe by N subject-exclusive folds for the model card (default: by the "
        "people kept out of the training, or by those who calibrate)",
    )  # fmt: skip
    train.add_argument(
        "--test-fraction", type=float, default=None, metavar="SHARE",
        help="people that only measure (default: 0.1, below 100 people 0: all train and calibrate)",
    )  # fmt: skip
    add_recipe_options(train)
    add_data_options(train)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, nargs="+", metavar="DATA", help=DATA_HELP)
    parser.add_argument(
        "--extra", type=Path, nargs="+", default=(), metavar="DATA",
        help="collections that train the weights and do nothing else: nobody in them calibrates, "
        "sets thresholds or is judged",
    )  # fmt: skip


def _add_evaluate(commands: Any) -> None:
    evaluate = commands.add_parser(
        "evaluate", help="how well action units are detected in people that training never saw",
        description="Judge a recipe by folds that share no subject, or a model folder as it is, "
        "and write a page with rates, intervals and the worst mistakes.",
        epilog="examples:\n  au-detect evaluate CK+ --out judged"
        "\n  au-detect evaluate DISFA --model my_model --out judged",
        formatter_class=Raw,
    )  # fmt: skip
    evaluate.set_defaults(command=_evaluate)
    _add_data(evaluate)
    evaluate.add_argument(
        "--model", type=Path, metavar="DIR", help="judge this model folder; nothing is trained"
    )
    evaluate.add_argument(
        "--classifier",
        default="mlp",
        metavar="NAME",
        help=f"{', '.join(MODEL_NAMES)} (default: mlp)",
    )
    _add_protocol_options(evaluate, "au_detect_evaluation")


def _add_compare(commands: Any) -> None:
    compare = commands.add_parser(
        "compare", help="several classifiers on the same people",
        description="Judge several classifiers by the same folds and seeds, take parts away from "
        "the first, and say by how much they differ, with intervals.",
        epilog="example:\n  au-detect compare CK+ --models mlp,svm,adaboost --folds 10",
        formatter_class=Raw,
    )  # fmt: skip
    compare.set_defaults(command=_compare)
    _add_data(compare)
    compare.add_argument(
        "--models", default="mlp,svm,linear-svm,adaboost,logistic", metavar="NAMES",
        help=f"{', '.join(MODEL_NAMES)}; the first is what the others are compared with "
        "(default: %(default)s)",
    )  # fmt: skip
    compare.add_argument(
        "--ablate", default="furrows", metavar="WHAT",
        help=f"what is taken from the first to see what it adds: {', '.join(ABLATIONS)} (neutral: "
        "the neutral face; networks: one for the whole face instead of two), several with commas, "
        "or none (default: %(default)s)",
    )  # fmt: skip
    compare.add_argument(
        "--repeats", type=int, default=3, metavar="N",
        help="do all of it so often, with other folds and seeds, so that intervals allow for what "
        "a training happens to give (default: %(default)s)",
    )  # fmt: skip
    _add_protocol_options(compare, "au_detect_comparison")


def _add_protocol_options(parser: argparse.ArgumentParser, out: str) -> None:
    parser.add_argument(
        "--protocol", choices=PROTOCOLS, default="subject-kfold",
        help="who is judged by a training that never saw them (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--folds", type=int, default=10, metavar="N", help="of subject-kfold (default: 10)"
    )
    parser.add_argument(
        "--features", choices=FEATURES, default="both",
        help="what is learnt from (default: %(default)s, where furrows were measured)",
    )  # fmt: skip
    parser.add_argument("--without-neutral", action="store_true", help="do not use neutral faces")
    parser.add_argument("--one-network", action="store_true", help="one for the whole face")
    parser.add_argument(
        "--out", type=Path, default=Path(out), metavar="DIR",
        help="the folder for the page and the tables (default: %(default)s)",
    )  # fmt: skip
    add_recipe_options(parser, of_pixels=True)
    add_data_options(parser)


def _train(options: argparse.Namespace) -> int:
    from au_detect.datasets.pose_range import pose_range_deg
    from au_detect.training.data import put_in_order
    from au_detect.training.engine import fit
    from au_detect.training.recipe import FEW_PEOPLE
    from au_detect.training.report import experimental_text, write_training_report
    from au_detect.training.saving import save_fitted
    from au_detect.training.watch import Watch

    data = _data(options)
    for part in (data.own, *data.extra):
        put_in_order(part)
    fraction = options.test_fraction
    if fraction is None:
        fraction = 0.0 if data.own.n_subjects < FEW_PEOPLE else 0.1
    recipe = recipe_from_options(options, test_fraction=fraction)
    watch = Watch(training_progress(), options.logdir, options.max_fpr)
    fitted = fit(data, recipe, neutral=(True, False), watch=watch)
    collections = (data.own, *data.extra)
    save_fitted(fitted, options.out, pose_range_deg=pose_range_deg(collections))
    if fitted.dropped:
        listed = ", ".join(f"{au} ({n})" for au, n in fitted.dropped.items())
        say(f"too few people show {listed}")
    for face, chosen in fitted.chosen.items():
        say(f"{face} face: start {chosen['start']}, {chosen['layers']} hidden layers")
    document = write_training_report(
        options.out, fitted, n_folds=options.folds, n_jobs=options.jobs, progress=_folds_progress
    )
    _print_evaluation(document)
    if text := experimental_text(options.out):
        say(text)
    say(f"model, card and report -> {options.out}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from au_detect.evaluation.document import write_document
    from au_detect.evaluation.page import write_evaluation_page
    from au_detect.training.judging import judge_model, judge_recipe

    data = _data(options)
    recipe = _recipe(options, options.classifier)
    if options.model is not None:
        predictions, document = judge_model(
            options.model, data.own, recipe.minimum_intensity, recipe.faint
        )
    else:
        _warn(options.protocol)
        data = data.in_order()
        predictions, document = judge_recipe(
            data, recipe, options.protocol,
            n_folds=options.folds, n_jobs=options.jobs, progress=_folds_progress,
        )  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    write_document(document, options.out / "evaluation.json")
    predictions.write_csv(options.out / "predictions.csv", data.own)
    write_evaluation_page(options.out / "report.html", data.own, document)
    _print_evaluation(document)
    print()
    say(f"Report: {options.out / 'report.html'}")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from au_detect.evaluation.document import write_document
    from au_detect.evaluation.page import write_evaluation_page
    from au_detect.evaluation.predictions import write_repeats
    from au_detect.evaluation.texts import comparison_text
    from au_detect.training.judging import compare_recipes

    data = _data(options).in_order()
    variants = _variants(options, data)
    _warn(options.protocol)
    predictions, document, evaluation = compare_recipes(
        data, variants, options.protocol, n_repeats=options.repeats,
        n_folds=options.folds, n_jobs=options.jobs, progress=_folds_progress,
    )  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    for name, runs in predictions.items():
        write_repeats(options.out / f"predictions {name}.csv", runs, data.own)
    write_document(document, options.out / "comparison.json")
    write_evaluation_page(
        options.out / "report.html", data.own, evaluation, document, title="Classifiers compared"
    )
    say_lines(comparison_text(document))
    print()
    say(f"Report: {options.out / 'report.html'}")
    return 0


def _variants(options: argparse.Namespace, data: TrainingData) -> dict[str, TrainingRecipe]:
    """Return the recipes to compare by name: the models, then the first one's ablations."""
    from au_detect.training.recipe import ablated

    names = [name.strip() for name in options.models.split(",") if name.strip()]
    if not names:
        raise InputError(f"--models must name at least one classifier, got {options.models!r}")
    variants = {name: _recipe(options, name) for name in names}
    asked = [what.strip() for what in options.ablate.split(",")]
    what = () if asked == ["none"] else tuple(asked)
    found = ablated(names[0], variants[names[0]], what)
    if data.own.furrows is None:  # there is nothing to take away
        found = {name: recipe for name, recipe in found.items() if recipe.features == "both"}
    return variants | found


def _recipe(options: argparse.Namespace, model: str) -> TrainingRecipe:
    return recipe_from_options(
        options,
        model=model,
        features=options.features,
        uses_neutral=not options.without_neutral,
        one_network=options.one_network,
    )


def _data(options: argparse.Namespace) -> TrainingData:
    from au_detect.datasets.duplicates import doubtful_people
    from au_detect.training.data import training_data

    own, extra = (
        [_load(options, path) for path in paths] for paths in (options.data, options.extra)
    )
    for text in doubtful_people([*own, *extra]):
        complain(f"warning: {text}")
    return training_data(own, extra)


def _load(options: argparse.Namespace, path: Path) -> LabelledSequences:
    """Return one collection: the one place where labelled sequences come in."""
    sequences, collection = sequences_from_options(
        argparse.Namespace(**vars(options) | {"data": path})
    )
    problems = () if collection is None else collection.problems
    if problems:
        complain(f"{len(problems)} problems in {path}: see `au-detect dataset {path}`")
    return sequences


def _warn(protocol: str) -> None:
    from au_detect.evaluation.protocols import SHARED_SUBJECTS_WARNING

    if protocol == "random-quarter":
        complain(f"warning: {SHARED_SUBJECTS_WARNING}")


def _print_evaluation(document: dict[str, Any]) -> None:
    from au_detect.evaluation.intensity_texts import intensity_text
    from au_detect.evaluation.texts import evaluation_text

    say_lines(evaluation_text(document))
    if document["intensity"]:
        print()
        say_lines(intensity_text(document["intensity"]))
