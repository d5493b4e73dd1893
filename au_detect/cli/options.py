"""Options that several commands share. Parsing only, like `au_detect.cli.main`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

FORMATS = ("csv", "parquet", "json")
LAYOUTS = ("standard", "full", "short", "openface", "tidy")
BAD_INPUT, NO_FACE_ANYWHERE = 2, 3
"""Exit codes."""


def add_scoring_options(parser: argparse.ArgumentParser, *, out: str) -> None:
    """Add what `run` and `batch` have in common; `out` is the usual output folder."""
    parser.add_argument(
        "--neutral", default="auto", type=_neutral, metavar="WHAT",
        help='the neutral face: "first" or "median" frame, a frame number (from 0), a picture, '
        '"none", or "auto" (default: the frames at rest are found; none for a picture); in a batch '
        '"person": one for all clips of a subject',
    )  # fmt: skip
    parser.add_argument(
        "--neutral-from", type=Path, metavar="FOLDER",
        help="find one neutral face for all inputs in everything that this folder holds, which "
        "must show one person",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path(out), metavar="DIR")
    parser.add_argument("--format", choices=FORMATS, default="csv")
    parser.add_argument(
        "--overwrite", action="store_true", help="also over results of other inputs"
    )
    parser.add_argument(
        "--landmark-columns", action="store_true", help="write the 68 landmarks too (csv, parquet)"
    )
    parser.add_argument(
        "--columns", choices=LAYOUTS, default="standard",
        help='of csv and parquet: "full" adds both halves of the face, "short" has the AUs only, '
        '"openface" is the table of OpenFace 2, "tidy" has a row for every AU',
    )  # fmt: skip
    parser.add_argument(
        "--independent", action="store_true", help="the pictures of a folder are no sequence"
    )
    parser.add_argument(
        "--fps", type=float, metavar="RATE",
        help="frames per second, also of a video instead of its own time stamps (default: 30 where "
        "there are none)",
    )  # fmt: skip
    parser.add_argument(
        "--smooth", choices=("around", "past", "none"), default="around",
        help="how the frames of a sequence steady each other: those before and after (default), "
        "those before, or not at all",
    )  # fmt: skip
    parser.add_argument("--max-faces", type=int, default=1, metavar="N")
    parser.add_argument(
        "--smallest-face", dest="smallest_face_px", type=float, metavar="PX",
        help="pixels between the eyes of the smallest face to look for (default: 32 in pictures "
        "of up to 1920 x 1080 px); half of it takes four times as long",
    )  # fmt: skip
    parser.add_argument("--model", type=Path, metavar="DIR", help="another model folder")
    add_landmarks_option(parser)
    parser.add_argument(
        "--experimental", action="store_true", help="report AUs that are not reliable too"
    )
    parser.add_argument(
        "--mirrored", action="store_true", help="the pictures are mirror images, as of selfies"
    )


def add_landmarks_option(parser: argparse.ArgumentParser) -> None:
    """Add who finds the landmarks, as `landmark_model`."""
    parser.add_argument(
        "--landmarks", dest="landmark_model", metavar="NAME|FILE",
        help='"ibug300w" (default), "open" (our own), or a dlib predictor of 68 points',
    )  # fmt: skip


def scoring_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options of `AUDetector.run`."""
    return {name: getattr(options, name) for name in ("neutral", "independent", "smooth", "fps")}


def detector_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options of `AUDetector`."""
    names = ("model", "landmark_model", "max_faces", "smallest_face_px", "experimental", "mirrored")
    return {name: getattr(options, name) for name in names}


def _neutral(text: str) -> str | int | None:
    from au_detect.batch.inputs import parse_neutral

    return parse_neutral(text)
