"""The command ``au-detect``: parse, call the library, print. Nothing is computed here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from au_detect.errors import AUDetectError, InputError
from au_detect.version import __version__

FORMATS = ("csv", "parquet", "json")
BAD_INPUT, NO_FACE_ANYWHERE = 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 2 for bad input, 3 if no input shows a face."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except AUDetectError as error:
        print(f"au-detect: {error}", file=sys.stderr)
        return BAD_INPUT
    except OSError as error:  # a folder that cannot be written, a full disk
        place = f"{error.filename}: " if error.filename else ""
        print(f"au-detect: {place}{error.strerror or error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("au-detect: stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="au-detect", description="Detect facial action units (FACS) by geometry."
    )
    parser.add_argument("--version", action="version", version=f"au_detect {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_demo(commands)
    _add_info(commands)
    _add_simulate(commands)
    _add_train(commands)
    return parser


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="action units of pictures, sequences and videos")
    run.set_defaults(command=_run)
    run.add_argument("inputs", nargs="+", metavar="INPUT", help="picture, folder, glob or video")
    run.add_argument(
        "--neutral", default="auto", type=_neutral, metavar="WHAT",
        help='the neutral face: "first" or "median" frame, a frame number (from 0), a picture, '
        '"none", or "auto" (default: none for a picture, median for videos over 10 s, else first)',
    )  # fmt: skip
    run.add_argument("--out", type=Path, default=Path("au_detect_results"), metavar="DIR")
    run.add_argument("--format", choices=FORMATS, default="csv")
    run.add_argument(
        "--landmark-columns", action="store_true", help="write the 68 landmarks too (csv, parquet)"
    )
    run.add_argument(
        "--independent", action="store_true", help="the pictures of a folder are no sequence"
    )
    run.add_argument("--fps", type=float, default=30.0, help="of pictures (default: %(default)s)")
    run.add_argument("--max-faces", type=int, default=1, metavar="N")
    _add_model_options(run)


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="run on the sample sequences and write a report")
    demo.set_defaults(command=_demo)
    demo.add_argument("--out", type=Path, default=Path("au_detect_demo"), metavar="DIR")


def _add_info(commands: Any) -> None:
    info = commands.add_parser("info", help="versions, models, and how reliable each AU is")
    info.set_defaults(command=_info)
    info.add_argument("--model", type=Path, metavar="DIR")


def _add_simulate(commands: Any) -> None:
    simulate = commands.add_parser("simulate", help="draw labelled faces from a morphable model")
    simulate.set_defaults(command=_simulate)
    simulate.add_argument(
        "--face-model", type=Path, required=True, metavar="PATH",
        help="the ICT-FaceKit folder of OBJ files, or its compact .npz",
    )  # fmt: skip
    simulate.add_argument(
        "--out", type=Path, required=True, metavar="PATH",
        help="an .npz table for training; with --render also a folder, in the layout of CK+",
    )  # fmt: skip
    simulate.add_argument("--n", type=int, default=20_000, help="sequences (default: %(default)s)")
    simulate.add_argument("--render", action="store_true", help="render pictures and measure them")
    simulate.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    simulate.add_argument("--seed", type=int, default=0)
    error = commands.add_parser(
        "landmark-error", help="measure on renders how the landmark model distorts faces"
    )
    error.set_defaults(command=_landmark_error)
    error.add_argument("table", type=Path, help="what `au-detect simulate --render` wrote")
    error.add_argument("--out", type=Path, required=True, metavar="FILE")


def _add_train(commands: Any) -> None:
    train = commands.add_parser("train", help="fit the networks to labelled sequences")
    train.set_defaults(command=_train)
    train.add_argument(
        "data", type=Path, nargs="+", metavar="FILE", help="what `au-detect simulate` wrote"
    )
    train.add_argument("--out", type=Path, required=True, metavar="DIR")
    train.add_argument(
        "--minimum-intensity", type=float, default=1.0, metavar="1-5",
        help="FACS intensity (1 is A, 5 is E) from which an AU counts as present",
    )  # fmt: skip
    train.add_argument(
        "--max-fpr", type=float, default=0.02, metavar="RATE",
        help="false-positive rate that thresholds allow on held-out people (default: %(default)s)",
    )  # fmt: skip
    train.add_argument("--members", type=int, default=1, help="networks that are averaged")
    train.add_argument("--epochs", type=int, default=40, help="at most (default: %(default)s)")
    train.add_argument("--seed", type=int, default=0)


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, metavar="DIR", help="another model folder")
    parser.add_argument("--landmark-model", type=Path, metavar="FILE", help="dlib's 68 points")
    parser.add_argument(
        "--experimental", action="store_true", help="report AUs that are not reliable too"
    )


def _neutral(text: str) -> str | int | None:
    if text.lower() == "none":
        return None
    return int(text) if text.isdecimal() else text


def _detector(options: argparse.Namespace) -> Any:
    from au_detect.detect import AUDetector

    return AUDetector(
        options.model,
        landmark_model=options.landmark_model,
        max_faces=options.max_faces,
        experimental=options.experimental,
    )


def _run(options: argparse.Namespace) -> int:
    from au_detect.tables import write_settings

    detector = _detector(options)
    options.out.mkdir(parents=True, exist_ok=True)
    faces_seen, failed = False, False
    for source, name in zip(options.inputs, _output_names(options.inputs), strict=True):
        try:
            result = detector.run(
                source,
                neutral=options.neutral,
                independent=options.independent,
                fps=options.fps,
                progress=_progress(name),
            )
        except AUDetectError as error:
            print(f"au-detect: {error}", file=sys.stderr)
            failed = True
            continue
        path = options.out / f"{name}.{options.format}"
        write = getattr(result, f"to_{options.format}")
        write(path, **({} if options.format == "json" else {"landmarks": options.landmark_columns}))
        write_settings(result, path.with_suffix(".settings.json"))
        faces_seen |= bool(result.face_found.any())
        if not result.face_found.any():
            print(f"au-detect: no face found in {source}", file=sys.stderr)
        print(_in_a_line(result), f"-> {path}")
        if len(options.inputs) == 1:
            print(result.summary().to_string())
    if failed:
        return BAD_INPUT
    return 0 if faces_seen else NO_FACE_ANYWHERE


def _output_names(inputs: Sequence[str]) -> list[str]:
    """Return a file name without ending for every input, all different."""
    names: list[str] = []
    for source in inputs:
        base = Path(source.replace("*", "_").replace("?", "_")).stem or "input"
        name, number = base, 2
        while name in names:
            name, number = f"{base}_{number}", number + 1
        names.append(name)
    return names


def _progress(name: str) -> Any:
    def bar(frames: Iterable[Any], n_frames: int | None) -> Iterable[Any]:
        from tqdm import tqdm

        return tqdm(frames, total=n_frames, desc=name, unit="frame", disable=None, leave=False)

    return bar


def _in_a_line(result: Any) -> str:
    rows = f"{len(result)} row{'s' if len(result) != 1 else ''}"
    found = int(result.face_found.sum())
    neutral = ", ".join(sorted(set(result.neutral.values()))) or "no face"
    return f"{result.input}: {rows}, face in {found}, neutral: {neutral}"


def _demo(options: argparse.Namespace) -> int:
    from au_detect.demo import run_demo

    table, report = run_demo(options.out, progress=_progress)
    print(table.to_string(index=False))
    print(f"\nReport: {report}")
    return 0


def _info(options: argparse.Namespace) -> int:
    from au_detect.info import describe

    print(describe(options.model))
    return 0


def _simulate(options: argparse.Namespace) -> int:
    is_table = options.out.suffix == ".npz"
    if not options.render:
        if not is_table:
            raise InputError(f"--out must be an .npz file without --render, got {options.out}")
        return _simulate_landmarks(options)
    if is_table:
        return _render_table(options)
    from au_detect.simulation.collection import write_collection

    n = write_collection(
        options.face_model, options.out, options.n, random_state=options.seed,
        n_jobs=options.jobs, progress=_parts_progress("people"),
    )  # fmt: skip
    print(f"{n} sequences -> {options.out}")
    return 0


def _simulate_landmarks(options: argparse.Namespace) -> int:
    from au_detect.simulation.face_model import read_face_model
    from au_detect.simulation.landmark_error import load_landmark_error
    from au_detect.simulation.sequences import simulate_landmarks

    model = read_face_model(options.face_model)
    error = load_landmark_error()
    table = simulate_landmarks(model, options.n, random_state=options.seed, error=error)
    table.save(options.out)
    print(f"{len(table)} sequences of {table.n_subjects} people -> {options.out}")
    return 0


def _render_table(options: argparse.Namespace) -> int:
    from au_detect.simulation.render_sequences import render_sequences

    table = render_sequences(
        options.face_model, options.n, random_state=options.seed, n_jobs=options.jobs,
        progress=_parts_progress("people"),
    )  # fmt: skip
    table.save(options.out)
    print(f"{len(table)} of {options.n} sequences, {table.n_subjects} people -> {options.out}")
    return 0


def _parts_progress(unit: str) -> Any:
    def bar(parts: Iterable[Any], n_parts: int) -> Iterable[Any]:
        from tqdm import tqdm

        return tqdm(parts, total=n_parts, unit=f" {unit}", disable=None)

    return bar


def _landmark_error(options: argparse.Namespace) -> int:
    from au_detect.datasets.sequences import LabelledSequences
    from au_detect.simulation.landmark_error import fit_error_to_renders

    error = fit_error_to_renders(LabelledSequences.load(options.table))
    error.save(options.out)
    print(f"error model of {error.landmark_model} -> {options.out}")
    return 0


def _train(options: argparse.Namespace) -> int:
    from au_detect.datasets.sequences import LabelledSequences
    from au_detect.datasets.tables import pose_range_deg, training_tables
    from au_detect.training import TrainingRecipe, train_models

    sequences = [LabelledSequences.load(path) for path in options.data]
    recipe = TrainingRecipe(
        minimum_intensity=options.minimum_intensity,
        max_fpr=options.max_fpr,
        members=options.members,
        max_epochs=options.epochs,
        random_state=options.seed,
    )
    manifest = train_models(
        training_tables(sequences, options.seed),
        options.out,
        recipe,
        pose_range_deg=pose_range_deg(sequences),
        progress=_training_progress(),
    )
    print(f"{len(manifest.networks)} networks -> {options.out}")
    return 0


def _training_progress() -> Any:
    from tqdm import tqdm

    bars: dict[str, Any] = {}

    def advance(network: str, n_done: int, n_at_most: int) -> None:
        if network not in bars:
            bars[network] = tqdm(total=n_at_most, desc=network, unit="epoch", disable=None)
        bars[network].update(n_done - bars[network].n)

    return advance


if __name__ == "__main__":
    sys.exit(main())
