"""Parts of a simulation on several processes, in order and with a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed

Part = TypeVar("Part")

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
"""``progress(parts, n_parts)`` returns the parts, for example in a progress bar."""


def in_parallel(
    function: Callable[..., Part],
    calls: Sequence[tuple[Any, ...]],
    *,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> Iterable[Part]:
    """Return what `function` makes of the arguments of each call, as it comes, in order.

    Parameters
    ----------
    function : callable
        Of a module's top level, so that other processes find it.
    calls : sequence of tuples
        The arguments of each call.
    n_jobs : int
        Processes.
    progress : callable, optional
    """
    jobs = (delayed(function)(*arguments) for arguments in calls)
    parts = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    return progress(parts, len(calls)) if progress else parts
