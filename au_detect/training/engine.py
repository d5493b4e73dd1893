"""One engine: collections and a recipe → classifiers that are calibrated and have thresholds.

`train`, `evaluate`, `compare` and folds all go through `fit`: what is judged is what is shipped.

People of the own collection are split: most train the weights, with all of the extra collections;
others stop the training, calibrate, and choose thresholds for a stated false-positive rate; *test*
people, if there are any, do nothing but measure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.base import AUClassifier
from au_detect.classifiers.base import Samples as Rows
from au_detect.classifiers.continued import AS_GIVEN
from au_detect.classifiers.manifest import NetworkEntry
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.evaluation.curve_rates import roc_auc
from au_detect.facs import Face, au_label
from au_detect.training.data import TrainingData
from au_detect.training.fitted import FittedHalf, FittedModel
from au_detect.training.halves import halves_of
from au_detect.training.members import Member, mean_with_mirror
from au_detect.training.people import PeopleSplit, split_people
from au_detect.training.preference import is_better
from au_detect.training.recipe import MODELS, TrainingRecipe
from au_detect.training.samples import Samples, columns_of
from au_detect.training.start import Start, find_start, with_started
from au_detect.training.watch import Watch, network_name

LAYERS = tuple(range(2, 8))
"""Numbers of hidden layers that `TrainingRecipe.search_layers` tries."""


def fit(
    data: TrainingData,
    recipe: TrainingRecipe | None = None,
    *,
    neutral: Sequence[bool] | None = None,
    aus: Sequence[int] | None = None,
    watch: Watch | None = None,
) -> FittedModel:
    """Fit classifiers, calibration and thresholds.

    Parameters
    ----------
    data : TrainingData
    recipe : TrainingRecipe, optional
    neutral : sequence of bool, optional
        Whether to fit classifiers that compare with the person's neutral face, that do not, or
        both; by default what the recipe says. Those that compare are left out where nobody has
        a neutral face.
    aus : sequence of int, optional
        What to learn; by default the AUs that enough people show.
    watch : Watch, optional
        Who follows the training.

    Raises
    ------
    InputError
        If no AU is shown by enough people, there are fewer than two people, furrows are wanted that
        were not measured, or the recipe is of pixels (see `au_detect.training.pixel_fit`).
    """
    recipe = recipe or TrainingRecipe()
    if recipe.is_of_pixels:
        raise InputError(f"model must be one of features, got {recipe.model!r}: see fit_pixels")
    data, watch = data.in_order(), watch or Watch()
    if data.own.furrows is None and recipe.features == "furrows":
        raise InputError("furrows must be measured on pictures, got landmarks alone")
    if data.own.furrows is None and recipe.features == "both":
        recipe = replace(recipe, features="geometry")
    dropped: dict[str, int] = {}
    if aus is None:
        aus, dropped = aus_with_enough_people(data.own, recipe)
    learnt, start = tuple(aus), find_start(data, recipe)
    all_aus = with_started(learnt, start)
    split = split_people(data.own.subject, recipe)
    samples = Samples(data, recipe)
    has_neutral = bool(data.own.has_neutral.any())
    kinds = [n for n in (neutral or (recipe.uses_neutral,)) if has_neutral or not n] or [False]
    halves = [
        _fit_half(_Task(samples, split, recipe, uses_neutral, face, chosen, learnt, start, watch))
        for uses_neutral in kinds
        for face, chosen in halves_of(all_aus, recipe)
    ]
    started = start.described if start else None
    test = data.own.rows(split.test)
    return FittedModel(data, recipe, learnt, dropped, tuple(halves), test, started)


def aus_with_enough_people(
    sequences: LabelledSequences, recipe: TrainingRecipe
) -> tuple[tuple[int, ...], dict[str, int]]:
    """Return the AUs that enough people show, and how many show each of the others.

    Raises
    ------
    InputError
        If none is shown by `TrainingRecipe.min_positive_subjects` people.
    """
    labels = sequences.labels(sequences.aus, recipe.minimum_intensity, recipe.faint)
    n_people = {
        au: len(np.unique(sequences.subject[labels[:, column] == 1]))
        for column, au in enumerate(sequences.aus)
    }
    kept = tuple(sorted(au for au, n in n_people.items() if n >= recipe.min_positive_subjects))
    dropped = {au_label(au): n for au, n in sorted(n_people.items()) if au not in kept}
    if not kept:
        most = max(n_people.values(), default=0)
        raise InputError(
            f"an AU must be shown by {recipe.min_positive_subjects} people to be learnt, got at "
            f"most {most}: lower min_positive_subjects (--min-positive-subjects {max(most, 1)})"
        )
    return kept, dropped


@dataclass(frozen=True)
class _Task:
    """What the classifiers of one half of the face are fitted to."""

    samples: Samples
    split: PeopleSplit
    recipe: TrainingRecipe
    uses_neutral: bool
    face: Face | None
    aus: tuple[int, ...]
    learnt: tuple[int, ...]
    start: Start | None
    watch: Watch


def _fit_half(task: _Task) -> FittedHalf:
    """Fit every candidate and keep the one that does best on the people who calibrate.

    What the given networks say as they are is kept unless another way is clearly better.
    """
    features = task.samples.features(task.face, uses_neutral=task.uses_neutral)
    labels = task.samples.labels(task.aus)
    best: FittedHalf | None = None
    subject = None if task.start is None else task.samples.subject
    for candidate in _candidates(task, features, labels):
        if best is None or is_better(candidate, best, subject):
            best = candidate
    assert best is not None
    return best


def _candidates(
    task: _Task, features: NDArray[np.float32], labels: NDArray[np.float32]
) -> Iterator[FittedHalf]:
    recipes = [task.recipe]
    if task.recipe.search_layers and task.recipe.is_network:
        recipes = [replace(task.recipe, upper_layers=n, lower_layers=n) for n in LAYERS]
    for number, recipe in enumerate(recipes):
        watch = task.watch.step(number, len(recipes))
        members = [
            _fit_member(replace(task, recipe=recipe, watch=watch), view, part, features, labels)
            for view in recipe.views
            for part in range(len(task.split.parts))
        ]
        alternatives = members[0].classifier.alternatives
        for name in alternatives:
            chosen = [Member(m.view, m.part, m.classifier.alternative(name)) for m in members]
            yield _judged(task, recipe, name, chosen, features, labels)


def _fit_member(
    task: _Task, view: str, part: int, features: NDArray[np.float32], labels: NDArray[np.float32]
) -> Member:
    """Fit the classifier of one view that one part of the people calibrates."""
    samples, columns = task.samples, columns_of(task.face).of(view)
    known = _known(task, view)
    held_out = known & samples.is_judged & samples.belongs_to(task.split.parts[part])
    outside = samples.belongs_to(task.split.parts[part] | task.split.test)

    if not held_out.any():
        raise InputError(
            f"part {part} of the people who calibrate must have a face that is measured"
        )

    def rows(chosen: NDArray[np.bool_]) -> Rows:
        places = np.flatnonzero(chosen)
        return features[places, columns], labels[places], samples.weight[places]

    name = network_name(task.face, task.uses_neutral, view != "geometry")
    options = {}
    if task.recipe.is_network:
        options = task.watch.options(name, part, len(task.split.parts), task.aus)
    make = partial(MODELS[task.recipe.model], task.face, task.recipe, **options)
    classifier: AUClassifier
    if task.start is None:
        classifier = make()
    else:
        assert task.face is not None
        classifier = task.start.classifier(
            make, task.face, view, task.aus, task.learnt, uses_neutral=task.uses_neutral
        )
    return Member(view, part, classifier.fit_on(rows(known & ~outside), rows(held_out)))


def _judged(
    task: _Task,
    recipe: TrainingRecipe,
    alternative: str,
    members: list[Member],
    features: NDArray[np.float32],
    labels: NDArray[np.float32],
) -> FittedHalf:
    """Let every part of the people judge the classifiers that did not learn from it."""
    samples = task.samples
    part = np.full(len(samples), -1)
    for number, people in enumerate(task.split.parts):
        part[samples.belongs_to(people)] = number
    judged = np.flatnonzero(samples.is_judged & (part >= 0) & _known(task, task.recipe.views[0]))
    unseen = {
        view: np.full((len(judged), len(task.aus)), np.nan, dtype=np.float32)
        for view in recipe.views
    }
    for member in members:
        rows = part[judged] == member.part
        found = mean_with_mirror(member, features, columns_of(task.face), judged[rows])
        unseen[member.view][rows] = found
    mean = np.mean(list(unseen.values()), axis=0)
    aucs = tuple(
        roc_auc(labels[judged, column], mean[:, column], part[judged])
        for column, au in enumerate(task.aus)
        if au in task.learnt
    )
    return FittedHalf(
        uses_neutral=task.uses_neutral,
        face=task.face,
        aus=task.aus,
        members=_different(members, alternative),
        unseen=unseen,
        labels=labels[judged],
        part=part[judged],
        row=samples.row[judged],
        intensity=samples.intensity(task.aus)[judged],
        strata=tuple(values[judged] for values in samples.strata(recipe.strata)),
        unseen_aucs=aucs,
        alternative=alternative,
        layers=_layers(recipe, task.face),
        learnt=tuple(au for au in task.aus if au in task.learnt),
        given=_given(task),
    )


def _different(members: list[Member], alternative: str) -> tuple[Member, ...]:
    """Return one member for each view where all parts have the networks as they were given."""
    if alternative != AS_GIVEN:
        return tuple(members)
    return tuple({member.view: member for member in reversed(members)}.values())[::-1]


def _given(task: _Task) -> NetworkEntry | None:
    if task.start is None or task.face is None:
        return None
    return task.start.entry(task.face, uses_neutral=task.uses_neutral)


def _layers(recipe: TrainingRecipe, face: Face | None) -> int:
    layers = {"upper": recipe.upper_layers, "lower": recipe.lower_layers}
    return max(layers.values()) if face is None else layers[face]


def _known(task: _Task, view: str) -> NDArray[np.bool_]:
    """Return the rows that have what a view reads."""
    samples = task.samples
    known = samples.has_neutral if task.uses_neutral else samples.is_possible
    return known if view == "geometry" else known & samples.has_furrows
