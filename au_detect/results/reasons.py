"""The reasons of a network's decision: which parts of the face carried it.

Conventions
-----------
- Features that say the same (the points of the inner brows and their height) are one part of the
  face. A part's weight is the mean of what an AU's log-odds lose when the part goes back to the
  neutral face, and of what they gain over the neutral face when it alone is as it is now: the
  first and the last place in Shapley's order of parts. The head pose stays as it is.
- A part is told by the one of its distances or densities that has left its range at rest
  furthest; parts that are within it are reasons only where no other is. Ranges at rest are the
  5th and 95th percentile of rendered people who do nothing.
- A network may count what is the opposite of the action in FACS, for example lips farther apart for
  AU24. Such a change is no reason (`au_detect.features.au_directions`): another change of the part
  is told instead, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import ACTION_UNITS, ONE_SIDED_FROM, Face, au_label, intensity_letter
from au_detect.features.extraction import NOW, POSE_NAMES, extract_features, mirror_columns
from au_detect.features.face_parts import Change, largest_change, parts_of, rest_ranges
from au_detect.landmarks.pose import estimate_pose
from au_detect.results.evidence import Evidence

MAX_REASONS = 4
MIN_SHARE = 0.08
"""Parts that carry less than this share of what speaks for an AU are not reasons."""

SMALLEST = 1e-7


@dataclass(frozen=True)
class Reason:
    """One part of the face that spoke for an AU.

    Attributes
    ----------
    part : str
        For example ``"lip corners"``.
    weight : float
        In log-odds, above 0.
    share : float
        Of all that spoke for the AU, in (0, 1].
    change : Change
        What is seen there.
    """

    part: str
    weight: float
    share: float
    change: Change

    def __str__(self) -> str:
        return f"{self.change} ({self.share:.0%})"


@dataclass(frozen=True)
class AUExplanation:
    """Why one AU is on in one row.

    Attributes
    ----------
    au, frame, face_id : int
    probability, threshold : float
    side : float
        Which half of the face moves more, in [-1, 1]; positive is the subject's left.
    intensity : float or None
        0 to 5; None if the model cannot say.
    reasons : tuple of Reason
        The few that carried the decision, most important first; their shares add up to 1 or less.
    """

    au: int
    frame: int
    face_id: int
    probability: float
    threshold: float
    reasons: tuple[Reason, ...]
    side: float = 0.0
    intensity: float | None = None

    def __str__(self) -> str:
        head = (
            f"{au_label(self.au)} {ACTION_UNITS[self.au].name}: probability "
            f"{self.probability:.2f}, threshold {self.threshold:.2f}"
        )
        if self.intensity is not None:
            letter = intensity_letter(self.intensity)
            head += f", intensity {self.intensity:.1f}{f' ({letter})' if letter else ''}"
        if abs(self.side) >= ONE_SIDED_FROM:
            head += f", {'left' if self.side > 0 else 'right'} half of the face"
        listed = [f"  - {reason}" for reason in self.reasons]
        return "\n".join([head, *(listed or ["  - no single part of the face stands out"])])


def reasons_of(
    evidence: Evidence,
    points: NDArray[np.float32],
    row: int,
    face_id: int,
    aus: Sequence[int],
    *,
    mirrored: bool = False,
) -> dict[int, tuple[Reason, ...]]:
    """Return the reasons for each of the AUs of one row.

    Parameters
    ----------
    evidence : Evidence
        With its model.
    points : ndarray, shape (68, 2)
        Landmarks of the row, px.
    row, face_id : int
    aus : sequence of int
    mirrored : bool
        Whether the picture shows a mirror image: then left is right.
    """
    neutral = evidence.neutral_of(row, face_id)
    furrows = evidence.furrows[row : row + 1] if evidence.kind.uses_furrows else None
    now = extract_features(estimate_pose(points[None]), furrows, neutral)
    found: dict[int, tuple[Reason, ...]] = {}
    faces: tuple[tuple[Face, tuple[str, ...]], ...] = (
        ("upper", now.upper_names),
        ("lower", now.lower_names),
    )
    for face, names in faces:
        mine = sorted({au for au in aus if ACTION_UNITS[au].face == face})
        if not mine:
            continue
        values = (now.upper if face == "upper" else now.lower)[0]
        if mirrored:
            order, signs = mirror_columns(names)
            values = (signs * values[order]).astype(values.dtype)
        other = now.lower if face == "upper" else now.upper
        parts = parts_of(face, names)
        weights = _part_weights(evidence, face, values, other, names, parts, mine)
        ranges = rest_ranges(personal=neutral.personal)
        seen = dict(zip(names, values.tolist(), strict=True))
        for au, of_au in zip(mine, weights.T, strict=True):
            changes = {part: largest_change(part, seen, ranges, au) for part in parts}
            found[au] = _largest(of_au, list(parts), changes)
    return found


def _part_weights(
    evidence: Evidence,
    face: Face,
    values: NDArray[np.float32],
    other: NDArray[np.float32],
    names: tuple[str, ...],
    parts: dict[str, list[int]],
    aus: list[int],
) -> NDArray[np.float64]:
    """Return the weight of every part for every AU, shape (n_parts, n_aus), in log-odds."""
    rest = np.zeros_like(values)
    posed = [names.index(name) for name in POSE_NAMES]
    rest[posed] = values[posed]
    for name in names:
        if name.endswith(NOW):  # an opening as it is; at rest it is what it was before it changed
            change = values[names.index(name.removesuffix(NOW))]
            rest[names.index(name)] = values[names.index(name)] - change
    without, alone = np.tile(values, (len(parts), 1)), np.tile(rest, (len(parts), 1))
    for i, columns in enumerate(parts.values()):
        without[i, columns], alone[i, columns] = rest[columns], values[columns]
    rows = np.vstack([values, rest, without, alone])
    others = np.repeat(other, len(rows), axis=0)
    upper, lower = (rows, others) if face == "upper" else (others, rows)
    assert evidence.model is not None
    p = evidence.model.predict(upper, lower, evidence.kind, aus).astype(float)
    odds = np.log(np.clip(p, SMALLEST, None)) - np.log(np.clip(1.0 - p, SMALLEST, None))
    lost, gained = odds[0] - odds[2 : 2 + len(parts)], odds[2 + len(parts) :] - odds[1]
    return np.asarray((lost + gained) / 2.0)


def _largest(
    weights: NDArray[np.float64], parts: list[str], changes: dict[str, Change | None]
) -> tuple[Reason, ...]:
    total = float(np.clip(weights, 0.0, None).sum())
    reasons = []
    for i in np.argsort(-weights, kind="stable")[:MAX_REASONS]:
        change = changes[parts[i]]
        share = float(weights[i]) / total if total > 0 else 0.0
        if change is not None and share >= MIN_SHARE:
            reasons.append(Reason(parts[i], float(weights[i]), share, change))
    outside = [reason for reason in reasons if reason.change.is_outside_rest]
    return tuple(outside or reasons)
