"""What runs in the worker processes of a batch, and how the work reaches them.

A worker loads the landmark file and the networks once and scores one input at a time.
"""

from __future__ import annotations

import errno
import os
import re
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joblib import Parallel, delayed, effective_n_jobs, parallel_config

from au_detect.batch.inputs import BatchInput
from au_detect.batch.outputs import Outputs
from au_detect.batch.people import Person, neutral_of_person
from au_detect.batch.records import discard, file_state, store
from au_detect.batch.summaries import InputSummary
from au_detect.batch.watching import begin_worker, deadline, one_at_a_time, too_long, until_timeout
from au_detect.detect import AUDetector
from au_detect.errors import AUDetectError, InputError
from au_detect.frames.files import printable

BACKENDS = ("loky", "dask")
CONNECT_TIMEOUT_S = 10

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_DEAD = "the process that scored it died: out of memory, killed, or a decoder crashed"


@dataclass(frozen=True)
class DetectorOptions:
    """The arguments of an `AUDetector`, to be made anew in another process."""

    model: str | None
    landmark_model: str | None
    max_faces: int
    smallest_face_px: float | None
    experimental: bool
    thresholds: tuple[tuple[int, float], ...]
    mirrored: bool
    focal_px: float | None = None

    def detector(self) -> AUDetector:
        """Return the detector."""
        return AUDetector(
            self.model,
            landmark_model=self.landmark_model,
            max_faces=self.max_faces,
            smallest_face_px=self.smallest_face_px,
            experimental=self.experimental,
            thresholds=dict(self.thresholds),
            mirrored=self.mirrored,
            focal_px=self.focal_px,
        )


@lru_cache(maxsize=1)
def _detector(options: DetectorOptions, settings: tuple[tuple[str, Any], ...]) -> AUDetector:
    """Return this process's detector, or raise unless it is what the batch was begun with."""
    detector = options.detector()
    own = detector.settings()
    for name, expected in settings:
        if own[name] != expected:
            raise AUDetectError(
                f"a worker must have the {name} that the batch was begun with, {expected!r}, "
                f"got {own[name]!r}"
            )
    return detector


def score_input(
    item: BatchInput,
    out: str,
    options: DetectorOptions,
    recipe: Mapping[str, Any],
    outputs: Outputs,
    timeout_s: float | None = None,
) -> InputSummary:
    """Score one input and write its files; what goes wrong with it becomes its `error`.

    After `timeout_s` no more frames are read. A process of the pool that still hangs a little
    later, in a decoder for example, ends itself.

    Raises
    ------
    OSError
        If the disk is full or read-only: no other input would fare better.
    """
    started_s, name = time.perf_counter(), printable(item.source)
    try:
        with one_at_a_time:
            detector = _detector(options, tuple(recipe["detector"].items()))
            state = file_state(item.source)
            own = item.neutral
            neutral = neutral_of_person(detector, own) if isinstance(own, Person) else own
            with deadline(timeout_s):
                result = detector.run(
                    item.source,
                    neutral=neutral,
                    independent=recipe["independent"],
                    smooth=recipe["smooth"],
                    fps=recipe["fps"],
                    progress=None if timeout_s is None else until_timeout(timeout_s, name),
                )
            return store(result, item, out, recipe, state, started_s, outputs)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise
        discard(item, out, recipe["format"])
        return _failed(item, _in_a_line(error), time.perf_counter() - started_s)


def _failed(item: BatchInput, error: str, seconds: float = 0.0) -> InputSummary:
    return InputSummary(input=printable(item.source), seconds=round(seconds, 3), error=error)


def _in_a_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{printable(error.filename)}: {error.strerror}"
    text = " ".join(str(error).split())
    if isinstance(error, AUDetectError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


Scoring = Callable[[BatchInput], InputSummary]


def score_in_parallel(
    items: Sequence[BatchInput],
    score: Scoring,
    *,
    n_jobs: int,
    backend: str,
    scheduler: str | None,
    timeout_s: float | None = None,
) -> Generator[tuple[BatchInput, InputSummary]]:
    """Yield every input and its row, as they are done.

    When a worker dies, the inputs that were in flight are scored again, one by one: those that
    kill their worker again are recorded as failed, and the rest goes on. With `timeout_s`, `score`
    runs in other processes in any case: this one cannot end what hangs.

    Raises
    ------
    AUDetectError
        If Dask is not installed or the cluster cannot be reached.
    OSError
        If the disk is full.
    """
    with _dask_cluster(scheduler) if backend == "dask" else nullcontext():
        n_jobs = -1 if backend == "dask" else min(n_jobs, len(items)) if n_jobs > 0 else n_jobs
        waiting = deque(items)
        while waiting:
            in_flight: dict[str, BatchInput] = {}
            try:
                alone = timeout_s is not None and effective_n_jobs(n_jobs) == 1
                with closing(_scored(waiting, in_flight, score, n_jobs, in_other=alone)) as scored:
                    for item, summary in scored:
                        del in_flight[item.name]
                        yield item, summary
            except Exception as error:
                if not _is_dead_worker(error):
                    raise
            for item in in_flight.values():
                yield item, _scored_alone(item, score, timeout_s)


def _scored(
    waiting: deque[BatchInput],
    in_flight: dict[str, BatchInput],
    score: Scoring,
    n_jobs: int,
    *,
    in_other: bool = False,
) -> Generator[tuple[BatchInput, InputSummary]]:
    """Take inputs from `waiting` to `in_flight` when a worker is free; yield what is done.

    With `in_other`, one is scored at a time, but not in this process, as joblib does with one job.
    """

    def tasks() -> Iterator[Any]:
        while waiting:
            item = waiting.popleft()
            in_flight[item.name] = item
            yield delayed(_item_and_row)(item, score)

    parallel = Parallel(
        2 if in_other else n_jobs,
        pre_dispatch=1 if in_other else "2 * n_jobs",
        return_as="generator_unordered",
        batch_size=1,
        initializer=begin_worker,
        initargs=(os.getpid(),),
    )
    done = parallel(tasks())
    try:
        for item_and_row in done:  # noqa: UP028 ("yield from" would close it itself, and warn)
            yield item_and_row
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the inputs in flight are dropped is meant
            done.close()


def _item_and_row(item: BatchInput, score: Scoring) -> tuple[BatchInput, InputSummary]:
    return item, score(item)


def _scored_alone(item: BatchInput, score: Scoring, timeout_s: float | None) -> InputSummary:
    """Score an input in a process where it can do no harm."""
    in_flight: dict[str, BatchInput] = {}
    began_s = time.monotonic()
    try:
        with closing(_scored(deque([item]), in_flight, score, 1, in_other=True)) as scored:
            return next(scored)[1]
    except Exception as error:
        if not _is_dead_worker(error):
            raise
    seconds = time.monotonic() - began_s
    name = printable(item.source)
    if timeout_s is not None and seconds > timeout_s:
        return _failed(item, too_long(timeout_s, name), seconds)
    return _failed(item, f"{name}: {_DEAD}", seconds)


def _is_dead_worker(error: Exception) -> bool:
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


@contextmanager
def _dask_cluster(scheduler: str | None) -> Iterator[None]:
    try:
        from distributed import Client
    except ImportError as error:
        raise AUDetectError("a Dask cluster needs: pip install 'au-detect[dask]'") from error
    if not re.fullmatch(r"(\w+://)?\S+:\d+", scheduler or ""):
        raise InputError(f'scheduler must be like "tcp://10.0.0.1:8786", got {scheduler!r}')
    try:
        client = Client(scheduler, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise AUDetectError(f"scheduler must be reachable: {_in_a_line(error)}") from error
    with client, parallel_config(backend="dask", client=client):
        yield
