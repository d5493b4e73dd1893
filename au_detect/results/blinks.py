"""AU45, the blink: a short AU43 (eyes closed) with open eyes before and after."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import BLINK, EYES_CLOSED
from au_detect.results.result import AUResult

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


def with_blinks(result: AUResult) -> AUResult:
    """Return a result with AU45, which follows from the time course of AU43; if that is there."""
    if EYES_CLOSED not in result.aus or BLINK in result.aus:
        return result
    column = result.aus.index(EYES_CLOSED)
    threshold = float(result.thresholds[column])
    blink = result.probabilities[:, column].copy()
    for face_id in result.face_ids:
        mine = result.face_found & (result.face_id == face_id)
        blink[mine] = blink_probabilities(blink[mine], threshold, result.timestamp_s[mine])
    place, no_blink = int(np.searchsorted(result.aus, BLINK)), blink == 0.0
    left, right = (np.where(no_blink, 0, half[:, column]) for half in (result.left, result.right))
    scale = result.intensity_scale
    return replace(
        result,
        aus=(*result.aus[:place], BLINK, *result.aus[place:]),
        probabilities=np.insert(result.probabilities, place, blink, axis=1),
        left=np.insert(result.left, place, left, axis=1),
        right=np.insert(result.right, place, right, axis=1),
        thresholds=np.insert(result.thresholds, place, threshold),
        intensity_scale=None if scale is None else np.insert(scale, place, scale[column], axis=0),
    )
