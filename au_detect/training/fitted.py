"""What a training gave: classifiers whose answers are averaged, with thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.calibration import (
    choose_thresholds,
    fit_intensity_scale,
    thresholds_in_strata,
    thresholds_of_evidence,
)
from au_detect.classifiers.intensity import intensity_of
from au_detect.classifiers.manifest import NetworkEntry
from au_detect.datasets.augmentation import measured_pairs
from au_detect.datasets.labelled_features import graded
from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.predictions import Predictions
from au_detect.facs import Face
from au_detect.training.data import TrainingData
from au_detect.training.members import Member, mean_with_mirror
from au_detect.training.recipe import TrainingRecipe
from au_detect.training.samples import Faces, columns_of


@dataclass(frozen=True)
class FittedHalf:
    """The classifiers of one half of the face, for faces with or without a neutral.

    Attributes
    ----------
    uses_neutral : bool
    face : {"upper", "lower"} or None
        None: of the whole face.
    aus : tuple of int
    members : tuple of Member
    unseen : dict of str to ndarray, float32, shape (n, n_aus)
        By view, what members say of the rows of people that they did not learn from.
    labels : ndarray, float32, shape (n, n_aus)
        Of those rows: 1, 0 or NaN.
    part : ndarray of int, shape (n,)
        Who judged them.
    row : ndarray of int, shape (n,)
        Which own row each was made of.
    intensity : ndarray, float32, shape (n, n_aus)
        Of those rows: 0 to 5 or NaN.
    strata : tuple of ndarray, shape (n,)
        Ways in which they are divided, see `TrainingRecipe.strata`.
    unseen_aucs : tuple of float
        AUC of every AU of `learnt` over those rows, compared within parts.
    alternative : str
        Which way of starting from other networks was chosen; "" where there was none.
    layers : int
        Hidden layers.
    learnt : tuple of int
        Those of `aus` that the data show often enough; the others are as the given networks have
        them.
    given : NetworkEntry or None
        Of the networks that training began from.
    """

    uses_neutral: bool
    face: Face | None
    aus: tuple[int, ...]
    members: tuple[Member, ...]
    unseen: dict[str, NDArray[np.float32]]
    labels: NDArray[np.float32]
    part: NDArray[np.intp]
    row: NDArray[np.intp]
    intensity: NDArray[np.float32]
    strata: tuple[NDArray[Any], ...]
    unseen_aucs: tuple[float, ...]
    alternative: str
    layers: int
    learnt: tuple[int, ...]
    given: NetworkEntry | None = None
    _scales: dict[tuple[str, ...], NDArray[np.float64] | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def unseen_auc(self) -> float:
        """Mean of `unseen_aucs`; -1 where none is defined."""
        defined = [auc for auc in self.unseen_aucs if np.isfinite(auc)]
        return float(np.mean(defined)) if defined else -1.0

    def unseen_mean(self, views: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean over views of what is said of unseen people."""
        return np.mean([self.unseen[view] for view in views], axis=0, dtype=np.float32)

    def thresholds(self, views: Sequence[str], recipe: TrainingRecipe) -> NDArray[np.float64]:
        """Return the thresholds (n_aus,) for the mean of the members of some views.

        An AU that nobody is known not to show keeps the threshold of the given networks.
        """
        unseen = self.unseen_mean(views)
        rates = thresholds_in_strata(self.labels, unseen, self.strata, recipe.stratum_max_fpr)
        evidence = thresholds_of_evidence(self.labels, recipe.least_likelihood_ratio)
        thresholds = choose_thresholds(self.labels, unseen, recipe.max_fpr)
        thresholds = np.maximum(thresholds, np.maximum(rates, evidence))
        if self.given is not None:
            known = dict(zip(self.given.aus, self.given.thresholds, strict=True))
            for column, au in enumerate(self.aus):
                if not (self.labels[:, column] == 0).any():
                    thresholds[column] = known.get(au, thresholds[column])
        return thresholds

    def intensity_scale(self, views: Sequence[str]) -> NDArray[np.float64] | None:
        """Return what makes intensities of what members of some views say, see `intensity_of`.

        None where strengths were not coded.
        """
        key = tuple(views)
        if key not in self._scales:
            unseen = self.unseen_mean(views)
            self._scales[key] = fit_intensity_scale(graded(self.intensity), unseen)
        return self._scales[key]

    def predict_proba(
        self, features: NDArray[np.float32], views: Sequence[str]
    ) -> NDArray[np.float32]:
        """Return the mean probabilities (n, n_aus) for a face and its mirror image."""
        columns = columns_of(self.face)
        answers = [mean_with_mirror(m, features, columns) for m in self.members if m.view in views]
        return np.mean(answers, axis=0, dtype=np.float32)


class FittedModel:
    """Fitted classifiers of the whole face; made by `au_detect.training.engine.fit`.

    Attributes
    ----------
    data : TrainingData
        What it was fitted to, in order.
    recipe : TrainingRecipe
    aus : tuple of int
    dropped : dict of str to int
        AUs that too few people show, and how many do.
    halves : tuple of FittedHalf
    test : LabelledSequences
        The own rows that only measure; may be none.
    started_from : dict or None
        Which model the networks began from; None for networks that began from nothing.
    """

    def __init__(
        self,
        data: TrainingData,
        recipe: TrainingRecipe,
        aus: tuple[int, ...],
        dropped: dict[str, int],
        halves: tuple[FittedHalf, ...],
        test: LabelledSequences,
        started_from: dict[str, Any] | None = None,
    ) -> None:
        self.data = data
        self.recipe = recipe
        self.aus = aus
        self.dropped = dropped
        self.halves = halves
        self.test = test
        self.started_from = started_from

    @property
    def uses_neutral(self) -> bool:
        """Whether there are classifiers that compare with a neutral face."""
        return any(half.uses_neutral for half in self.halves)

    def predict_proba(
        self, sequences: LabelledSequences, aus: Sequence[int] | None = None
    ) -> NDArray[np.float32]:
        """Return probabilities (n, n_aus) of the apex faces, from all that was measured on them.

        NaN for an AU that was not learnt, and for a face without the neutral that is needed.
        """
        wanted = list(self.aus if aus is None else aus)
        views = self._views(sequences)
        faces, pairs = Faces(sequences), measured_pairs(len(sequences))
        probabilities = np.full((len(sequences), len(wanted)), np.nan, dtype=np.float32)
        for half in self._answering():
            features = faces.features(pairs, half.face, uses_neutral=half.uses_neutral)
            answer = half.predict_proba(features, views)
            for column, au in enumerate(wanted):
                if au in half.aus:
                    probabilities[:, column] = answer[:, half.aus.index(au)]
        return probabilities

    def thresholds(
        self, sequences: LabelledSequences, aus: Sequence[int] | None = None
    ) -> NDArray[np.float64]:
        """Return the thresholds (n_aus,) that belong to what `predict_proba` says of sequences."""
        views = self._views(sequences)
        found = {
            au: limit
            for half in self._answering()
            for au, limit in zip(half.aus, half.thresholds(views, self.recipe), strict=True)
        }
        return np.array([found.get(au, 0.5) for au in (self.aus if aus is None else aus)])

    def intensities(
        self,
        sequences: LabelledSequences,
        probabilities: NDArray[np.float32],
        aus: Sequence[int] | None = None,
    ) -> NDArray[np.float32] | None:
        """Return the intensities (n, n_aus) that belong to what `predict_proba` says of sequences.

        None where strengths were not coded; NaN for an AU that was not learnt.
        """
        views, wanted = self._views(sequences), list(self.aus if aus is None else aus)
        steps: dict[int, NDArray[np.float64]] = {}
        for half in self._answering():
            of_half = half.intensity_scale(views)
            if of_half is None:
                return None
            steps |= dict(zip(half.aus, of_half, strict=True))
        known = [column for column, au in enumerate(wanted) if au in steps]
        found = np.full(probabilities.shape, np.nan, dtype=np.float32)
        scale = np.array([steps[wanted[column]] for column in known])
        found[:, known] = intensity_of(probabilities[:, known], scale)
        return found

    @property
    def history(self) -> dict[str, list[dict[str, list[float]]]]:
        """Training curves of the networks by half of the face; empty for other classifiers."""
        curves: dict[str, list[dict[str, list[float]]]] = {}
        for half in self._answering():
            for member in half.members:
                found = getattr(member.classifier, "history_", [])
                curves.setdefault(half.face or "face", []).extend(found)
        return {face: found for face, found in curves.items() if found}

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen on the people who calibrate, by half of the face."""
        return {
            half.face or "face": {"start": half.alternative or "scratch", "layers": half.layers}
            for half in self._answering()
        }

    def unseen_predictions(self) -> Predictions:
        """Return what is said of the own people who calibrate, by networks without them.

        They have stopped these networks and chosen the thresholds.
        """
        columns, views = [], self._views(self.data.own)
        halves = self._answering()
        rows, first = np.unique(halves[0].row, return_index=True)  # as measured, which come first
        for au in self.aus:
            half = next(half for half in halves if au in half.aus)
            columns.append(half.unseen_mean(views)[first, half.aus.index(au)])
        recipe, own = self.recipe, self.data.own
        probabilities = np.stack(columns, axis=1)
        return Predictions(
            aus=self.aus,
            rows=rows,
            y=own.labels(self.aus, recipe.minimum_intensity, recipe.faint)[rows],
            probabilities=probabilities,
            thresholds=np.broadcast_to(self.thresholds(own), (len(rows), len(self.aus))),
            subject=own.subject[rows],
            fold=halves[0].part[first],
            history=[self.history] if self.history else [],
            chosen=[self.chosen],
            intensity=self.intensities(own, probabilities),
        )

    def _answering(self) -> list[FittedHalf]:
        return [half for half in self.halves if half.uses_neutral == self.uses_neutral]

    def _views(self, sequences: LabelledSequences) -> tuple[str, ...]:
        if sequences.furrows is not None:
            return self.recipe.views
        return tuple(view for view in self.recipe.views if view == "geometry")
