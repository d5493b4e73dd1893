"""Probabilities and sides of the action units of one face, from its measurements."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.storage import AUModel, NetworkKind
from au_detect.features import extract_features, symmetric_furrows, symmetric_pose
from au_detect.geometry import Side
from au_detect.measurement import FaceMeasurements
from au_detect.neutral import NeutralFace
from au_detect.pose import HeadPose, estimate_pose

ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class FaceScores:
    """Scores of rows.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (n_rows, n_aus)
        In [0, 1].
    side : ndarray of float32, shape (n_rows, n_aus)
        In [-1, 1]; positive where the subject's left moves more.
    angles : ndarray of float32, shape (n_rows, 3)
        Head pose in radians.
    """

    probabilities: NDArray[np.float32]
    side: NDArray[np.float32]
    angles: NDArray[np.float32]

    @classmethod
    def empty(cls, n_rows: int, n_aus: int) -> FaceScores:
        """Return scores that are all NaN."""
        probabilities, side = np.full((2, n_rows, n_aus), np.nan, dtype=np.float32)
        return cls(probabilities, side, np.full((n_rows, 3), np.nan, dtype=np.float32))

    def put(self, rows: NDArray[np.intp], scores: FaceScores) -> None:
        """Write `scores` into the given rows."""
        self.probabilities[rows] = scores.probabilities
        self.side[rows] = scores.side
        self.angles[rows] = scores.angles


def score_face(
    model: AUModel,
    aus: tuple[int, ...],
    kind: NetworkKind,
    face: FaceMeasurements,
    neutral: NeutralFace,
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

    Notes
    -----
    The side of an AU compares two symmetric faces, each made of one half and its mirror image,
    now and neutral alike: it is the probability of the left one minus that of the right one.
    """

    def predict(
        pose: HeadPose,
        furrows: NDArray[np.float32],
        reference: NeutralFace,
        is_symmetric: bool = False,
    ) -> NDArray[np.float32]:
        features = extract_features(pose, furrows if kind.uses_furrows else None, reference)
        return model.predict(features.upper, features.lower, kind, aus, is_symmetric=is_symmetric)

    scores = FaceScores.empty(len(face), len(aus))
    for start, stop in pairwise([*range(0, len(face), ROWS_AT_ONCE), len(face)]):
        chosen = np.arange(start, stop)
        furrows, pose = face.furrows[chosen], estimate_pose(face.points[chosen])
        left, right = (
            predict(
                symmetric_pose(pose, half),
                symmetric_furrows(furrows, half),
                _half_of(neutral, half),
                is_symmetric=True,
            )
            for half in ("left", "right")
        )
        whole = predict(pose, furrows, neutral)
        scores.put(chosen, FaceScores(whole, left - right, pose.angles.astype(np.float32)))
    return scores


def _half_of(neutral: NeutralFace, half: Side) -> NeutralFace:
    return NeutralFace(
        symmetric_pose(neutral.pose, half),
        symmetric_furrows(neutral.furrows, half),
        neutral.description,
        neutral.personal,
    )
