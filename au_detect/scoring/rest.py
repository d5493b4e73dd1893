"""Neutral faces found in the sequence itself, and the answers with and without them mixed."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.intensity import log_odds
from au_detect.classifiers.storage import AUModel, NetworkKind
from au_detect.errors import NoFaceError
from au_detect.features.conditions import conditions_of
from au_detect.features.extraction import extract_features
from au_detect.features.halves import most_shown, reliable_aus
from au_detect.features.measurement import FaceMeasurements, joined_rows
from au_detect.features.neutral import NeutralFace, mean_neutral, median_face
from au_detect.features.rest import (
    STEADY_S,
    action,
    calmest,
    n_resting,
    neutral_at_rest,
    rest_elsewhere,
    steady_action,
    with_others,
)
from au_detect.landmarks.pose import estimate_pose

ROWS_AT_ONCE = 256
LEAST_SHARE, SHARE_BY_QUALITY = 0.6, 0.2
"""Share of the networks with a neutral in the mean of log-odds: at quality 0, and 1 on top. On
simulated clips the AUC is highest with 0.65 for faces that never rest and 0.8 for those that do."""
FRAMES_OF_A_CLIP = 2000
FULL_FRAMES = 5
"""Of fewer frames none can be told to be at rest: the networks without a neutral count more."""
KEPT_CALM = 40
"""Frames at rest that are kept of a live face."""
LEAST_ODDS = 1e-6


@dataclass(frozen=True)
class Alone:
    """What networks without a neutral say of the rows of one face.

    Attributes
    ----------
    kind : NetworkKind
        Who was asked. A model may know faces with a neutral only; then the median face stands in.
    aus : tuple of int
    probabilities : ndarray of float32, shape (n_rows, n_aus)
        NaN where the half of the face is not seen.
    reliable : ndarray of bool, shape (n_rows,)
        Whether the head is turned no further than they know.
    angles : ndarray, shape (n_rows, 3)
        Head pose in radians.
    """

    kind: NetworkKind
    aus: tuple[int, ...]
    probabilities: NDArray[np.float32]
    reliable: NDArray[np.bool_]
    angles: NDArray[np.float64]


@dataclass(frozen=True)
class Resting:
    """A neutral face that was found, and what the answers of both kinds of networks are mixed by.

    Attributes
    ----------
    neutral : NeutralFace
    alone : Alone
        Of the rows to score.
    share : float
        Of the networks with a neutral, in [0, 1].
    which : ndarray of int, shape (n_rows,)
        Place in `NeutralFace.as_seen` of what each row is compared with.
    """

    neutral: NeutralFace
    alone: Alone
    share: float
    which: NDArray[np.intp]


def score_alone(model: AUModel, face: FaceMeasurements) -> Alone:
    """Ask the networks without a neutral about every row of one face, all of which show it."""
    knows_single = any(not entry.uses_neutral for entry in model.manifest.networks)
    neutral = mean_neutral() if knows_single else median_face(face)
    kind = NetworkKind(
        uses_neutral=not knows_single,
        uses_furrows=bool(face.has_furrows.all() and np.isfinite(neutral.furrows).all()),
    )
    aus = model.aus(kind, experimental=True)
    probabilities = np.empty((len(face), len(aus)), dtype=np.float32)
    reliable, angles = np.empty(len(face), dtype=bool), np.empty((len(face), 3))
    for start, stop in pairwise([*range(0, len(face), ROWS_AT_ONCE), len(face)]):
        pose = estimate_pose(face.points[start:stop])
        furrows = face.furrows[start:stop] if kind.uses_furrows else None
        features = extract_features(pose, furrows, neutral)
        probabilities[start:stop] = model.predict(features.upper, features.lower, kind, aus)
        reliable[start:stop] = model.is_within_pose_range(pose.angles)
        angles[start:stop] = pose.angles
    probabilities[~reliable_aus(aus, face.upper_reliable, face.lower_reliable)] = np.nan
    return Alone(kind, aus, probabilities, reliable, angles)


def find_rest(model: AUModel, face: FaceMeasurements) -> Resting:
    """Return the neutral face of a finished sequence of one face, all rows of which show it.

    Only the frames that show most of the face can be at rest: both halves, if any do.
    """
    alone = score_alone(model, face)
    shown = most_shown(face)
    whole, reliable = face.rows(shown), alone.reliable[shown]
    actions = action(alone.probabilities[shown])
    steady = steady_action(actions, whole.timestamp_s)
    taken = calmest(steady, reliable, n_resting(len(whole)))
    neutral = neutral_at_rest(whole.rows(taken), actions[taken], reliable[taken])
    conditions, calm = conditions_of(alone.angles, face.furrows), float(steady[taken].mean())
    others = rest_elsewhere(whole, steady, reliable, conditions[shown], neutral, calm)
    which = np.zeros(len(face), dtype=np.intp)
    for number, condition in enumerate(others, start=1):
        which[conditions == condition] = number
    neutral = with_others(neutral, others.values())
    return Resting(neutral, alone, _share(neutral, len(face)), which)


def find_rests(
    model: AUModel, rows: FaceMeasurements, *, but: Collection[int] = ()
) -> dict[int, Resting]:
    """Return the neutral of every face of a finished sequence, by number, of some none."""
    faces = rows.faces().items()
    return {face: find_rest(model, rows.rows(mine)) for face, mine in faces if face not in but}


def rest_of_clips(model: AUModel, clips: Iterable[FaceMeasurements], name: str) -> NeutralFace:
    """Return the neutral face of a person from the measurements of several clips.

    Of every clip at most `FRAMES_OF_A_CLIP` frames, evenly spaced, are taken.

    Raises
    ------
    NoFaceError
        If none shows a face.
    """
    parts, start_s = [], 0.0
    for rows in clips:
        mine = next(iter(rows.faces().values()), np.empty(0, dtype=np.intp))
        if len(mine) > FRAMES_OF_A_CLIP:
            mine = mine[np.linspace(0, len(mine) - 1, FRAMES_OF_A_CLIP).astype(int)]
        part = rows.rows(mine)
        if len(part):
            parts.append(replace(part, timestamp_s=part.timestamp_s + start_s))
            start_s = float(np.ceil(parts[-1].timestamp_s[-1])) + 1.0  # another clip, another time
    if not parts:
        raise NoFaceError(f"the clips of {name} must show a face, but none was found in them")
    found = find_rest(model, joined_rows(*parts)).neutral
    n = len(found.frames)
    words = f"{name}, {n} calm frame{'' if n == 1 else 's'} of {len(parts)} inputs"
    return replace(found, description=words, frames=(), others=())


def mixed(
    model: AUModel,
    kind: NetworkKind,
    aus: tuple[int, ...],
    probabilities: NDArray[np.float32],
    resting: Resting,
) -> NDArray[np.float32]:
    """Return the mean of the answers with and without a neutral, in log-odds over the thresholds.

    Measured from each network's own threshold, so that those of the networks with a neutral
    (`kind`) hold for the mean too.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (n_rows, n_aus)
        With a neutral.
    resting : Resting
        Of the same rows. Without networks of another kind nothing is mixed.
    """
    alone, share = resting.alone, resting.share
    both = [au for au in aus if au in alone.aus]
    if alone.kind.uses_neutral or not both:
        return probabilities
    here = [aus.index(au) for au in both]
    there = [alone.aus.index(au) for au in both]
    limits = log_odds([*model.thresholds(kind, both).values()], LEAST_ODDS)
    other_limits = log_odds([*model.thresholds(alone.kind, both).values()], LEAST_ODDS)
    over = share * (log_odds(probabilities[:, here], LEAST_ODDS) - limits)
    over += (1 - share) * (log_odds(alone.probabilities[:, there], LEAST_ODDS) - other_limits)
    mean = probabilities.copy()
    mean[:, here] = 1 / (1 + np.exp(-(over + limits)))
    return mean


class RunningRest:
    """The neutral face of one live face, which improves as frames come."""

    def __init__(self) -> None:
        self._n_seen = 0
        self._kept: FaceMeasurements | None = None
        self._neutral: NeutralFace | None = None
        self._recent: deque[tuple[float, float]] = deque()
        self._actions = np.empty(0)
        self._reliable = np.empty(0, dtype=bool)

    def add(self, model: AUModel, row: FaceMeasurements) -> Resting:
        """Return the neutral face after the next frame, a row with the face."""
        alone = score_alone(model, row)
        self._n_seen += 1
        rows = row if self._kept is None else joined_rows(self._kept, row)
        time_s = float(row.timestamp_s[0])
        self._recent.append((time_s, float(action(alone.probabilities)[0])))
        while time_s - self._recent[0][0] > 2 * STEADY_S:
            self._recent.popleft()
        actions = np.append(self._actions, np.mean([then for _, then in self._recent]))
        reliable = np.append(self._reliable, alone.reliable)
        shown = most_shown(rows)
        rows, actions, reliable = rows.rows(shown), actions[shown], reliable[shown]
        best = calmest(actions, reliable, KEPT_CALM)
        self._kept, self._actions, self._reliable = rows.rows(best), actions[best], reliable[best]
        taken = calmest(self._actions, self._reliable, n_resting(self._n_seen))
        calm = self._kept.rows(taken)
        if self._neutral is None or self._neutral.frames != tuple(calm.frame.tolist()):
            self._neutral = neutral_at_rest(calm, self._actions[taken], self._reliable[taken])
        share = _share(self._neutral, self._n_seen)
        return Resting(self._neutral, alone, share, np.zeros(1, dtype=np.intp))


class RunningRests:
    """The neutral faces of everybody in a stream; who is new starts anew."""

    def __init__(self, model: AUModel) -> None:
        self._model = model
        self._faces: dict[int, RunningRest] = defaultdict(RunningRest)

    def add(self, rows: FaceMeasurements) -> dict[int, Resting]:
        """Return the neutral of every face in the next frame, by number."""
        faces = rows.faces().items()
        return {face: self._faces[face].add(self._model, rows.rows(mine)) for face, mine in faces}


def _share(neutral: NeutralFace, n_frames: int) -> float:
    quality = neutral.quality or 0.0
    few = min(1.0, (n_frames - 1) / (FULL_FRAMES - 1))
    return (LEAST_SHARE + SHARE_BY_QUALITY * quality) * few
