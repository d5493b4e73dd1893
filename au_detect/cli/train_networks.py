"""The commands that train the networks which see pictures: landmarks, visibility, gaze."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.cli.options import Raw
from au_detect.cli.printing import parts_progress, say
from au_detect.cli.training import add_face_model_option, add_materials_options, materials_of

if TYPE_CHECKING:
    from au_detect.simulation.landmarks.examples import LandmarkExamples


def add_network_commands(commands: Any) -> None:
    """Add ``train-landmarks``, ``train-visibility`` and ``train-gaze``."""
    _add_train_landmarks(commands)
    _add_train_visibility(commands)
    _add_train_gaze(commands)


def _add_train_landmarks(commands: Any) -> None:
    train = commands.add_parser(
        "train-landmarks", help="train a landmark model on renders, where landmarks are known",
        description="Render people whose 68 landmarks are known, and train networks that find them "
        "in pictures: FILE for the whole face, and beside it those for eyes and mouth. With "
        "portraits among the materials, a teacher is trained first and labels them. A run that was "
        "cut off goes on where it was.",
        epilog="example:\n  au-detect train-landmarks --face-model ICT-FaceKit/FaceXModel "
        "--out own.tflite --jobs 2",
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


def _add_examples_options(
    train: argparse.ArgumentParser, *, n: int = 8000, epochs: bool = True
) -> None:
    add_face_model_option(train)
    train.add_argument("--out", type=Path, required=True, metavar="FILE", help="the network")
    train.add_argument("--n", type=int, default=n, help="pictures (default: %(default)s)")
    if epochs:
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
    add_materials_options(train)


def _add_train_visibility(commands: Any) -> None:
    train = commands.add_parser(
        "train-visibility", help="train the network that says whether eyes and mouth are visible",
        description="Render people, paint masks, hands and dark glasses over them, and train the "
        "network that says of each half of a face whether it is visible.",
        epilog="example:\n  au-detect train-visibility --face-model ICT-FaceKit/FaceXModel "
        "--out visibility.tflite --jobs 2",
        formatter_class=Raw,
    )  # fmt: skip
    train.set_defaults(command=_train_visibility)
    _add_examples_options(train, n=5000, epochs=False)


def _train_landmarks(options: argparse.Namespace) -> int:
    from au_detect.landmarks.models import find_landmark_model
    from au_detect.simulation.landmarks.options import SIZES, NetworkOptions
    from au_detect.simulation.landmarks.training import train_landmark_model

    examples, work = _examples(options)
    n = options.epochs
    sizes = {part: replace(size, epochs=n) for part, size in SIZES.items()} if n else SIZES
    materials = materials_of(options)
    error = train_landmark_model(
        examples, options.out, NetworkOptions(sizes), random_state=options.seed, work=work,
        photographs=materials.portraits if materials else None,
    )  # fmt: skip
    for region, distance in error.items():
        say(f"{region:12} {distance:.4f} IOD off on people kept out of the training")
    files = find_landmark_model(options.out).files
    size_mb = sum(path.stat().st_size for path in files) / 1e6
    say(f"{len(examples)} examples -> {', '.join(map(str, files))} ({size_mb:.1f} MB)")
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
        materials=materials_of(options), folder=work / "renders",
        progress=parts_progress("parts"), **more,
    )  # fmt: skip
    return examples, work
