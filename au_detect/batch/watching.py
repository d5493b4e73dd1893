"""A worker process of a batch watches over itself: time limits, and whether the batch is alive."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import cv2

from au_detect.detect import Progress
from au_detect.errors import InputError
from au_detect.frames import Frame

WATCH_EVERY_S = 0.5
GRACE_S = 10.0
"""How long an input may take after its time limit: to read one more frame, and to be scored."""
HUNG = 124
"""Exit code of a process that took too long."""

one_at_a_time = threading.Lock()
"""Held while an input is scored: a Dask worker may have several threads, an orphan must finish."""

_busy_until_s = math.inf


def begin_worker(parent: int) -> None:
    """Set up a process of the pool: `parent` handles signals, and cores are shared by inputs."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    cv2.setNumThreads(1)
    if os.name == "nt":  # a virtual environment's launcher stands between the two
        parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    """End this process if it hangs, or after its input when the batch was killed.

    Nobody would give it more then. The batch may have been killed before this process ran.
    """
    while os.getppid() == parent:
        time.sleep(WATCH_EVERY_S)
        _end_if_hung()
    while not one_at_a_time.acquire(timeout=WATCH_EVERY_S):
        _end_if_hung()
    os._exit(0)


def _end_if_hung() -> None:
    if time.monotonic() > _busy_until_s:
        os._exit(HUNG)


@contextmanager
def deadline(timeout_s: float | None) -> Iterator[None]:
    """Let the process be ended if the block takes `GRACE_S` longer than `timeout_s`."""
    global _busy_until_s
    _busy_until_s = math.inf if timeout_s is None else time.monotonic() + timeout_s + GRACE_S
    try:
        yield
    finally:
        _busy_until_s = math.inf


def until_timeout(timeout_s: float, name: str) -> Progress:
    """Return what ends the reading of an input that takes too long, counted from now."""
    end_s = time.monotonic() + timeout_s

    def frames_in_time(frames: Iterable[Frame], _n_frames: int | None) -> Iterator[Frame]:
        for frame in frames:
            if time.monotonic() > end_s:
                raise InputError(f"{too_long(timeout_s, name)}, stopped at frame {frame.index}")
            yield frame

    return frames_in_time


def too_long(timeout_s: float, name: str) -> str:
    """Return what is wrong with an input that takes longer."""
    return f"{name} must be scored within {timeout_s:g} s, but takes longer"
