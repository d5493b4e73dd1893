"""Probabilities that follow a face through time, and decisions that do not flicker.

Log-odds above the threshold are averaged over neighbouring frames, near ones and similar ones
more: noise goes, while onsets and offsets, which move fast, stay where they are. An AU that is on
stays on until it is clearly below its threshold (hysteresis). With frames before and after
(``"around"``) it is also on in the frames that lead up to it, gaps of a moment are filled, and
what flashes up is dropped. Frames that are on only so get the threshold as their probability, and
dropped ones just less: a decision still is probability >= threshold.

Closed eyes (AU43) are left as they are: blinks are as short as noise. What is not seen (NaN) stays
so, and steadies nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.intensity import log_odds
from au_detect.facs import EYES_CLOSED
from au_detect.results.blinks import with_blinks
from au_detect.results.events import unbroken_stretches
from au_detect.results.result import AUResult
from au_detect.results.rounding import PROBABILITY_DECIMALS

HOW = ("around", "past", "none")
"""Frames before and after are used, frames before only, or no others."""

# Chosen on simulated clips (25 frames/s). Frame by frame, 0.62 of the frames and 0.022 false
# alarms; so 0.64 at 0.022, and of the events that are found 0.59 are right, not 0.39.
TIME_CONSTANT_S = 0.08
REACH_S = 3 * TIME_CONSTANT_S
ALIKE_LOG_ODDS = 1.5
HELD_LOG_ODDS = -0.3
SHORTEST_S, LONGEST_GAP_S = 0.05, 0.08
ROUNDING_S = 2e-3
"""Videos give time stamps in whole milliseconds."""
LEAST_ODDS = 1e-6
STEP = 10.0**-PROBABILITY_DECIMALS

Array = NDArray[np.float32]


def smoothing_settings(how: str) -> dict[str, Any]:
    """Return what the settings of a result say of it."""
    if how == "none":
        return {"smooth": how}
    said = {
        "smooth": how,
        "smoothing_time_constant_s": TIME_CONSTANT_S,
        "on_until_log_odds_below_threshold": -HELD_LOG_ODDS,
    }
    around = {"shortest_event_s": SHORTEST_S, "longest_filled_gap_s": LONGEST_GAP_S}
    return said | (around if how == "around" else {})


def with_smoothing(result: AUResult, how: str) -> AUResult:
    """Return a result of a finished sequence with smoothed probabilities and steady decisions.

    Parameters
    ----------
    result : AUResult
    how : {"around", "past", "none"}
        See `HOW`. ``"past"`` gives what `RunningSmoothing` gives, row by row.
    """
    if how == "none":
        return result
    probabilities = result.probabilities.copy()
    columns = smoothed_columns(result.aus)
    limits = result.thresholds[columns]
    for rows in unbroken_stretches(result, result.face_found):
        raw, time_s = probabilities[np.ix_(rows, columns)], result.timestamp_s[rows]
        if how == "past":
            running = _Past(limits)
            steady = np.stack([running.add(*row) for row in zip(raw, time_s, strict=True)])
        elif len(rows) > 1:
            mean = _mean_around(_over(raw, limits), time_s)
            steady = _as_decided(mean, limits, _decided(mean, time_s))
        else:
            steady = raw
        probabilities[np.ix_(rows, columns)] = steady
    return replace(result, probabilities=probabilities)


def in_time(result: AUResult, how: str) -> AUResult:
    """Return a result of a finished sequence with what its course in time adds: blinks too."""
    settings = {**result.settings, **smoothing_settings(how)}
    return with_blinks(with_smoothing(replace(result, settings=settings), how))


class RunningSmoothing:
    """Smooths the results of a stream, frame by frame, by the frames before."""

    def __init__(self) -> None:
        self._faces: dict[int, tuple[int, _Past]] = {}

    def add(self, result: AUResult) -> AUResult:
        """Return the smoothed result of the next frame, which has a row for each face."""
        columns = smoothed_columns(result.aus)
        limits = result.thresholds[columns]
        frame = int(result.frame[0])
        probabilities = result.probabilities.copy()
        for row in np.flatnonzero(result.face_found).tolist():
            face_id = int(result.face_id[row])
            last, past = self._faces.get(face_id, (-1, _Past(limits)))
            if frame > last + 1:
                past = _Past(limits)
            time_s = float(result.timestamp_s[row])
            probabilities[row, columns] = past.add(probabilities[row, columns], time_s)
            self._faces[face_id] = (frame, past)
        return replace(result, probabilities=probabilities)


def smoothed_columns(aus: tuple[int, ...]) -> NDArray[np.intp]:
    """Return the places of all AUs but closed eyes."""
    return np.flatnonzero(np.array(aus) != EYES_CLOSED)


class _Past:
    """The last frames of one stretch."""

    def __init__(self, limits: NDArray[np.float64]) -> None:
        self._limits = limits
        self._rows: deque[tuple[float, Array]] = deque()
        self._on = np.zeros(len(limits), dtype=bool)
        self._known = np.zeros(len(limits), dtype=bool)

    def add(self, probabilities: Array, time_s: float) -> Array:
        """Return the smoothed probabilities of the next frame.

        The first stay as they are, and so do the first after what was not seen.
        """
        over = _over(probabilities, self._limits)
        hidden, is_first = np.isnan(over), ~self._known
        self._known = ~hidden
        for _, other in self._rows:
            other[hidden] = np.nan
        self._rows.append((time_s, over))
        while time_s - self._rows[0][0] > REACH_S:
            self._rows.popleft()
        total, weights = np.zeros_like(over), np.zeros_like(over)
        for then_s, other in self._rows:
            weight = np.nan_to_num(_weight(time_s - then_s, other - over))
            total += weight * np.nan_to_num(other)
            weights += weight
        mean = np.divide(total, weights, out=over.copy(), where=~hidden)
        self._on = (mean >= 0) | (self._on & (mean >= HELD_LOG_ODDS))
        steady = _as_decided(mean, self._limits, self._on)
        return np.where(is_first, probabilities, steady)


def _over(probabilities: Array, limits: NDArray[np.float64]) -> Array:
    """Return log-odds less those of the thresholds."""
    over = log_odds(probabilities, LEAST_ODDS) - log_odds(limits, LEAST_ODDS)
    return np.asarray(over, dtype=np.float32)


def _weight(apart_s: NDArray[np.floating] | float, apart: Array) -> Array:
    near = np.exp(-np.abs(apart_s) / TIME_CONSTANT_S) * (np.abs(apart_s) <= REACH_S)
    alike = np.exp(-0.5 * (apart / ALIKE_LOG_ODDS) ** 2)
    return np.asarray(near * alike, dtype=np.float32)


def _mean_around(over: Array, time_s: NDArray[np.float64]) -> Array:
    total, weights, known = over.copy(), np.ones_like(over), np.nan_to_num(over)
    for step in range(1, len(over)):
        apart_s = time_s[step:] - time_s[:-step]
        if apart_s.min() > REACH_S:
            break
        early, late = over[:-step], over[step:]
        weight = np.nan_to_num(_weight(apart_s[:, None], late - early))
        total[step:] += weight * known[:-step]
        weights[step:] += weight
        total[:-step] += weight * known[step:]
        weights[:-step] += weight
    return np.asarray(total / weights)


def _decided(mean: Array, time_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return when each AU is on: hysteresis, gaps filled, flashes dropped."""
    on = np.zeros(mean.shape, dtype=bool)
    for column in range(mean.shape[1]):
        mine = mean[:, column]
        runs = [run for run in _runs(mine >= HELD_LOG_ODDS) if (mine[slice(*run)] >= 0).any()]
        for start, stop in _joined(runs, time_s):
            on[start:stop, column] = True
    return on


def _joined(runs: list[tuple[int, int]], time_s: NDArray[np.float64]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, stop in runs:
        if joined and time_s[start] - time_s[joined[-1][1] - 1] <= LONGEST_GAP_S + ROUNDING_S:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    whole = (0, len(time_s))  # what the ends of the sequence cut off may have lasted
    return [
        (start, stop)
        for start, stop in joined
        if start == whole[0]
        or stop == whole[1]
        or time_s[stop] - time_s[start] >= SHORTEST_S - ROUNDING_S
    ]


def _runs(on: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(int)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _as_decided(mean: Array, limits: NDArray[np.float64], on: NDArray[np.bool_]) -> Array:
    """Return probabilities that are at least the thresholds exactly where `on` is."""
    least = np.ceil(np.round(limits / STEP, 3)) * STEP  # 0.2 / 1e-6 is a little over 200000
    probabilities = 1 / (1 + np.exp(-(mean + log_odds(limits, LEAST_ODDS))))
    steady = np.where(on, np.maximum(probabilities, least), np.minimum(probabilities, least - STEP))
    return np.asarray(steady, dtype=np.float32)
