"""Cameras for ``au-detect run``: they end by themselves, by Ctrl-C or after a time."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from au_detect.errors import InputError, check_positive

if TYPE_CHECKING:
    from au_detect.batch.given import Given
    from au_detect.detect import Progress


def add_camera_options(run: argparse.ArgumentParser) -> None:
    """Add what a camera needs."""
    run.add_argument_group("cameras").add_argument(
        "--duration", dest="duration_s", type=float, metavar="SECONDS",
        help="how long camera:0 is watched (default: until Ctrl-C); `au-detect live` shows it",
    )  # fmt: skip


@contextmanager
def camera_frames(
    given: Given, options: argparse.Namespace, progress: Progress
) -> Iterator[Progress]:
    """Give what shows the progress of an input; that of a camera ends with Ctrl-C or in time.

    A second Ctrl-C stops the command at once.

    Raises
    ------
    InputError
        If an annotated copy of a camera is wanted, or the duration is not positive.
    """
    if given.camera is None:
        yield progress
        return
    if options.video:
        raise InputError(f"--video must be of a file, which is read twice, got {given.source}")
    if options.duration_s is not None:
        check_positive("--duration", options.duration_s)
    stop = threading.Event()

    def ask_to_stop(*_: Any) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    def until_stopped(frames: Any, n_frames: int | None) -> Iterable[Any]:
        for frame in progress(frames, n_frames):
            yield frame
            is_over = options.duration_s is not None and frame.timestamp_s >= options.duration_s
            if stop.is_set() or is_over:
                frames.close()
                return

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield until_stopped
    finally:
        signal.signal(signal.SIGINT, before)
