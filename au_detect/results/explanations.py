"""Why an action unit (AU) is on: which parts of the face carried the network's decision.

A result of a detector keeps its `Evidence`: the furrow densities (560 bytes a row), the neutral
faces and the model. With the landmarks, which a result has anyway, the features can be built again.
JSON files hold all of it but the model, tables nothing.

Conventions
-----------
- Features that say the same (the points of the inner brows and their height) are one part of the
  face. A part's weight is the mean of what an AU's log-odds lose when the part goes back to the
  neutral face, and of what they gain over the neutral face when it alone is as it is now: the
  first and the last place in Shapley's order of parts. The head pose stays as it is.
- A part is told by the one of its distances or densities that has left its range at rest
  furthest; parts that are within it are reasons only where no other is. Ranges at rest are the
  5th and 95th percentile of rendered people who do nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.storage import AUModel, NetworkKind, load_model
from au_detect.errors import InputError
from au_detect.facs import ACTION_UNITS, BLINK, EYES_CLOSED, Face, au_label
from au_detect.features.extraction import NOW, POSE_NAMES, extract_features
from au_detect.features.face_parts import Change, largest_change, parts_of, rest_ranges
from au_detect.features.neutral import NeutralFace
from au_detect.landmarks.models import shipped_networks
from au_detect.landmarks.pose import HeadPose, estimate_pose

if TYPE_CHECKING:
    from au_detect.results.result import AUResult

MAX_REASONS = 4
MIN_SHARE = 0.08
"""Parts that carry less than this share of what speaks for an AU are not reasons."""

SMALLEST = 1e-7
DECIMALS = 5
"""Of densities and shapes in files."""


@dataclass(frozen=True)
class Evidence:
    """What a result must keep to be explained.

    Attributes
    ----------
    kind : NetworkKind
    furrows : ndarray of float32, shape (n_rows, n_furrows)
    neutral : dict of int to NeutralFace
        Of every face.
    model : AUModel, optional
        Files and copies in other processes do without it.
    """

    kind: NetworkKind
    furrows: NDArray[np.float32]
    neutral: dict[int, NeutralFace]
    model: AUModel | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"model": None}  # networks cannot be pickled

    def rows(self, chosen: Any) -> Evidence:
        """Return that of the chosen rows only."""
        return replace(self, furrows=self.furrows[chosen])


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
    reasons : tuple of Reason
        The few that carried the decision, most important first; their shares add up to 1 or less.
    """

    au: int
    frame: int
    face_id: int
    probability: float
    threshold: float
    reasons: tuple[Reason, ...]

    def __str__(self) -> str:
        head = (
            f"{au_label(self.au)} {ACTION_UNITS[self.au].name}: probability "
            f"{self.probability:.2f}, threshold {self.threshold:.2f}"
        )
        listed = [f"  - {reason}" for reason in self.reasons]
        return "\n".join([head, *(listed or ["  - no single part of the face stands out"])])


def explain_row(
    result: AUResult,
    frame: int,
    face_id: int = 0,
    model: str | os.PathLike[str] | AUModel | None = None,
) -> list[AUExplanation]:
    """Return why each AU that is on in a frame is on, by AU; see `AUResult.explain`."""
    evidence = result.evidence
    if evidence is None:
        raise InputError(
            "result must come from a detector or a JSON file to be explained: tables (CSV, "
            "Parquet) hold no furrow densities"
        )
    rows = np.flatnonzero((result.frame == frame) & (result.face_id == face_id))
    if not len(rows):
        frames = f"{result.frame.min()} to {result.frame.max()}"
        raise InputError(f"frame must be among {frames} and show face {face_id}, got {frame}")
    row = int(rows[0])
    if not result.face_found[row]:
        return []
    answered = {au: EYES_CLOSED if au == BLINK else au for au in result.aus}
    on = [au for au, is_on in zip(result.aus, result.active[row], strict=True) if is_on]
    if not on:
        return []
    evidence = replace(evidence, model=_model_of(result, evidence, model))
    reasons = _reasons(evidence, result.points[row], row, face_id, [answered[a] for a in on])
    columns = [result.aus.index(au) for au in on]
    return [
        AUExplanation(
            au=au,
            frame=int(result.frame[row]),
            face_id=face_id,
            probability=float(result.probabilities[row, column]),
            threshold=float(result.thresholds[column]),
            reasons=reasons[answered[au]],
        )
        for au, column in zip(on, columns, strict=True)
    ]


def _model_of(
    result: AUResult, evidence: Evidence, model: str | os.PathLike[str] | AUModel | None
) -> AUModel:
    """Return the model that made a result.

    Raises
    ------
    InputError
        If it is another than the given, or, where none is given, than the packaged one.
    """
    if model is None and evidence.model is not None:
        return evidence.model
    made_for = str(result.settings.get("landmark_model"))
    folder = shipped_networks(made_for) if model is None else model
    found = folder if isinstance(folder, AUModel) else load_model(Path(folder))
    made_by = result.settings.get("model_sha256")
    if found.sha256 != made_by:
        raise InputError(
            f"model must be the one that made the result ({result.settings.get('model')}, "
            f"SHA-256 {made_by}), got {found.name}, SHA-256 {found.sha256}"
        )
    return found


def _reasons(
    evidence: Evidence,
    points: NDArray[np.float32],
    row: int,
    face_id: int,
    aus: Sequence[int],
) -> dict[int, tuple[Reason, ...]]:
    neutral = evidence.neutral[face_id]
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
        other = now.lower if face == "upper" else now.upper
        parts = parts_of(face, names)
        weights = _part_weights(evidence, face, values, other, names, parts, mine)
        ranges = rest_ranges(personal=neutral.personal)
        changes = {
            part: largest_change(part, dict(zip(names, values.tolist(), strict=True)), ranges)
            for part in parts
        }
        for au, of_au in zip(mine, weights.T, strict=True):
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


def evidence_as_json(evidence: Evidence) -> dict[str, Any]:
    """Return all but model and furrow densities of the rows, as JSON can hold it."""
    faces = {
        str(face_id): {
            "angles": neutral.pose.angles[0].tolist(),
            "scale_px": float(neutral.pose.scale_px[0]),
            "frontal": np.round(neutral.pose.frontal[0], DECIMALS).tolist(),
            "furrows": json_numbers(neutral.furrows),
            "description": neutral.description,
            "personal": neutral.personal,
        }
        for face_id, neutral in evidence.neutral.items()
    }
    kind = {"uses_neutral": evidence.kind.uses_neutral, "uses_furrows": evidence.kind.uses_furrows}
    return {"kind": kind, "neutral": faces}


def evidence_from_json(document: dict[str, Any], furrows: list[list[float | None]]) -> Evidence:
    """Return what `evidence_as_json` was given, without the model."""

    def array(values: Any) -> NDArray[np.float64]:
        return np.array([values], dtype=np.float64)

    faces = {
        int(face_id): NeutralFace(
            HeadPose(array(of["angles"]), array(of["scale_px"]), array(of["frontal"])),
            array(of["furrows"])[0].astype(np.float32),
            of["description"],
            of["personal"],
        )
        for face_id, of in document["neutral"].items()
    }
    kind = NetworkKind(**document["kind"])
    return Evidence(kind, np.array(furrows, dtype=np.float64).astype(np.float32), faces)


def json_numbers(values: NDArray[np.floating]) -> list[float | None]:
    """Return a row of densities, rounded; None for NaN."""
    return [None if np.isnan(v) else round(float(v), DECIMALS) for v in values]
