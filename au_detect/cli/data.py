"""``au-detect dataset``, and the options of every command that takes labelled sequences.

Parsing and printing only, like `au_detect.cli.main`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.cli.options import Raw
from au_detect.cli.printing import parts_progress, say, say_lines
from au_detect.datasets.coded_frames import VIDEO_FRAMES
from au_detect.errors import InputError
from au_detect.escapes import escaped

if TYPE_CHECKING:
    from au_detect.datasets.collection import Collection, Problem
    from au_detect.datasets.sequences import LabelledSequences
    from au_detect.datasets.summary import CollectionSummary

DATA_HELP = (
    "the folder of a collection as it is distributed (CK+, DISFA, DISFA+, BP4D, MMI, "
    "UNBC-McMaster, CASME II, SAMM, RAF-AU, EmotioNet, FEAFA, Aff-Wild2), a table "
    "(sequences.csv), or measured sequences (.npz)"
)
SHOWN_PROBLEMS = 3


OWN_LANDMARKS = "ckplus"


def add_data_commands(commands: Any) -> None:
    """Add ``dataset`` to a parser."""
    dataset = commands.add_parser(
        "dataset", help="what a labelled collection holds, and what is wrong with it",
        description="Read a collection as it is distributed and say how many people show each "
        "action unit, and which files are missing, damaged or contradict each other.",
        epilog="examples:\n  au-detect dataset CK+\n  au-detect dataset CK+ --out ckplus.npz"
        "\n  au-detect dataset DISFA --problems problems.csv",
        formatter_class=Raw,
    )  # fmt: skip
    dataset.set_defaults(command=_dataset)
    dataset.add_argument("data", type=Path, metavar="DATA", help=DATA_HELP)
    dataset.add_argument(
        "--out", type=Path, metavar="FILE",
        help="measure the collection and write the table (.npz) that training takes",
    )  # fmt: skip
    dataset.add_argument(
        "--to", choices=("table",),
        help="write a plain table (CSV) to --out instead, and measure nothing",
    )  # fmt: skip
    dataset.add_argument(
        "--problems", type=Path, metavar="FILE", help="write the whole list of problems (CSV)"
    )
    add_data_options(dataset)


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how the collection `options.data` is measured."""
    group = parser.add_argument_group("how a collection is measured (not of .npz)")
    group.add_argument(
        "--landmarks", metavar="NAME|FILE",
        help='track the faces with "open" (our own, default), "ibug300w" (extra "ibug") or a dlib '
        "predictor of 68 points; "
        f'"{OWN_LANDMARKS}" takes the landmarks of the collection',
    )  # fmt: skip
    group.add_argument(
        "--frames", choices=("apex", "last3", "all-weighted"), default="apex",
        help="the last frame, the last three, or all, weighted from neutral to apex "
        "(default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--video-frames", choices=VIDEO_FRAMES, default="sampled",
        help="which frames of videos coded frame by frame: apexes and as many frames at rest, or "
        "all (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--camera", choices=("left", "right"), default="left", help="of DISFA (default: left)"
    )
    group.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    group.add_argument(
        "--cache", type=Path, metavar="DIR", help="where measurements are kept (default: a folder "
        "in the user's cache)",
    )  # fmt: skip
    group.add_argument("--no-cache", action="store_true", help="measure everything anew")


def sequences_from_options(
    options: argparse.Namespace,
) -> tuple[LabelledSequences, Collection | None]:
    """Return the sequences of `options.data`, measured as the options of a command say.

    See `au_detect.datasets.loading.load_labelled_sequences`.
    """
    from au_detect.datasets.loading import load_labelled_sequences

    own = options.landmarks == OWN_LANDMARKS
    return load_labelled_sequences(
        options.data,
        landmarks=OWN_LANDMARKS if own else "dlib",
        frames=options.frames,
        cache=False if options.no_cache else options.cache,
        n_jobs=options.jobs,
        progress=parts_progress("sequences", "measuring"),
        landmark_model=None if own else options.landmarks,
        video_frames=options.video_frames,
        camera=options.camera,
    )


def _dataset(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from au_detect.datasets.loading import read_collection
    from au_detect.datasets.summary import (
        find_damaged_files,
        summarise_collection,
        summarise_sequences,
    )
    from au_detect.results.files import check_is_no_input

    for name in ("out", "problems"):
        if getattr(options, name) is not None:
            check_is_no_input(getattr(options, name), [options.data], f"--{name}")
    sequences: LabelledSequences | None = None
    collection: Collection | None = None
    measures = options.out is not None and options.to is None
    if measures or options.data.suffix.lower() == ".npz":
        sequences, collection = sequences_from_options(options)
    else:
        collection = read_collection(
            options.data, video_frames=options.video_frames, camera=options.camera
        )
        damaged = tuple(find_damaged_files(collection))
        collection = replace(collection, problems=collection.problems + damaged)
    if collection is not None:
        summary = summarise_collection(collection)
    elif sequences is not None:
        summary = summarise_sequences(sequences)
    say_lines(_described(summary, "measured sequences" if collection is None else collection.kind))
    if options.to is not None:
        _write_table(options.out, collection)
    if options.problems:
        _write_problems(options.problems, collection.problems if collection else ())
    if measures and sequences is not None:
        sequences.save(options.out)
        print()
        say(f"{len(sequences)} rows of {sequences.n_subjects} subjects -> {options.out}")
    return 0


def _write_table(out: Path | None, collection: Collection | None) -> None:
    from au_detect.datasets.table_writing import write_sequence_table

    if out is None or out.suffix.lower() != ".csv" or collection is None:
        got = "measured sequences" if collection is None else out
        raise InputError(f"--to table needs a collection of files and --out FILE.csv, got {got}")
    write_sequence_table(out, collection)
    print()
    say(f"{len(collection)} rows -> {out}")


def _described(summary: CollectionSummary, kind: str) -> str:
    from au_detect.facs import ACTION_UNITS

    counted = {
        "subjects": summary.n_subjects,
        "sequences": summary.n_sequences,
        "frames": summary.n_frames,
        "videos": summary.n_videos,
    }
    counts = ", ".join(f"{n} {word}" for word, n in counted.items() if n)
    lines = [counts, f"read as {kind}", ""]
    lines.append(f"{'AU':>4}  {'sequences':>9}  {'subjects':>8}  {'with intensity':>14}  name")
    for au, count in summary.aus.items():
        name = ACTION_UNITS[au].name if au in ACTION_UNITS else "(cannot be detected)"
        coded = "-" if count.n_with_intensity is None else count.n_with_intensity
        lines.append(f"{au:>4}  {count.n_sequences:>9}  {count.n_subjects:>8}  {coded:>14}  {name}")
    emotions = ", ".join(f"{name or 'unknown'} {n}" for name, n in summary.emotions.items())
    lines += ["", f"emotions: {emotions or 'none'}", "", *_listed(summary)]
    return "\n".join(lines)


def _listed(summary: CollectionSummary) -> list[str]:
    if not summary.problems:
        return ["no problems found"]
    lines = []
    for kind, problems in summary.problems.items():
        lines.append(f"{kind}: {len(problems)}")
        lines += [f"  {escaped(str(problem))}" for problem in problems[:SHOWN_PROBLEMS]]
        if len(problems) > SHOWN_PROBLEMS:
            lines.append(f"  ... and {len(problems) - SHOWN_PROBLEMS} more (--problems FILE)")
    return lines


def _write_problems(path: Path, problems: Iterable[Problem]) -> None:
    import pandas as pd

    from au_detect.results.files import write_atomically
    from au_detect.results.tables import table_as_csv

    columns = ["kind", "place", "problem"]
    table = pd.DataFrame([(p.kind, p.place, p.text) for p in problems], columns=columns)
    write_atomically(path, table_as_csv(table, columns))
