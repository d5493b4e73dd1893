"""How long something takes on the processor, told by what this machine does meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable


def paced_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of ``work`` in seconds of a quiet machine of 2026.

    A fixed loop of .1 s there is timed before and after: a busy machine slows both. The best of
    three, so that one hiccup does not count.
    """
    return min(_paced(work) for _ in range(3))


def _paced(work: Callable[[], object]) -> float:
    before_s = _spent(_loop)
    work_s = _spent(work)
    return 0.2 * work_s / (before_s + _spent(_loop))


def _spent(work: Callable[[], object]) -> float:
    start_s = time.process_time()
    work()
    return time.process_time() - start_s


def _loop() -> int:
    counts: dict[str, int] = {}
    for number in range(300_000):
        word = str(number % 1000)
        counts[word] = counts.get(word, 0) + 1
    return len(counts)
