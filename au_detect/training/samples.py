"""Rows of features with labels, made in blocks so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.augmentation import Pairs, augmented_pairs, measured_pairs
from au_detect.datasets.labelled_features import graded, labels_of_intensity
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError, check_option
from au_detect.facs import Face
from au_detect.features.extraction import (
    LOWER_FURROW_NAMES,
    LOWER_NAMES,
    UPPER_FURROW_NAMES,
    UPPER_NAMES,
    furrow_features,
    geometric_features,
    mirror_columns,
)
from au_detect.features.neutral import mean_neutral
from au_detect.landmarks.pose import HeadPose, estimate_pose
from au_detect.training.data import TrainingData, intensity_of
from au_detect.training.recipe import TrainingRecipe

ROWS_AT_ONCE = 16_384
MOST_KEPT = 50_000
MAX_ROWS = 800_000
"""Augmentation adds rows up to so many in all."""


@dataclass(frozen=True)
class Columns:
    """The columns that the classifiers of one half of the face (None: of all of it) may read.

    Landmarks stand first, furrows last.
    """

    names: tuple[str, ...]
    n_landmarks: int

    def of(self, view: str) -> slice:
        """Return which of them a view reads; see `TrainingRecipe.views`."""
        return {
            "geometry": slice(0, self.n_landmarks),
            "both": slice(0, len(self.names)),
            "furrows": slice(self.n_landmarks, len(self.names)),
        }[view]


@cache
def columns_of(face: Face | None) -> Columns:
    """Return the columns of one half of the face, or of the whole face, each once."""
    landmarks: dict[str, None] = {}
    furrows: dict[str, None] = {}
    if face != "lower":
        landmarks |= dict.fromkeys(UPPER_NAMES)
        furrows |= dict.fromkeys(UPPER_FURROW_NAMES)
    if face != "upper":
        landmarks |= dict.fromkeys(LOWER_NAMES)
        furrows |= dict.fromkeys(LOWER_FURROW_NAMES)
    return Columns((*landmarks, *furrows), len(landmarks))


class Faces:
    """The faces of one collection, their heads turned to the camera.

    Of up to `MOST_KEPT` faces, that is done once; of more, whenever features are made: the turned
    faces need as much memory as the table.

    Parameters
    ----------
    sequences : LabelledSequences
    """

    def __init__(self, sequences: LabelledSequences) -> None:
        self.sequences = sequences
        points = (sequences.points, sequences.neutral_points)
        self._points: tuple[NDArray[np.float32] | HeadPose, ...] = points
        if len(sequences) <= MOST_KEPT:
            self._points = tuple(map(_frontal, points))

    def features(
        self, pairs: Pairs, face: Face | None, *, uses_neutral: bool
    ) -> NDArray[np.float32]:
        """Return features (n_pairs, n_columns) in the order of `columns_of`.

        Furrow columns are NaN where there are no pictures.
        """
        features = np.full((len(pairs), len(columns_of(face).names)), np.nan, dtype=np.float32)
        self.fill(features, pairs, face, uses_neutral=uses_neutral)
        return features

    def fill(
        self, out: NDArray[np.float32], pairs: Pairs, face: Face | None, *, uses_neutral: bool
    ) -> None:
        """Write the features of pairs into the rows of `out`."""
        for start in range(0, len(pairs), ROWS_AT_ONCE):
            rows = np.arange(start, min(start + ROWS_AT_ONCE, len(pairs)))
            self._fill(out[start : start + len(rows)], pairs.rows(rows), face, uses_neutral)

    def _fill(
        self, out: NDArray[np.float32], pairs: Pairs, face: Face | None, uses_neutral: bool
    ) -> None:
        mean, columns = mean_neutral(), columns_of(face)
        apexes, neutrals = self._points
        against = _taken(neutrals, pairs.neutral) if uses_neutral else mean.pose
        apex = _chosen(apexes, neutrals, pairs)
        upper, lower = geometric_features(apex, against)
        by_name: dict[str, NDArray[Any]] = dict(zip(UPPER_NAMES, upper.T, strict=True))
        by_name |= dict(zip(LOWER_NAMES, lower.T, strict=True))
        known = self.sequences
        if known.furrows is not None and known.neutral_furrows is not None:
            shown = np.where(
                pairs.at_rest[:, None], known.neutral_furrows[pairs.face], known.furrows[pairs.face]
            )
            rest = known.neutral_furrows[pairs.neutral] if uses_neutral else mean.furrows
            changes = furrow_features(shown, rest)
            for names, change in zip(
                (UPPER_FURROW_NAMES, LOWER_FURROW_NAMES), changes, strict=True
            ):
                by_name |= dict(zip(names, change.T, strict=True))
        for column, name in enumerate(columns.names):
            if name in by_name:
                out[:, column] = by_name[name]
        order, signs = mirror_columns(columns.names)
        out[pairs.mirrored] = signs * out[pairs.mirrored][:, order]


class Samples:
    """The rows that one training learns from: the own collection's first, then the extra ones'.

    Parameters
    ----------
    data : TrainingData
        In order.
    recipe : TrainingRecipe

    Attributes
    ----------
    row : ndarray of int, shape (n,)
        Row of the own collection that a row was made of; -1 for extra ones.
    subject : ndarray, shape (n_own,)
        Whose each row of the own collection is.
    is_judged : ndarray of bool, shape (n,)
        Own rows that calibration, thresholds and rates may stand on.
    has_furrows, has_neutral : ndarray of bool, shape (n,)
    weight : ndarray of float32, shape (n,)
    """

    def __init__(self, data: TrainingData, recipe: TrainingRecipe) -> None:
        self.recipe = recipe
        self.subject = data.own.subject
        used = (data.own, *(data.extra if recipe.uses_extra else ()))
        room = MAX_ROWS - sum(map(len, used))
        self._parts = []
        for sequences in used:
            share = len(sequences) + max(room, 0) * len(sequences) // max(sum(map(len, used)), 1)
            # Landmarks alone are simulated ones: there is no end of them.
            if recipe.augment and sequences.furrows is not None:
                pairs = augmented_pairs(sequences.subject.astype(str), recipe.random_state, share)
            else:
                pairs = measured_pairs(len(sequences))
            self._parts.append((Faces(sequences), pairs))
        own = self._parts[0][1]
        more = [len(pairs) for _, pairs in self._parts[1:]]
        self.row = np.concatenate([own.face, np.full(sum(more), -1)])
        judged = data.own.is_apex[own.face] & (own.is_measured | recipe.judge_augmented)
        self.is_judged = np.concatenate([judged, np.zeros(sum(more), dtype=bool)])
        self.has_furrows = self._each(lambda f, p: np.full(len(p), f.sequences.furrows is not None))
        self.has_neutral = self._each(lambda f, p: f.sequences.has_neutral[p.neutral])
        has_rest = self._each(lambda f, p: ~p.at_rest | f.sequences.has_neutral[p.face])
        self.has_neutral &= has_rest
        self.is_possible = has_rest
        self.weight = self._each(_weights).astype(np.float32)
        if recipe.intensity_weights:
            self.weight *= self._strength(data.own.aus)

    def __len__(self) -> int:
        return len(self.row)

    def features(self, face: Face | None, *, uses_neutral: bool) -> NDArray[np.float32]:
        """Return the features of every row; see `Faces.features`."""
        columns = columns_of(face)
        out = np.full((len(self), len(columns.names)), np.nan, dtype=np.float32)
        start = 0
        for faces, pairs in self._parts:
            faces.fill(out[start : start + len(pairs)], pairs, face, uses_neutral=uses_neutral)
            start += len(pairs)
        return out

    def belongs_to(self, own_rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which rows were made of the chosen rows of the own collection."""
        return (self.row >= 0) & own_rows[self.row]

    def labels(self, aus: tuple[int, ...]) -> NDArray[np.float32]:
        """Return the labels (n, n_aus) of every row."""
        recipe = self.recipe
        return labels_of_intensity(self.intensity(aus), recipe.minimum_intensity, recipe.faint)

    def strata(self, names: Sequence[str]) -> tuple[NDArray[Any], ...]:
        """Return the values (n,) of attributes of the own collection; "rest" for faces at rest.

        "" for rows of extra collections.

        Raises
        ------
        InputError
            If the own collection has no such attribute.
        """
        own, pairs = self._parts[0][0].sequences, self._parts[0][1]
        found = []
        for name in names:
            check_option("each of strata", name, tuple(own.attributes))
            values = own.attributes[name].astype(str)[pairs.face]
            values = np.where(pairs.at_rest, "rest", values)
            found.append(np.concatenate([values, np.full(len(self) - len(pairs), "")]))
        return tuple(found)

    def intensity(self, aus: tuple[int, ...]) -> NDArray[np.float32]:
        """Return the intensities (n, n_aus) of every row, NaN where they were not coded."""
        parts = []
        for faces, pairs in self._parts:
            intensity = intensity_of(faces.sequences, aus)[pairs.face]
            intensity[pairs.at_rest] = 0
            parts.append(intensity)
        return np.concatenate(parts)

    def _strength(self, aus: tuple[int, ...]) -> NDArray[np.float32]:
        """Return a third of the mean intensity of what a row shows; 1 where none is known."""
        intensity = graded(self.intensity(aus))
        present = (self.labels(aus) == 1) & np.isfinite(intensity)
        n_present = present.sum(axis=1)
        mean = np.where(present, intensity, 0).sum(axis=1) / (3 * np.maximum(n_present, 1))
        return np.where(n_present > 0, mean, 1.0).astype(np.float32)

    def _each(self, of_part: Callable[[Faces, Pairs], NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([of_part(faces, pairs) for faces, pairs in self._parts])


def _weights(faces: Faces, pairs: Pairs) -> NDArray[np.float64]:
    weight = faces.sequences.attributes.get("weight")
    if weight is None:
        return np.ones(len(pairs))
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise InputError("weight must be finite and at least 0")
    return np.asarray(weight[pairs.face], dtype=float)


def _frontal(points: NDArray[np.float32]) -> HeadPose:
    """Return the poses of faces, in blocks, as float32; NaN for faces that are not there."""
    n = len(points)
    angles, scale = np.full((n, 3), np.nan), np.full(n, np.nan)
    frontal: NDArray[Any] = np.full(points.shape, np.nan, dtype=np.float32)
    known = np.flatnonzero(np.isfinite(points[:, 0, 0]))
    for start in range(0, len(known), ROWS_AT_ONCE):
        rows = known[start : start + ROWS_AT_ONCE]
        pose = estimate_pose(points[rows])
        angles[rows], scale[rows], frontal[rows] = pose.angles, pose.scale_px, pose.frontal
    return HeadPose(angles, scale, frontal)


def _taken(faces: NDArray[np.float32] | HeadPose, rows: NDArray[np.intp]) -> HeadPose:
    """Return the poses of some of the faces, which are turned already or are not."""
    if not isinstance(faces, HeadPose):
        faces, rows = _frontal(faces[rows]), np.arange(len(rows))
    return HeadPose(faces.angles[rows], faces.scale_px[rows], faces.frontal[rows].astype(float))


def _chosen(
    apex: NDArray[np.float32] | HeadPose, neutral: NDArray[np.float32] | HeadPose, pairs: Pairs
) -> HeadPose:
    """Return the poses of the faces of pairs: of their neutral face where they are at rest."""
    chosen = _taken(apex, pairs.face)
    rest = np.flatnonzero(pairs.at_rest)
    if len(rest):
        at_rest = _taken(neutral, pairs.face[rest])
        chosen.angles[rest], chosen.frontal[rest] = at_rest.angles, at_rest.frontal
        chosen.scale_px[rest] = at_rest.scale_px
    return chosen
