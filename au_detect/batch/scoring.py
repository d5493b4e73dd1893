"""Many inputs, many result files: on one machine, on a Dask cluster, or in shards.

A result is written and forgotten: only one row of the summary per input is kept in memory.
See `au_detect.batch.records` for the files, and `au_detect.batch.inputs` for the inputs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.batch.inputs import find_inputs, in_shard, is_neutral_path
from au_detect.batch.lock import locked_folder
from au_detect.batch.outputs import Outputs
from au_detect.batch.people import Person, with_people
from au_detect.batch.run import BatchRun
from au_detect.batch.summaries import InputSummary, summary_frame
from au_detect.batch.workers import BACKENDS, DetectorOptions, score_in_parallel, score_input
from au_detect.errors import InputError, check_option, check_positive
from au_detect.facs import au_label
from au_detect.frames.files import printable
from au_detect.landmarks.models import NAMES
from au_detect.results.checks import json_copy
from au_detect.scoring.faces import DECISION

if TYPE_CHECKING:
    import pandas as pd

    from au_detect.detect import AUDetector

Progress = Callable[[Iterable[InputSummary], int], Iterable[InputSummary]]
"""``progress(summaries, n_inputs)`` returns the summaries, for example in a progress bar."""


def score_sequences(
    sources: Any,
    out: str | os.PathLike[str],
    *,
    neutral: Any = "auto",
    format: str = "csv",
    n_jobs: int = 1,
    backend: str = "loky",
    scheduler: str | None = None,
    shard: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    timeout_s: float | None = None,
    model: str | os.PathLike[str] | None = None,
    landmark_model: str | os.PathLike[str] | None = None,
    max_faces: int = 1,
    smallest_face_px: float | None = None,
    experimental: bool = False,
    thresholds: Mapping[int, float] | None = None,
    mirrored: bool = False,
    focal_px: float | None = None,
    independent: bool = False,
    smooth: str = "around",
    fps: float | None = None,
    landmark_columns: bool = False,
    columns: str = "standard",
    decimal: str = "point",
    events: str | None = None,
    min_duration_s: float = 0.0,
    emotions: bool = False,
    emotion_rules: str | os.PathLike[str] | None = None,
    video: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Detect the AUs of many inputs; write a result file for each, and a summary of all.

    An input that fails has its reason in the summary, and the rest goes on. Every file appears
    whole or not at all. Who interrupts it (``KeyboardInterrupt``) keeps what is done.

    Parameters
    ----------
    sources : path, or iterable of paths
        A folder tree, a glob pattern, a list file, or several; see
        `au_detect.batch.inputs.find_inputs`.
    out : path
        The output folder; see `au_detect.batch.records` for the files in it.
    neutral : "auto", "person", "first", "median", int, None, path or Person
        As in `AUDetector.run`, also a list's own; "person": see `au_detect.batch.people`.
    format : {"csv", "parquet", "json"}
        Of the result files. The summary is CSV.
    n_jobs : int
        Processes; with 1, everything runs in this one. -1 is one for each core. With Dask the
        cluster decides.
    backend : {"loky", "dask"}
        Processes on this machine, or a Dask cluster. Its workers need the package, and the
        inputs and `out` under the same absolute paths; one thread each is enough, since a
        worker scores one input at a time.
    scheduler : str, optional
        Address of the Dask scheduler, for example ``tcp://10.0.0.1:8786``.
    shard : str, optional
        ``"3/10"`` scores the third tenth only; the tenths may run anywhere at the same time
        and share `out`. Each has a summary of its own (``summary_3_of_10.csv``); a run with
        `resume` and without `shard` then makes that of all.
    resume : bool
        Skip inputs whose result is there and whole, made with the same options, model and
        version from an input of the same size and time of change. Failed ones are tried again.
    overwrite : bool
        Whether results of other inputs, of the same names, may be replaced.
    timeout_s : float, optional
        An input that takes longer has failed. What hangs is ended a little later, except on a
        Dask cluster.
    model, landmark_model, max_faces, smallest_face_px, experimental, thresholds, mirrored, focal_px
        As in `AUDetector`.
    independent, smooth, fps
        As in `AUDetector.run`.
    landmark_columns : bool
        Whether to write the landmarks too (csv, parquet).
    columns : str
        Of the tables (csv, parquet), see `AUResult.to_dataframe`.
    decimal, events, min_duration_s, emotions, emotion_rules, video
        What is written beside and how; see `au_detect.batch.outputs.Outputs`.
    progress : callable, optional
        ``progress(summaries, n_inputs)`` returns the summaries, for example in a progress bar.

    Returns
    -------
    DataFrame
        The summary, a row per input: ``input, result, frames, frames_with_face, faces, neutral``,
        for every AU ``AU01_share ...`` (of the frames with a face, in [0, 1]), ``AU01_mean ...``
        and ``AU01_peak ...`` (probability), ``AU01_intensity ...`` (highest, 0 to 5, if the model
        can say it), ``AU01_events ...``, then ``seconds, error``.

    Raises
    ------
    InputError
        If an argument is not as above, no input is found, another batch is running in `out`, or
        `out` has results of other inputs that would be replaced.
    ModelFileError
        If the model is damaged.
    AUDetectError
        If Dask or pyarrow is asked for and not installed, or the cluster cannot be reached.
    OSError
        If `out` cannot be written; also if the disk is full, which ends the batch.
    """
    place = os.path.abspath if backend == "dask" else os.fspath
    _check_options(neutral, n_jobs, backend, scheduler)
    rules = None if emotion_rules is None else place(emotion_rules)
    outputs = Outputs(
        format, columns, decimal, landmark_columns, events, min_duration_s,
        emotions or rules is not None, rules, video,
    )  # fmt: skip
    outputs.check(independent=independent)
    if fps is not None:
        check_positive("fps", fps)
        fps = float(fps)
    if timeout_s is not None:
        check_positive("timeout_s", timeout_s)
    options = DetectorOptions(
        None if model is None else place(model),
        landmark_model if landmark_model in (None, *NAMES) else place(landmark_model),
        max_faces, smallest_face_px, experimental, tuple(sorted((thresholds or {}).items())),
        mirrored, focal_px,
    )  # fmt: skip
    detector = options.detector()
    recipe = _recipe(
        detector, options, independent=independent, smooth=smooth, fps=fps, **outputs.as_recipe()
    )
    inputs = [
        replace(item, source=place(item.source), neutral=_placed(item.neutral, place))
        for item in with_people(find_inputs(sources, neutral=neutral))
        if in_shard(item, shard) and not _is_below(item.source, os.path.join(out, "annotated"))
    ]
    about = {"networks": _networks(detector), "shard": shard, "backend": backend, "n_jobs": n_jobs}
    run = BatchRun(place(out), inputs, recipe, shard, about)
    score = partial(
        score_input,
        out=run.out, options=options, recipe=recipe, outputs=outputs, timeout_s=timeout_s,
    )  # fmt: skip
    with locked_folder(run.out, shard):
        if resume:
            run.take_over()
        run.check_files(sources, overwrite=overwrite)
        scored = score_in_parallel(
            run.waiting(), score,
            n_jobs=n_jobs, backend=backend, scheduler=scheduler, timeout_s=timeout_s,
        )  # fmt: skip
        with run, closing(run.noted(scored)) as rows:
            for _ in progress(rows, len(run.waiting())) if progress else rows:
                pass
    return summary_frame(run.rows())


def _recipe(detector: AUDetector, options: DetectorOptions, **more: Any) -> dict[str, Any]:
    """Return what results depend on besides the input and its neutral, as JSON holds it."""
    return json_copy(
        {
            "detector": detector.settings(),
            "landmark_model_sha256": detector.tracker.landmark_model.sha256(),
            "thresholds": {au_label(au): value for au, value in options.thresholds},
            **more,
        }
    )


def _networks(detector: AUDetector) -> dict[str, Any]:
    """Return the thresholds of every network, those of the caller put in."""
    return {
        entry.name: {au_label(au): detector.thresholds.get(au, DECISION) for au in entry.aus}
        for entry in detector.model.manifest.networks
    }


def _check_options(neutral: Any, n_jobs: int, backend: str, scheduler: str | None) -> None:
    check_option("backend", backend, BACKENDS)
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0:
        raise InputError(f"n_jobs must be a whole number, -1 for all cores, got {n_jobs!r}")
    if (backend == "dask") != (scheduler is not None):
        raise InputError(
            "scheduler must be given with the Dask backend and only with it, "
            f"got {scheduler!r} with {backend!r}"
        )
    known = neutral is None or isinstance(neutral, (str, os.PathLike, int, Person))
    if not known or isinstance(neutral, bool):
        raise InputError(
            'neutral of a batch must be "auto", "first", "median", a frame number, a path or '
            f"None, got {type(neutral).__name__}"
        )
    if is_neutral_path(neutral) and not os.path.exists(neutral):
        raise InputError(f"neutral {printable(neutral)} does not exist")


def _is_below(path: str, folder: str) -> bool:
    """Return whether a path is below a folder: annotated copies are no inputs of a next batch."""
    return Path(os.path.abspath(path)).is_relative_to(os.path.abspath(folder))


def _placed(neutral: Any, place: Callable[[Any], str]) -> Any:
    if isinstance(neutral, Person):
        return neutral.placed(place)
    return place(neutral) if is_neutral_path(neutral) else neutral
