"""The command ``au-detect``: parse, call the library, print. Nothing is computed here."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from au_detect.cli.appearance import add_appearance_command
from au_detect.cli.batch import add_batch
from au_detect.cli.data import add_data_commands
from au_detect.cli.judging import add_judging_commands
from au_detect.cli.live import add_live_command
from au_detect.cli.options import BAD_INPUT, Raw
from au_detect.cli.pictures import add_picture_commands
from au_detect.cli.printing import complain, frame_progress, say, say_lines
from au_detect.cli.run import add_run
from au_detect.cli.serve import add_serve_commands
from au_detect.cli.stopping import INTERRUPTED, TERMINATED, Terminated, stopped_by_sigterm
from au_detect.cli.train_networks import add_network_commands
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
    parser = make_parser()
    if not (sys.argv[1:] if arguments is None else arguments):
        parser.print_help()
        return 0
    options = parser.parse_args(arguments)
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


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    parser = _Parser(
        prog="au-detect",
        description="Detect facial action units (FACS) by geometry.",
        epilog="Start with `au-detect demo`, then `au-detect run CLIP`. `au-detect COMMAND --help` "
        "has the options and examples of a command.",
    )
    parser.add_argument("--version", action="version", version=f"au_detect {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_run(commands)
    add_batch(commands)
    _add_demo(commands)
    _add_info(commands)
    add_picture_commands(commands)
    add_data_commands(commands)
    add_live_command(commands)
    add_serve_commands(commands)
    add_training_commands(commands)
    add_network_commands(commands)
    add_judging_commands(commands)
    add_appearance_command(commands)
    return parser


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser(
        "demo",
        help="run on the sample sequences and write a report",
        description="Detect the action units of the sample people that come with the package, "
        "print them beside their labels, and write report.html.",
        epilog="example:\n  au-detect demo --out tried",
        formatter_class=Raw,
    )
    demo.set_defaults(command=_demo)
    demo.add_argument(
        "--out", type=Path, default=Path("au_detect_demo"), metavar="DIR",
        help="the folder for the report and the tables (default: %(default)s)",
    )  # fmt: skip


def _add_info(commands: Any) -> None:
    info = commands.add_parser(
        "info",
        help="versions, models, and how reliable each AU is",
        description="Say what is installed, which models are used, and how well each action unit "
        "was found in simulated people whom training never saw.",
        epilog="examples:\n  au-detect info\n  au-detect info --all\n"
        "  au-detect info --model my_model",
        formatter_class=Raw,
    )
    info.set_defaults(command=_info)
    info.add_argument(
        "--model", type=Path, metavar="DIR", help="about this model folder (default: the shipped)"
    )
    info.add_argument(
        "--all", action="store_true", help="the tables of every network, with thresholds and rates"
    )


def _demo(options: argparse.Namespace) -> int:
    from au_detect.demo import run_demo

    table, report = run_demo(options.out, progress=frame_progress)
    print(table.drop(columns="sequence").to_string(index=False))
    print()
    print("detected: at the apex, the last frame; not reported: labelled, but left out by default")
    print("(--experimental); other frames: on in another frame only")
    say(f"Report: {report}")
    return 0


def _info(options: argparse.Namespace) -> int:
    from au_detect.info import describe

    say_lines(describe(options.model, every=options.all))
    return 0
