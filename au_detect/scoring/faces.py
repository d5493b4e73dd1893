"""Probabilities of action units in whole and half faces, from the measurements of faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.intensity import log_odds
from au_detect.classifiers.storage import AUModel, NetworkKind
from au_detect.errors import InputError, check_option
from au_detect.features.extraction import extract_features, symmetric_furrows, symmetric_pose
from au_detect.features.gaze import measure_gaze
from au_detect.features.halves import reliable_aus
from au_detect.features.measurement import FaceMeasurements
from au_detect.features.neutral import NeutralFace
from au_detect.landmarks.head_position import head_position_mm
from au_detect.landmarks.pose import HeadPose, estimate_pose
from au_detect.results import AUResult
from au_detect.results.evidence import Evidence
from au_detect.scoring.rest import Resting, mixed
from au_detect.scoring.scores import FaceScores

ROWS_AT_ONCE = 256
DECISION = 0.5
"""Threshold of every AU in results, to which probabilities are shifted from the networks' own."""


def check_thresholds(model: AUModel, thresholds: Mapping[int, float]) -> None:
    """Raise unless all thresholds are in (0, 1), of AUs that the model knows.

    Raises
    ------
    InputError
        If one is not.
    """
    known = {au for entry in model.manifest.networks for au in entry.aus}
    for au, threshold in thresholds.items():
        check_option("each AU of thresholds", au, sorted(known))
        if not 0 < threshold < 1:
            raise InputError(f"the threshold of AU{au} must be in (0, 1), got {threshold!r}")


def score_rows(
    model: AUModel,
    rows: FaceMeasurements,
    neutral: Mapping[int, NeutralFace],
    *,
    uses_neutral: bool = True,
    experimental: bool = False,
    thresholds: Mapping[int, float] | None = None,
    mirrored: bool = False,
    resting: Mapping[int, Resting] | None = None,
    focal_px: float | None = None,
    name: str,
    settings: dict[str, Any],
) -> AUResult:
    """Score every face in every frame of one input.

    Networks give probabilities that are calibrated to the people that they were judged on, where
    AUs are as frequent as they happen to be there. A result counts them from the threshold that
    keeps the false-positive rate as the manifest says: an AU is on from 0.5.

    Parameters
    ----------
    model : AUModel
    rows : FaceMeasurements
    neutral : mapping of int to NeutralFace
        What each face is compared with, by number; there may be more than `rows` show.
    uses_neutral : bool
        Whether that is the person's own face.
    experimental : bool
        Whether to report AUs too that the model's manifest marks as not reliable.
    thresholds : mapping of int to float, optional
        AU -> threshold instead of `DECISION`.
    mirrored : bool
        Whether the pictures show mirror images: then left is right.
    resting : mapping of int to Resting, optional
        Faces whose neutral was found in `rows`: what the answers are mixed with.
    focal_px : float, optional
        Focal length of the camera; see `au_detect.landmarks.head_position`.
    name, settings
        Of the result.
    """
    found, faces = rows.face_found, rows.faces()
    neutral_furrows = [neutral[face_id].furrows for face_id in faces]
    kind = NetworkKind(
        uses_neutral=uses_neutral,
        uses_furrows=bool(rows.has_furrows[found].all() and np.isfinite(neutral_furrows).all()),
    )
    aus = model.aus(kind, experimental=experimental)
    if not aus:
        raise InputError(
            f"model must have action units that are not experimental, got {model.name!r}: ask for "
            "its experimental ones (experimental=True, --experimental)"
        )
    limits = np.array([*model.thresholds(kind, aus).values()])
    scores = FaceScores.empty(len(rows), len(aus))
    which = np.zeros(len(rows), dtype=np.intp)
    for face_id, mine in faces.items():
        rest = (resting or {}).get(face_id)
        own = score_face(model, aus, kind, rows.rows(mine), neutral[face_id], rest, focal_px)
        scores.put(mine, own.over(limits))
        if rest is not None:
            which[mine] = rest.which
    upper, lower = (_reliable(rows, neutral, half) for half in ("upper_reliable", "lower_reliable"))
    scores.hide(~reliable_aus(aus, upper, lower))
    scores.finish()
    scale = model.intensity_scale(kind, aus)
    if scale is not None:
        scale[..., 1] += scale[..., 0] * log_odds(limits)[:, None]
    left, right = (scores.right, scores.left) if mirrored else (scores.left, scores.right)
    return AUResult(
        aus=aus,
        probabilities=scores.probabilities,
        left=left,
        right=right,
        thresholds=np.array([(thresholds or {}).get(au, DECISION) for au in aus]),
        frame=rows.frame,
        timestamp_s=rows.timestamp_s,
        face_id=np.maximum(rows.face_id, 0),
        face_found=found,
        confidence=rows.confidence,
        points=rows.points,
        pose=scores.angles,
        reliable=found & model.is_within_pose_range(scores.angles),
        upper_reliable=upper,
        lower_reliable=lower,
        neutral={face: neutral[face].description for face in sorted(neutral)},
        input=name,
        settings=settings,
        evidence=Evidence(kind, rows.furrows, dict(neutral), model, which),
        intensity_scale=scale,
        translation=scores.translation,
        gaze=scores.gaze,
    )


def _reliable(
    rows: FaceMeasurements, neutral: Mapping[int, NeutralFace], half: str
) -> NDArray[np.bool_]:
    """Return where a half is seen, now and in the neutral face, shape (n_rows,)."""
    seen: NDArray[np.bool_] = getattr(rows, half).copy()
    for face_id, mine in rows.faces().items():
        seen[mine] &= getattr(neutral[face_id], half)
    return seen


def score_face(
    model: AUModel,
    aus: tuple[int, ...],
    kind: NetworkKind,
    face: FaceMeasurements,
    neutral: NeutralFace,
    resting: Resting | None = None,
    focal_px: float | None = None,
) -> FaceScores:
    """Score the rows of one face, all of which show it.

    Parameters
    ----------
    model : AUModel
    aus : tuple of int
        The columns that are wanted.
    kind : NetworkKind
        Which networks answer.
    face : FaceMeasurements
        Rows of one face.
    neutral : NeutralFace
        What it is compared with.
    resting : Resting, optional
        Of these rows, where the neutral was found in them: says which of the neutral's others each
        is compared with, and what the answers are mixed with.
    focal_px : float, optional
        As in `score_rows`.

    Notes
    -----
    The halves are two symmetric faces, each made of one half and its mirror image, now and neutral
    alike.
    """
    if resting is None:
        return _score_against(model, aus, kind, face, neutral, focal_px)
    scores = FaceScores.empty(len(face), len(aus))
    for number in np.unique(resting.which).tolist():
        mine, own = np.flatnonzero(resting.which == number), neutral.as_seen[number]
        scores.put(mine, _score_against(model, aus, kind, face.rows(mine), own, focal_px))
    return replace(scores, probabilities=mixed(model, kind, aus, scores.probabilities, resting))


def _score_against(
    model: AUModel,
    aus: tuple[int, ...],
    kind: NetworkKind,
    face: FaceMeasurements,
    neutral: NeutralFace,
    focal_px: float | None,
) -> FaceScores:
    """Score rows that are all compared with the same neutral face."""
    scores = FaceScores.empty(len(face), len(aus))
    neutral_pose, neutral_furrows = _whole_left_right(neutral.pose, neutral.furrows[None])
    for start, stop in pairwise([*range(0, len(face), ROWS_AT_ONCE), len(face)]):
        chosen, n = np.arange(start, stop), stop - start
        pose = estimate_pose(face.points[chosen])
        faces, furrows = _whole_left_right(pose, face.furrows[chosen])
        reference = NeutralFace(
            _repeated(neutral_pose, n), neutral_furrows.repeat(n, axis=0), neutral.description
        )
        features = extract_features(faces, furrows if kind.uses_furrows else None, reference)
        upper, lower = features.upper, features.lower
        whole = model.predict(upper[:n], lower[:n], kind, aus)
        halves = model.predict(upper[n:], lower[n:], kind, aus, is_symmetric=True)
        angles = pose.angles.astype(np.float32)
        place = _place(face.rows(chosen), pose, focal_px)
        scores.put(chosen, FaceScores(whole, halves[:n], halves[n:], angles, *place))
    return scores


def _place(
    face: FaceMeasurements, pose: HeadPose, focal_px: float | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where the head is, mm, and the angles of gaze, rad."""
    position = head_position_mm(face.points, pose.scale_px, face.picture_px, focal_px)
    gaze = measure_gaze(face.looks, pose, position).angles
    gaze[~face.upper_reliable] = np.nan
    return position.astype(np.float32), gaze.astype(np.float32)


def _whole_left_right(
    pose: HeadPose, furrows: NDArray[np.float32]
) -> tuple[HeadPose, NDArray[np.float32]]:
    """Return 3n faces: n as they are, then those made of their left, then of their right halves."""
    left, right = symmetric_pose(pose, "left"), symmetric_pose(pose, "right")
    poses = HeadPose(
        np.concatenate([pose.angles, left.angles, right.angles]),
        np.concatenate([pose.scale_px, left.scale_px, right.scale_px]),
        np.concatenate([pose.frontal, left.frontal, right.frontal]),
    )
    halves = symmetric_furrows(furrows, "left"), symmetric_furrows(furrows, "right")
    return poses, np.concatenate([furrows, *halves])


def _repeated(pose: HeadPose, n: int) -> HeadPose:
    """Return every row `n` times."""
    return HeadPose(
        pose.angles.repeat(n, axis=0), pose.scale_px.repeat(n), pose.frontal.repeat(n, axis=0)
    )
