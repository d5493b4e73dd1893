"""Networks of pixels and of time through the same people, calibration and thresholds as others.

What `au_detect.training.engine` does for features, for grids of pixels; folds go through either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.classifiers import (
    ConvolutionalLSTMClassifier,
    GridClassifier,
    OneVsAllPictureClassifier,
    PictureClassifier,
    PictureSVMClassifier,
    RecurrentClassifier,
    TwoStreamClassifier,
)
from au_detect.appearance.grids import GRIDS, grid_rows
from au_detect.appearance.pixel_rows import (
    Progress,
    at_rest,
    has_pictures,
    has_pixels,
    with_pixels,
)
from au_detect.classifiers.base import Samples
from au_detect.classifiers.calibration import choose_thresholds
from au_detect.datasets.labelled_features import labels_of_intensity
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.facs import Face
from au_detect.training.choices import PIXEL_MODELS
from au_detect.training.data import TrainingData, intensity_of
from au_detect.training.halves import halves_of
from au_detect.training.people import split_people
from au_detect.training.recipe import TrainingRecipe

OF_TIME = ("lstm", "convlstm")
_KINDS: tuple[tuple[type[GridClassifier], str], ...] = (
    (PictureClassifier, "frame"),
    (OneVsAllPictureClassifier, "frame"),
    (TwoStreamClassifier, "frame and flow"),
    (RecurrentClassifier, "features"),
    (ConvolutionalLSTMClassifier, "frames"),
    (PictureSVMClassifier, "frame"),
)
PIXEL_KINDS = dict(zip(PIXEL_MODELS, _KINDS, strict=True))
"""Name of a model -> its classifier, and the grid that it reads."""


@dataclass(frozen=True)
class PixelMember:
    """A classifier of one half of the face, and which part of the people calibrated it."""

    face: Face | None
    aus: tuple[int, ...]
    part: int
    classifier: GridClassifier


class FittedPixels:
    """Fitted networks of pixels or time; made by `fit_pixels`.

    Attributes
    ----------
    recipe : TrainingRecipe
    members : list of PixelMember
        Those of one half of the face are averaged.
    limits : dict of int to float
        Threshold of every AU.
    """

    def __init__(
        self, recipe: TrainingRecipe, members: list[PixelMember], limits: dict[int, float]
    ) -> None:
        self.recipe = recipe
        self.members = members
        self.limits = limits

    def predict_proba(
        self, sequences: LabelledSequences, aus: Sequence[int]
    ) -> NDArray[np.float32]:
        """Return probabilities (n, n_aus) of sequences with pixels; NaN without the neutral."""
        total = np.zeros((len(sequences), len(aus)), dtype=np.float64)
        count = np.zeros(len(aus))
        place = {au: column for column, au in enumerate(aus)}
        grids: dict[Face | None, NDArray[np.float32]] = {}
        for member in self.members:
            if member.face not in grids:
                grids[member.face] = _grid(sequences, self.recipe, member.face)[0]
            found = member.classifier.predict_proba(grids[member.face])
            for column, au in enumerate(member.aus):
                if au in place:
                    total[:, place[au]] += found[:, column]
                    count[place[au]] += 1
        count[count == 0] = np.nan
        probabilities = (total / count).astype(np.float32)
        if self.recipe.uses_neutral:
            probabilities[~sequences.has_neutral] = np.nan
        return probabilities

    def thresholds(self, sequences: LabelledSequences, aus: Sequence[int]) -> NDArray[np.float64]:
        """Return the thresholds (n_aus,)."""
        return np.array([self.limits.get(au, 0.5) for au in aus])

    def intensities(
        self, sequences: LabelledSequences, probabilities: NDArray[np.float32], aus: Sequence[int]
    ) -> None:
        """Return None: these networks tell no intensities."""

    @property
    def history(self) -> dict[str, list[dict[str, list[float]]]]:
        """Training curves by half of the face."""
        curves: dict[str, list[dict[str, list[float]]]] = {}
        for member in self.members:
            curves.setdefault(member.face or "face", []).extend(member.classifier.history_)
        return curves

    @property
    def chosen(self) -> dict[str, Any]:
        """What was begun from, by half of the face."""
        start = self.recipe.pixels.start or "scratch"
        return {member.face or "face": {"start": start} for member in self.members}


def data_with_pixels(
    data: TrainingData, recipes: Sequence[TrainingRecipe], progress: Progress | None = None
) -> TrainingData:
    """Return the data with the pixels that recipes need, read once; as they are if none needs any.

    Extra collections of landmarks alone stay without.

    Raises
    ------
    InputError
        If recipes differ in the number of frames, or the own collection has no pictures.
    """
    needing = [recipe for recipe in recipes if recipe.is_of_pixels]
    if not needing:
        return data
    n_steps = needing[0].pixels.n_steps
    if any(recipe.pixels.n_steps != n_steps for recipe in needing):
        raise InputError("recipes must have one number of frames, got several")
    kinds = {kind for recipe in needing for kind in GRIDS[PIXEL_KINDS[recipe.model][1]]}

    def added(sequences: LabelledSequences) -> LabelledSequences:
        if has_pixels(sequences, kinds):
            return sequences
        return with_pixels(sequences, kinds, n_steps, progress)

    extra = tuple(added(part) if has_pictures(part) else part for part in data.extra)
    return TrainingData(added(data.own), extra)


def fit_pixels(data: TrainingData, recipe: TrainingRecipe, aus: Sequence[int]) -> FittedPixels:
    """Fit networks of pixels or time, calibration and thresholds.

    Parameters
    ----------
    data : TrainingData
        With pixels, see `data_with_pixels`. Extra collections without pictures do nothing.
    recipe : TrainingRecipe
    aus : sequence of int

    Raises
    ------
    InputError
        If nobody of those who calibrate has a face (with a neutral one, where that is used).
    """
    own = data.own
    split = split_people(own.subject, recipe)
    members: list[PixelMember] = []
    limits: dict[int, float] = {}
    for face, chosen in halves_of(aus, recipe):
        table = _table(data, recipe, face, chosen)
        judged = np.flatnonzero(table.is_judged & ~table.belongs_to(split.test))
        unseen = np.full((len(judged), len(chosen)), np.nan, dtype=np.float32)
        for number, people in enumerate(split.parts):
            outside = table.belongs_to(people | split.test)
            kept_out = np.zeros(len(table.row), dtype=bool)
            kept_out[judged] = people[judged]
            if not kept_out.any():
                raise InputError(
                    f"part {number} of the people who calibrate must have a face with pixels"
                )
            classifier = _classifier(recipe, table.shape).fit_on(
                table.samples(table.is_taught & ~outside), table.samples(kept_out)
            )
            assert isinstance(classifier, GridClassifier)
            rows = people[judged]
            unseen[rows] = classifier.predict_proba(table.grid[judged[rows]])
            members.append(PixelMember(face, chosen, number, classifier))
        seen = np.isfinite(unseen).all(axis=1)
        found = choose_thresholds(table.labels[judged[seen]], unseen[seen], recipe.max_fpr)
        limits |= dict(zip(chosen, map(float, found), strict=True))
    return FittedPixels(recipe, members, limits)


@dataclass(frozen=True)
class _Table:
    """Rows of one half of the face: the own ones first, then faces at rest, then extra ones."""

    grid: NDArray[np.float32]
    shape: tuple[int, ...]
    labels: NDArray[np.float32]
    weight: NDArray[np.float32]
    row: NDArray[np.intp]
    is_judged: NDArray[np.bool_]
    is_taught: NDArray[np.bool_]
    belongs_to: Callable[[NDArray[np.bool_]], NDArray[np.bool_]]

    def samples(self, chosen: NDArray[np.bool_]) -> Samples:
        places = np.flatnonzero(chosen)
        return self.grid[places], self.labels[places], self.weight[places]


def _table(
    data: TrainingData, recipe: TrainingRecipe, face: Face | None, aus: tuple[int, ...]
) -> _Table:
    own = data.own
    rest = [at_rest(own)] if recipe.augment and own.has_neutral.any() else []
    extra = [part for part in data.extra if recipe.uses_extra and "crop" in part.attributes]
    parts = [own, *rest, *extra]
    grids = [_grid(part, recipe, face) for part in parts]
    intensity = np.concatenate([intensity_of(part, aus) for part in parts])
    labels = labels_of_intensity(intensity, recipe.minimum_intensity, recipe.faint)
    weight = np.concatenate([part.attributes.get("weight", np.ones(len(part))) for part in parts])
    row = np.full(len(labels), -1)
    row[: len(own)] = np.arange(len(own))
    for part in rest:
        first = {name: number for number, name in enumerate(own.subject.astype(str).tolist())}
        row[len(own) : len(own) + len(part)] = [first[name] for name in part.subject.astype(str)]
    grid = np.concatenate([found for found, _ in grids])
    known = np.isfinite(grid).all(axis=1)
    if recipe.uses_neutral:
        known &= np.concatenate([part.has_neutral for part in parts])
    judged = np.zeros(len(labels), dtype=bool)
    judged[: len(own)] = own.is_apex & known[: len(own)]
    taught = known
    if recipe.model in OF_TIME and recipe.pixels.time_labels == "sequence":
        taught = known & np.concatenate([part.is_apex for part in parts])
    return _Table(
        grid, grids[0][1], labels, weight.astype(np.float32), row, judged, taught,
        lambda people: (row >= 0) & people[row],
    )  # fmt: skip


def _grid(
    sequences: LabelledSequences, recipe: TrainingRecipe, face: Face | None
) -> tuple[NDArray[np.float32], tuple[int, ...]]:
    grid = PIXEL_KINDS[recipe.model][1]
    return grid_rows(sequences, grid, face, uses_neutral=recipe.uses_neutral)


def _classifier(recipe: TrainingRecipe, shape: tuple[int, ...]) -> GridClassifier:
    kind = PIXEL_KINDS[recipe.model][0]
    return kind(
        shape,
        recipe.pixels,
        positive_weight_cap=recipe.positive_weight_cap,
        augment=recipe.augment,
        random_state=recipe.random_state,
    )
