"""Options that several commands share. Parsing only, like `au_detect.cli.main`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.errors import InputError
from au_detect.facs import parse_au

if TYPE_CHECKING:
    from au_detect.batch.outputs import Outputs

FORMATS = ("csv", "parquet", "json")
LAYOUTS = ("standard", "full", "short", "openface", "tidy")
DECIMALS = ("point", "comma")
EVENT_FORMATS = ("csv", "elan", "praat", "boris")
BAD_INPUT, NO_FACE_ANYWHERE = 2, 3
"""Exit codes."""


class Raw(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of examples as they are."""


def add_scoring_options(parser: argparse.ArgumentParser, *, out: str) -> None:
    """Add what `run` and `batch` have in common; `out` is the usual output folder."""
    _add_neutral_options(parser.add_argument_group("the neutral face"))
    _add_face_options(parser.add_argument_group("what is looked for"))
    _add_time_options(parser.add_argument_group("pictures and time"))
    _add_output_options(parser.add_argument_group("what is written"), out)


def _add_neutral_options(group: Any) -> None:
    group.add_argument(
        "--neutral", default="auto", type=_neutral, metavar="WHAT",
        help='"first" or "median" frame, a frame number (from 0), a picture, "none", or "auto" '
        '(default: the frames at rest are found; none for a picture); in a batch "person": one '
        "for all clips of a subject",
    )  # fmt: skip
    group.add_argument(
        "--neutral-from", type=Path, metavar="FOLDER",
        help="find one neutral face for all inputs in everything that this folder holds, which "
        "must show one person",
    )  # fmt: skip


def _add_face_options(group: Any) -> None:
    group.add_argument(
        "--max-faces", type=int, default=1, metavar="N",
        help="how many people to follow, the largest first, a row each (default: 1)",
    )  # fmt: skip
    group.add_argument(
        "--smallest-face", dest="smallest_face_px", type=float, metavar="PX",
        help="pixels between the eyes of the smallest face to look for (default: 32 in pictures "
        "of up to 1920 x 1080 px); half of it takes four times as long",
    )  # fmt: skip
    group.add_argument(
        "--focal-length", dest="focal_px", type=float, metavar="PX",
        help="of the camera, for how far the head is (pose_T; default: 500 px in 640 x 480)",
    )  # fmt: skip
    group.add_argument(
        "--threshold", action="append", default=[], type=_threshold, metavar="AU=P",
        help="an AU is on from this probability upwards, for example 12=0.4 (default: the "
        "model's); may be given several times",
    )  # fmt: skip
    group.add_argument(
        "--experimental", action="store_true",
        help="report AUs that are not reliable too (default: no; `au-detect info` lists them)",
    )  # fmt: skip
    group.add_argument(
        "--model", type=Path, metavar="DIR", help="another model folder (default: the shipped one)"
    )
    group.add_argument(
        "--mirrored", action="store_true", help="the pictures are mirror images, as of selfies"
    )
    add_landmarks_option(group)


def _add_time_options(group: Any) -> None:
    group.add_argument(
        "--independent", action="store_true",
        help="the pictures of a folder have nothing to do with each other (default: they are a "
        "sequence): each row names its file and has no time",
    )  # fmt: skip
    group.add_argument(
        "--fps", type=float, metavar="RATE",
        help="frames per second, also of a video instead of its own time stamps (default: 30 where "
        "there are none)",
    )  # fmt: skip
    group.add_argument(
        "--smooth", choices=("around", "past", "none"), default="around",
        help="how the frames of a sequence steady each other: those before and after (default), "
        "those before, or not at all",
    )  # fmt: skip
    group.add_argument(
        "--min-duration", dest="min_duration_s", type=float, default=0.0, metavar="SECONDS",
        help="leave shorter events out of --events and of the counts (default: 0)",
    )  # fmt: skip


def _add_output_options(group: Any, out: str) -> None:
    group.add_argument(
        "--out", type=Path, default=Path(out), metavar="DIR",
        help="the folder for everything that is written (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--format", choices=FORMATS, default="csv", help="of the tables (default: csv)"
    )
    group.add_argument(
        "--columns", choices=LAYOUTS, default="standard",
        help='of csv and parquet: "full" adds both halves of the face, "short" has the AUs only, '
        '"openface" is the table of OpenFace 2, "tidy" has a row for every AU (default: standard)',
    )  # fmt: skip
    group.add_argument(
        "--decimal", choices=DECIMALS, default="point",
        help='in CSV; "comma" writes 0,5 and parts columns by semicolons (default: point)',
    )  # fmt: skip
    group.add_argument(
        "--landmark-columns", action="store_true", help="write the 68 landmarks too (csv, parquet)"
    )
    group.add_argument(
        "--events", choices=EVENT_FORMATS,
        help="write when each AU is on too: a table, or a file for ELAN (.eaf), Praat (.TextGrid) "
        "or BORIS (.xlsx)",
    )  # fmt: skip
    group.add_argument("--emotions", action="store_true", help="recognise emotions too, by rules")
    group.add_argument(
        "--emotion-rules", type=Path, metavar="FILE",
        help="your own emotion rules (TOML; default: the packaged ones); switches --emotions on",
    )  # fmt: skip
    group.add_argument(
        "--video", action="store_true", help="write an annotated copy too, which browsers play"
    )
    group.add_argument(
        "--resume", action="store_true",
        help="skip what is done and whole: same options, model and version, input of the same "
        "size and time of change",
    )  # fmt: skip
    group.add_argument(
        "--overwrite", action="store_true",
        help="write over results of other inputs that have the same name (default: refuse)",
    )  # fmt: skip


def add_landmarks_option(parser: Any) -> None:
    """Add who finds the landmarks, as `landmark_model`."""
    parser.add_argument(
        "--landmarks", dest="landmark_model", metavar="NAME|FILE",
        help='"open" (ours, default), "ibug300w" (extra "ibug") or a dlib predictor of 68 points',
    )  # fmt: skip


def scoring_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options of `AUDetector.run`."""
    return {name: getattr(options, name) for name in ("neutral", "independent", "smooth", "fps")}


def detector_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options of `AUDetector`."""
    names = (
        *("model", "landmark_model", "max_faces", "smallest_face_px", "experimental"),
        *("mirrored", "focal_px"),
    )
    chosen = {name: getattr(options, name) for name in names}
    return chosen | {"thresholds": dict(options.threshold)}


def outputs_from(options: argparse.Namespace) -> Outputs:
    """Return what is to be written, or raise where it cannot be."""
    from au_detect.batch.outputs import Outputs

    outputs = Outputs(
        format=options.format,
        columns=options.columns,
        decimal=options.decimal,
        landmark_columns=options.landmark_columns,
        events=options.events,
        min_duration_s=options.min_duration_s,
        emotions=options.emotions or options.emotion_rules is not None,
        emotion_rules=None if options.emotion_rules is None else str(options.emotion_rules),
        video=options.video,
    )
    outputs.check(independent=options.independent)
    return outputs


def _neutral(text: str) -> str | int | None:
    from au_detect.batch.inputs import parse_neutral

    return parse_neutral(text)


def _threshold(text: str) -> tuple[int, float]:
    au, _, value = text.partition("=")
    try:
        return parse_au(au), float(value)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be like 12=0.4, got {text!r}") from error
