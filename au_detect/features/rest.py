"""The face at rest: which frames of a sequence show it, and how far they can be trusted.

Rest is where networks that know no neutral see the least action, the head facing the camera: open
eyes and closed lips are part of that, because closed eyes and parted lips are actions. The median
of several such frames is the neutral face. How calm they are, how well they agree, over how many
seconds they are spread and how far the head is turned in them say together how good it is.

Where the person also rests with the head turned, or in other light, frames that are seen so are
compared with a face half way from the neutral one to the median of those at rest there. Half way,
because few frames are noisy, and what looks like rest may be an action that lasts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.features.conditions import CONDITIONS
from au_detect.features.measurement import FaceMeasurements
from au_detect.features.neutral import MEDIAN_FRAMES, NeutralFace, half_way, median_face
from au_detect.landmarks.points import REGIONS
from au_detect.landmarks.pose import estimate_pose

REST_SHARE = 0.05
"""This share of the frames is taken, the calmest ones."""
FEWEST_FRAMES, LARGEST_SHARE = 5, 0.2
"""As many are taken at least, unless they are more than this share of a short sequence."""
STEADY_S = 0.05
"""So long before and after it, a face at rest does not move either."""
ROUNDING_S = 1e-3
"""Videos give time stamps in whole milliseconds."""
TURNED = 1.0
"""A head turned further than the networks know counts as that much action."""
CALM, RESTLESS = 0.7, 3.5
"""Action in the frames taken that still is rest, and that is none. Simulated people at rest read
0.2 to 0.65, real ones up to 2 whose own face looks as if it raised its brows; a smile reads 7."""
AGREED_IOD, DISAGREED_IOD = 0.01, 0.05
"""How far the landmarks of the frames taken are from their median: noise, and different faces."""
ENOUGH_SECONDS = 3
"""Frames from as many different seconds are a face at rest, not a moment."""
LITTLE_QUALITY = 0.3
"""Below it, a neutral face is doubtful."""
AS_CALM = 0.5
"""Faces that are seen otherwise, turned or in other light, may show so much more action and be at
rest: of simulated people it keeps four in five at rest, and one in six who act all the time."""
APART_S = 1.0
"""The frames of a face that is seen otherwise lie at least so far apart, first and last."""
LARGEST_PROBABILITY = 0.999

FACE = slice(REGIONS["jaw"].stop, 68)


@dataclass(frozen=True)
class RestEvidence:
    """How good a neutral face is that was found in a sequence; each part is in [0, 1]."""

    calm: float
    agreement: float
    spread: float
    frontal: float

    @property
    def quality(self) -> float:
        """All of it in one number in [0, 1]; a short clip or a turned head only halves it."""
        whole = self.calm * self.agreement * (1 + self.spread) / 2 * (1 + self.frontal) / 2
        return round(whole, 3)

    @property
    def doubt(self) -> str:
        """What is wrong in words, empty if the quality is good enough."""
        if self.quality >= LITTLE_QUALITY:
            return ""
        reasons = {
            "the face moves in every frame": self.calm,
            "the calmest frames show different faces": self.agreement,
            "the face is calm for a moment only": self.spread,
            "the head is turned": self.frontal,
        }
        return f"no frame at rest was found: {min(reasons, key=lambda text: reasons[text])}"


def action(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return how much goes on in each face, from its probabilities (n, n_aus): sum of -log(1 - p).

    It is the surprise to find no action unit in it, 0 at perfect rest. NaN (not seen) adds nothing.
    """
    p = np.clip(np.asarray(probabilities, dtype=float), 0.0, LARGEST_PROBABILITY)
    return np.asarray(-np.nansum(np.log1p(-p), axis=1))


def steady_action(
    actions: NDArray[np.float64], timestamp_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean action within `STEADY_S` of each frame: rest lasts, passing through does not.

    Parameters
    ----------
    actions : ndarray, shape (n_frames,)
        See `action`.
    timestamp_s : ndarray, shape (n_frames,)
        Seconds, ascending.
    """
    first = np.searchsorted(timestamp_s, timestamp_s - STEADY_S - ROUNDING_S)
    stop = np.searchsorted(timestamp_s, timestamp_s + STEADY_S + ROUNDING_S, side="right")
    total = np.concatenate([[0.0], np.cumsum(actions)])
    return np.asarray((total[stop] - total[first]) / (stop - first))


def n_resting(n_frames: int) -> int:
    """Return how many of `n_frames` frames are taken for the neutral face."""
    few = min(FEWEST_FRAMES, int(np.ceil(LARGEST_SHARE * n_frames)))
    return min(max(int(np.ceil(REST_SHARE * n_frames)), few), MEDIAN_FRAMES)


def calmest(actions: NDArray[np.float64], reliable: NDArray[np.bool_], n: int) -> NDArray[np.intp]:
    """Return the places of the `n` calmest frames, in their order in time.

    Parameters
    ----------
    actions : ndarray, shape (n_frames,)
        See `action`.
    reliable : ndarray of bool, shape (n_frames,)
        Whether the head is turned no further than the networks know.
    n : int
    """
    order = np.argsort(actions + TURNED * ~reliable, kind="stable")
    return np.sort(order[:n])


def neutral_at_rest(
    face: FaceMeasurements, actions: NDArray[np.float64], reliable: NDArray[np.bool_]
) -> NeutralFace:
    """Return the median of frames at rest, with its quality.

    Parameters
    ----------
    face : FaceMeasurements
        The frames taken, one face.
    actions, reliable : ndarray, shape (n_frames,)
        As in `calmest`.
    """
    evidence = _evidence(face, actions, reliable)
    n = len(face)
    return replace(
        median_face(face),
        description=f"median of {n} calm frames" if n > 1 else f"frame {int(face.frame[0])}",
        frames=tuple(face.frame.tolist()),
        quality=evidence.quality,
        doubt=evidence.doubt,
    )


def rest_elsewhere(
    face: FaceMeasurements,
    actions: NDArray[np.float64],
    reliable: NDArray[np.bool_],
    conditions: NDArray[np.intp],
    neutral: NeutralFace,
    calm: float,
) -> dict[int, NeutralFace]:
    """Return the neutral faces of the conditions in which the person rests too, by condition.

    Parameters
    ----------
    face : FaceMeasurements
        Rows of one face.
    actions, reliable : ndarray, shape (n_frames,)
        As in `calmest`.
    conditions : ndarray of int, shape (n_frames,)
        How the face is seen, see `au_detect.features.conditions`. One that all frames share is
        left out: the neutral of all frames is its own.
    neutral : NeutralFace
        That of all frames.
    calm : float
        Action in its frames.
    """
    found = {}
    for condition in np.unique(conditions).tolist():
        mine = np.flatnonzero(conditions == condition)
        n = min(int(LARGEST_SHARE * len(mine)), MEDIAN_FRAMES)
        if n < FEWEST_FRAMES or len(mine) == len(conditions):
            continue
        taken = mine[calmest(actions[mine], reliable[mine], n)]
        lasts_s = face.timestamp_s[taken[-1]] - face.timestamp_s[taken[0]]
        if actions[taken].mean() > calm + AS_CALM or lasts_s < APART_S:
            continue
        own = neutral_at_rest(face.rows(taken), actions[taken], reliable[taken])
        if own.halves == neutral.halves:
            own = replace(own, description=CONDITIONS[condition])
            found[condition] = half_way(neutral, own)
    return found


def with_others(neutral: NeutralFace, others: Iterable[NeutralFace]) -> NeutralFace:
    """Return a neutral face with its others, which its description tells of."""
    listed = tuple(others)
    if not listed:
        return neutral
    told = "; ".join(f"{other.description}: {len(other.frames)} more" for other in listed)
    return replace(neutral, description=f"{neutral.description} ({told})", others=listed)


def _evidence(
    face: FaceMeasurements, actions: NDArray[np.float64], reliable: NDArray[np.bool_]
) -> RestEvidence:
    shapes = estimate_pose(face.points).frontal[:, FACE]
    apart = float(np.sqrt(((shapes - np.median(shapes, axis=0)) ** 2).sum(axis=2).mean()))
    seconds = len(np.unique(np.floor(face.timestamp_s)))
    return RestEvidence(
        calm=_falling(float(actions.mean()), CALM, RESTLESS),
        agreement=_falling(apart, AGREED_IOD, DISAGREED_IOD),
        spread=min(seconds, ENOUGH_SECONDS) / ENOUGH_SECONDS,
        frontal=float(reliable.mean()),
    )


def _falling(value: float, best: float, worst: float) -> float:
    """Return 1 up to `best`, 0 from `worst` on, and a straight line between them."""
    return float(np.clip((worst - value) / (worst - best), 0.0, 1.0))
