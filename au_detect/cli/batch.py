"""The command ``au-detect batch``. Parsing and printing only, like `au_detect.cli.main`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from au_detect.cli.options import (
    BAD_INPUT,
    NO_FACE_ANYWHERE,
    Raw,
    add_scoring_options,
    detector_arguments,
    outputs_from,
    scoring_arguments,
)
from au_detect.cli.printing import complaint, say

if TYPE_CHECKING:
    from au_detect.batch.summaries import InputSummary


DESCRIPTION = """Score a tree of videos and picture folders: a table for each, and summary.csv with
a row
for each: share of the frames in which every action unit is on, mean, peak and number of
events. What fails is recorded and the rest goes on."""
EXAMPLES = """examples:
  au-detect batch study/ --out scored --jobs 4
  au-detect batch study/ --out scored --resume          # go on where it was stopped
  au-detect batch clips.csv --neutral person            # columns input, neutral, subject
  au-detect batch study/ --emotions --events elan --video"""


def add_batch(commands: Any) -> None:
    """Add ``batch`` to a parser."""
    batch = commands.add_parser(
        "batch",
        help="action units of thousands of videos and sequences, a result file each",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=Raw,
    )
    batch.set_defaults(command=_batch)
    batch.add_argument(
        "inputs", nargs="+", metavar="INPUT",
        help="a folder tree (its videos, and its folders of pictures as sequences), a glob "
        "pattern, files, or a list: .txt with a path on each line, .csv with a column `input` "
        "and perhaps `neutral` and `subject`",
    )  # fmt: skip
    add_scoring_options(batch, out="au_detect_batch")
    spread = batch.add_argument_group("how the work is spread")
    spread.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes; -1: all cores (default: 1)"
    )
    spread.add_argument(
        "--timeout", dest="timeout_s", type=float, metavar="SECONDS",
        help="an input that takes longer has failed (default: none does)",
    )  # fmt: skip
    spread.add_argument(
        "--shard", metavar="K/N",
        help="only the K-th of N parts, told apart by the names of the inputs: for schedulers "
        "such as Slurm (default: everything)",
    )  # fmt: skip
    spread.add_argument(
        "--backend", choices=("loky", "dask"), default="loky",
        help="processes on this machine (loky, default), or a Dask cluster",
    )  # fmt: skip
    spread.add_argument(
        "--scheduler", metavar="ADDRESS", help="of the Dask cluster, like tcp://10.0.0.1:8786"
    )


def _batch(options: argparse.Namespace) -> int:
    from au_detect.batch import score_sequences
    from au_detect.batch.people import person_in

    arguments, outputs = scoring_arguments(options), outputs_from(options)
    if options.neutral_from:
        arguments["neutral"] = person_in(options.neutral_from)
    summary = score_sequences(
        options.inputs[0] if len(options.inputs) == 1 else options.inputs,
        options.out,
        **vars(outputs),
        n_jobs=options.jobs,
        backend=options.backend,
        scheduler=options.scheduler,
        shard=options.shard,
        resume=options.resume,
        overwrite=options.overwrite,
        timeout_s=options.timeout_s,
        progress=_progress,
        **arguments,
        **detector_arguments(options),
    )
    n_failed = int((summary["error"] != "").sum())
    n_without = int((summary["frames_with_face"] == 0).sum())
    say(
        f"{len(summary)} inputs: {len(summary) - n_failed} scored, of which {n_without} without a "
        f"face; {n_failed} failed -> {options.out}"
    )
    if n_failed:
        return BAD_INPUT
    return NO_FACE_ANYWHERE if 0 < len(summary) == n_without else 0


def _progress(rows: Iterable[InputSummary], n_inputs: int) -> Iterator[InputSummary]:
    """Show rate and remaining time; say in a line what failed or shows no face."""
    from tqdm import tqdm

    n_frames, began_s = 0, time.monotonic()
    with tqdm(rows, total=n_inputs, unit="input", disable=None) as bar:
        for row in bar:
            if row.error or not row.frames_with_face:
                problem = row.error or f"no face found in {row.input}"
                tqdm.write(complaint(problem), file=sys.stderr)
            n_frames += row.frames or 0
            bar.set_postfix_str(f"{n_frames / (time.monotonic() - began_s):.0f} frames/s")
            yield row
