"""Finding events: when an action unit (AU) comes on, peaks and goes off again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.facs import ACTION_UNITS
from au_detect.results.event import AUEvent
from au_detect.results.result import AUResult
from au_detect.results.rounding import PROBABILITY_DECIMALS, TIME_DECIMALS, rounded


def find_events(
    result: AUResult, *, min_duration_s: float = 0.0, max_gap: int = 0
) -> list[AUEvent]:
    """Return the events of every face and AU, ordered by face, onset and AU.

    Parameters
    ----------
    result : AUResult
        Decisions and probabilities of one input.
    min_duration_s : float
        Leave out events shorter than this (onset to offset, in seconds).
    max_gap : int
        Join two events of an AU that are at most this many frames apart. A frame without the
        face, or its half, ends an event whatever `max_gap` is.

    Raises
    ------
    InputError
        If `min_duration_s` or `max_gap` is negative.
    """
    if not min_duration_s >= 0:
        raise InputError(f"min_duration_s must be 0 or more, got {min_duration_s}")
    if max_gap < 0:
        raise InputError(f"max_gap must be 0 or more frames, got {max_gap}")
    active, values = result.active, _apex_values(result)
    events: list[AUEvent] = []
    for half, seen in (("upper", result.upper_reliable), ("lower", result.lower_reliable)):
        mine = [c for c, au in enumerate(result.aus) if ACTION_UNITS[au].face == half]
        for rows in unbroken_stretches(result, seen):
            for column in mine:
                events += [
                    _event(result, column, run, values)
                    for run in _runs(rows[active[rows, column]], rows, max_gap)
                ]
    # Time stamps are differences of floats: 0.1 s may come out as 0.0999999.
    long_enough = [event for event in events if round(event.duration_s, 6) >= min_duration_s]
    return sorted(long_enough, key=lambda event: (event.face_id, event.onset, event.au))


def unbroken_stretches(result: AUResult, seen: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Return the rows of each stretch of successive frames in which one face is `seen` (n_rows).

    Independent pictures do not follow each other.
    """
    stretches = []
    for face_id in result.face_ids:
        rows = np.flatnonzero((result.face_id == face_id) & seen)
        longest = 0 if result.is_independent else 1
        breaks = np.flatnonzero(np.diff(result.frame[rows]) > longest) + 1
        stretches += [stretch for stretch in np.split(rows, breaks) if len(stretch)]
    return stretches


def _runs(
    active_rows: NDArray[np.intp], rows: NDArray[np.intp], max_gap: int
) -> list[NDArray[np.intp]]:
    """Return the runs of `active_rows` within `rows`, gaps of up to `max_gap` frames filled."""
    if not len(active_rows):
        return []
    places = np.searchsorted(rows, active_rows)
    groups = np.split(places, np.flatnonzero(np.diff(places) > max_gap + 1) + 1)
    return [rows[group[0] : group[-1] + 1] for group in groups]


def _apex_values(result: AUResult) -> dict[str, NDArray[np.float64]]:
    """Return what an event says of its apex, each (n_rows, n_aus), as it is written."""
    values = {"peak_probability": result.probabilities, "side": result.side}
    if result.intensity_scale is not None:
        names = ("intensity", "intensity_left", "intensity_right")
        values |= {name: getattr(result, name) for name in names}
    return {name: rounded(array, PROBABILITY_DECIMALS) for name, array in values.items()}


def _event(
    result: AUResult,
    column: int,
    run: NDArray[np.intp],
    values: dict[str, NDArray[np.float64]],
) -> AUEvent:
    peak = int(values["peak_probability"][run, column].argmax())
    onset, apex, offset = run[0], run[peak], run[-1]
    onset_s, apex_s, offset_s = rounded(
        result.timestamp_s[[onset, apex, offset]], TIME_DECIMALS
    ).tolist()
    return AUEvent(
        au=result.aus[column],
        face_id=int(result.face_id[onset]),
        onset=int(result.frame[onset]),
        apex=int(result.frame[apex]),
        offset=int(result.frame[offset]),
        onset_s=onset_s,
        apex_s=apex_s,
        offset_s=offset_s,
        **{name: float(array[apex, column]) for name, array in values.items()},
    )
