"""The command ``au-detect``: parse, call the library, print. Nothing is computed here."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from au_detect.cli.batch import add_batch
from au_detect.cli.data import add_data_commands
from au_detect.cli.judging import add_judging_commands
from au_detect.cli.live import add_live_command
from au_detect.cli.options import (
    BAD_INPUT,
    NO_FACE_ANYWHERE,
    add_scoring_options,
    detector_arguments,
    scoring_arguments,
)
from au_detect.cli.pictures import (
    add_picture_commands,
    add_picture_options,
    emotions_wanted,
    write_pictures,
)
from au_detect.cli.printing import complain, say, say_lines
from au_detect.cli.serve import add_serve_commands
from au_detect.cli.stopping import INTERRUPTED, TERMINATED, Terminated, stopped_by_sigterm
from au_detect.cli.targets import input_marks, targets_of
from au_detect.cli.training import add_training_commands
from au_detect.errors import AUDetectError
from au_detect.escapes import escaped
from au_detect.version import __version__

MAX_PICTURE_PIXELS = "150000000"
"""As in `au_detect.frames.limits`; OpenCV reads it when it is loaded, so not from there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 2 for bad input, 3 if no input shows a face.

    Ctrl-C gives 130 and SIGTERM 143; what is done until then is kept.
    """
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", MAX_PICTURE_PIXELS)
    _escape_what_cannot_be_written()
    options = _parser().parse_args(arguments)
    try:
        with stopped_by_sigterm():
            return int(options.command(options) or 0)
    except AUDetectError as error:
        complain(error)
        return BAD_INPUT
    except OSError as error:  # a folder that cannot be written, a full disk
        place = f"{error.filename}: " if error.filename else ""
        complain(f"{place}{error.strerror or error}")
        return BAD_INPUT
    except MemoryError:
        complain("the input needs more memory than there is")
        return BAD_INPUT
    except RecursionError:
        complain("the input is nested too deeply")
        return BAD_INPUT
    except KeyboardInterrupt:
        complain("stopped")
        return INTERRUPTED
    except Terminated:
        complain("stopped")
        return TERMINATED


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with arguments, among them names of files, as `complain` does."""

    def error(self, message: str) -> NoReturn:
        """Print it and exit."""
        super().error(escaped(message))


def _escape_what_cannot_be_written() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="au-detect", description="Detect facial action units (FACS) by geometry.")
    parser.add_argument("--version", action="version", version=f"au_detect {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    add_batch(commands)
    _add_demo(commands)
    _add_info(commands)
    add_picture_commands(commands)
    add_data_commands(commands)
    add_live_command(commands)
    add_serve_commands(commands)
    add_training_commands(commands)
    add_judging_commands(commands)
    return parser


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="action units of pictures, sequences and videos")
    run.set_defaults(command=_run)
    run.add_argument("inputs", nargs="+", metavar="INPUT", help="picture, folder, glob or video")
    add_scoring_options(run, out="au_detect_results")
    add_picture_options(run)


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="run on the sample sequences and write a report")
    demo.set_defaults(command=_demo)
    demo.add_argument("--out", type=Path, default=Path("au_detect_demo"), metavar="DIR")


def _add_info(commands: Any) -> None:
    info = commands.add_parser("info", help="versions, models, and how reliable each AU is")
    info.set_defaults(command=_info)
    info.add_argument("--model", type=Path, metavar="DIR")


def _run(options: argparse.Namespace) -> int:
    from au_detect.batch.people import neutral_of_person, person_in
    from au_detect.detect import AUDetector
    from au_detect.results.writing import write_result, write_settings

    detector = AUDetector(**detector_arguments(options))
    arguments = scoring_arguments(options)
    if options.neutral_from:
        arguments["neutral"] = neutral_of_person(detector, person_in(options.neutral_from))
    options.out.mkdir(parents=True, exist_ok=True)
    faces_seen, failed = False, False
    also_read = (
        options.neutral, options.neutral_from, options.emotion_rules, options.landmark_model
    )  # fmt: skip
    all_targets = targets_of(options.inputs, also_read, options.out, options.format)
    for source, targets in zip(options.inputs, all_targets, strict=True):
        progress = _progress(targets.name)
        try:
            if not options.overwrite:
                targets.check_owner(source, annotated=options.video)
            result = detector.run(source, progress=progress, **arguments)
        except AUDetectError as error:
            complain(error)
            failed = True
            continue
        emotions = emotions_wanted(options, result)
        write_result(
            result, targets.result, options.format,
            landmarks=options.landmark_columns, emotions=emotions,
        )  # fmt: skip
        write_settings(result, targets.side_car, **input_marks(source))
        faces_seen |= bool(result.face_found.any())
        for notice in result.settings.get("notices", ()):
            complain(f"{source}: {notice}")
        if not result.face_found.any():
            complain(f"no face found in {source}")
        for doubt in sorted(set(result.neutral_doubts.values())):
            complain(f"{source}: {doubt}")
        say(_in_a_line(result), f"-> {targets.result}")
        write_pictures(options, source, result, emotions, targets.annotated, progress)
        if len(options.inputs) == 1:
            print(result.summary().to_string())
    if failed:
        return BAD_INPUT
    return 0 if faces_seen else NO_FACE_ANYWHERE


def _progress(name: str) -> Any:
    def bar(frames: Iterable[Any], n_frames: int | None) -> Iterable[Any]:
        from tqdm import tqdm

        return tqdm(
            frames, total=n_frames, desc=escaped(name), unit="frame", disable=None, leave=False
        )

    return bar


def _in_a_line(result: Any) -> str:
    rows = f"{len(result)} row{'s' if len(result) != 1 else ''}"
    found = int(result.face_found.sum())
    neutral = ", ".join(sorted(set(result.neutral.values()))) or "no face"
    quality = "".join(f" (quality {q:.2f})" for q in result.neutral_quality.values())
    return f"{result.input}: {rows}, face in {found}, neutral: {neutral}{quality}"


def _demo(options: argparse.Namespace) -> int:
    from au_detect.demo import run_demo

    table, report = run_demo(options.out, progress=_progress)
    print(table.to_string(index=False))
    print()
    say(f"Report: {report}")
    return 0


def _info(options: argparse.Namespace) -> int:
    from au_detect.info import describe

    say_lines(describe(options.model))
    return 0
