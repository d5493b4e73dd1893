"""AU45, the blink, told from AU43, eyes closed: by how long the eyes stay shut.

A closure of at most half a second, seen from open eyes to open eyes, is AU45 and not AU43; every
other one is AU43 and not AU45.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import BLINK, EYES_CLOSED
from au_detect.results.events import unbroken_stretches
from au_detect.results.result import AUResult
from au_detect.results.rounding import PROBABILITY_DECIMALS, rounded

LONGEST_BLINK_S = 0.5
"""FACS scores eyes that stay closed for longer than half a second as AU43."""
ROUNDING_S = 1e-3
"""Videos give time stamps in whole milliseconds."""


def blink_probabilities(
    closed: NDArray[np.floating], threshold: float, timestamp_s: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return the probability that each frame belongs to a blink.

    Parameters
    ----------
    closed : ndarray, shape (n_frames,)
        Probability of AU43 of one face, frame by frame; NaN where there is no face.
    threshold : float
        From which probability the eyes count as closed.
    timestamp_s : ndarray, shape (n_frames,)
        Seconds.

    Returns
    -------
    ndarray of float32, shape (n_frames,)
        `closed`, but 0 where the eyes stay closed for longer than half a second, or where the
        sequence does not show them open before and after.
    """
    blink = np.array(closed, dtype=np.float32)
    shut = np.nan_to_num(blink) >= threshold
    edges = np.flatnonzero(np.diff(np.concatenate([[False], shut, [False]]).astype(int)))
    for start, stop in edges.reshape(-1, 2):
        seen_whole = start > 0 and stop < len(blink) and np.isfinite(blink[[start - 1, stop]]).all()
        last = min(stop, len(blink) - 1)
        closed_s = timestamp_s[last] - timestamp_s[start]
        if not seen_whole or closed_s > LONGEST_BLINK_S + ROUNDING_S:
            blink[start:stop] = 0.0
    return blink


class RunningBlinks:
    """Counts the blinks of one live face: a closure is one when the eyes open again in time."""

    def __init__(self) -> None:
        self.n_blinks = 0
        self._open_before = False
        self._shut_since_s: float | None = None

    def add(self, result: AUResult) -> bool:
        """Take in the next frame; return whether a blink has ended with it."""
        if EYES_CLOSED not in result.aus or not result.upper_reliable[0]:
            self._open_before, self._shut_since_s = False, None
            return False
        time_s = float(result.timestamp_s[0])
        if result.active[0, result.aus.index(EYES_CLOSED)]:
            if self._shut_since_s is None and self._open_before:
                self._shut_since_s = time_s
            self._open_before = False
            return False
        since_s, self._shut_since_s, self._open_before = self._shut_since_s, None, True
        is_blink = since_s is not None and time_s - since_s <= LONGEST_BLINK_S + ROUNDING_S
        self.n_blinks += is_blink
        return is_blink


def with_blinks(result: AUResult) -> AUResult:
    """Return a result that tells blinks (AU45) from closed eyes (AU43), if it has AU43."""
    if EYES_CLOSED not in result.aus or BLINK in result.aus:
        return result
    column = result.aus.index(EYES_CLOSED)
    threshold = float(result.thresholds[column])
    closed = result.probabilities[:, column]
    blink = closed.copy()
    for rows in unbroken_stretches(result, result.face_found):
        blink[rows] = blink_probabilities(blink[rows], threshold, result.timestamp_s[rows])
    probabilities = result.probabilities.copy()
    is_blink = rounded(blink, PROBABILITY_DECIMALS) >= threshold
    probabilities[is_blink, column] = 0.0
    closed_halves = [half.copy() for half in (result.left, result.right)]
    for half in closed_halves:
        half[is_blink, column] = 0.0
    place, no_blink = int(np.searchsorted(result.aus, BLINK)), blink == 0.0
    left, right = (np.where(no_blink, 0, half[:, column]) for half in (result.left, result.right))
    scale = result.intensity_scale
    return replace(
        result,
        aus=(*result.aus[:place], BLINK, *result.aus[place:]),
        probabilities=np.insert(probabilities, place, blink, axis=1),
        left=np.insert(closed_halves[0], place, left, axis=1),
        right=np.insert(closed_halves[1], place, right, axis=1),
        thresholds=np.insert(result.thresholds, place, threshold),
        intensity_scale=None if scale is None else np.insert(scale, place, scale[column], axis=0),
    )
