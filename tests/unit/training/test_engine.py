"""The one engine: what is judged is what is shipped, and nothing depends on chance orders."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.errors import InputError
from au_detect.evaluation import evaluate_aus
from au_detect.training.data import TrainingData
from au_detect.training.engine import fit
from au_detect.training.judging import judge_recipe
from au_detect.training.people import split_people
from au_detect.training.recipe import TrainingRecipe, told

QUICK = TrainingRecipe(model="logistic", max_fpr=0.05, test_fraction=0)
AUS = (1, 12, 25)


@pytest.fixture(scope="module")
def fitted(make_labelled):
    return fit(TrainingData(make_labelled()), QUICK)


def test_a_shuffled_table_gives_the_same_model(make_labelled, fitted):
    sequences = make_labelled()
    shuffled = sequences.rows(np.random.default_rng(0).permutation(len(sequences)))
    other = fit(TrainingData(shuffled), QUICK)
    new = make_labelled(seed=1)
    np.testing.assert_array_equal(fitted.predict_proba(new), other.predict_proba(new))
    np.testing.assert_array_equal(fitted.thresholds(new), other.thresholds(new))


@pytest.mark.slow
def test_the_seed_moves_the_folds(make_labelled):
    data = TrainingData(make_labelled(n_subjects=20))
    recipe = replace(QUICK, calibration_folds=1, min_positive_subjects=2)
    folds = []
    for seed in (0, 0, 1):
        found, _ = judge_recipe(data, replace(recipe, random_state=seed), n_folds=4)
        folds.append(found.fold)
    np.testing.assert_array_equal(folds[0], folds[1])
    assert (folds[0] != folds[2]).any()


@pytest.mark.parametrize(("n_people", "n_parts"), [(2, 2), (40, 3), (499, 3), (500, 1)])
def test_people_not_rows_decide_in_how_many_parts_they_calibrate(n_people, n_parts):
    for per_person in (1, 9):
        subject = np.repeat(np.arange(n_people), per_person)
        split = split_people(subject, TrainingRecipe(test_fraction=0))
        assert len(split.parts) == n_parts
    together = np.sum(split.parts, axis=0)
    assert together.max() == 1
    assert together.all() == (n_parts > 1)
    for part in split.parts:
        assert not set(subject[part]) & set(subject[~part])


def test_thresholds_hold_on_new_people_what_they_promise(make_labelled):
    """Every sixth label is wrong, so that no threshold divides without mistakes."""

    def with_wrong_labels(sequences, seed):
        wrong = np.random.default_rng(seed).random(sequences.intensity.shape) < 1 / 6
        there = (sequences.intensity > 0) != wrong
        return replace(sequences, intensity=np.where(there, 3, 0).astype(np.float32))

    own = with_wrong_labels(make_labelled(n_subjects=60), 0)
    fitted = fit(TrainingData(own), replace(QUICK, features="geometry", max_fpr=0.1))
    new = with_wrong_labels(make_labelled(n_subjects=200, seed=5), 1)
    found = fitted.predict_proba(new), fitted.thresholds(new)
    assert evaluate_aus(new.labels(AUS), *found, AUS).fpr.mean() == pytest.approx(0.1, abs=0.03)


def test_what_calibrates_was_measured_on_own_people(make_labelled):
    own, extra = make_labelled(n_subjects=20), make_labelled(n_subjects=30, seed=3)
    recipe = replace(QUICK, min_positive_subjects=2)
    for half in fit(TrainingData(own, (extra,)), recipe).halves:
        np.testing.assert_array_equal(np.sort(half.row), np.arange(100))
        assert np.isfinite(half.unseen_mean(("geometry", "both"))).all()


def test_an_extra_collection_may_teach_what_the_own_one_is_too_small_for(make_labelled):
    own = make_labelled(n_subjects=4, per_person=4)
    extra = make_labelled(n_subjects=60, seed=3)
    recipe = replace(QUICK, min_positive_subjects=1, calibration_folds=2)
    new = make_labelled(n_subjects=60, seed=9)
    aucs = [
        evaluate_aus(
            new.labels(AUS), fit(data, recipe, aus=AUS).predict_proba(new), [0.5] * 3, AUS
        ).auc.mean()
        for data in (TrainingData(own), TrainingData(own, (extra,)))
    ]
    assert aucs[0] < 0.996 < aucs[1]


def test_faint_aus_are_ignored_or_absent(make_labelled):
    sequences = make_labelled()
    weak = replace(sequences, intensity=np.where(sequences.intensity > 0, 1, 0).astype(np.float32))
    with pytest.raises(InputError, match="shown by 10 people"):
        fit(TrainingData(weak), replace(QUICK, minimum_intensity=2))
    for faint, expected in (("ignore", np.nan), ("absent", 0.0)):
        labels = weak.labels(AUS, 2, faint)
        np.testing.assert_array_equal(labels[weak.intensity == 1], expected)
        np.testing.assert_array_equal(labels[weak.intensity == 0], 0)
    with pytest.raises(InputError, match="faint must be one of 'ignore', 'absent', got 'half'"):
        TrainingRecipe(faint="half")


def test_collections_without_neutral_faces_are_judged_without(make_labelled):
    sequences = make_labelled()
    nowhere = np.full_like(sequences.neutral_points, np.nan)
    alone = replace(sequences, neutral_points=nowhere)
    model = fit(TrainingData(alone), QUICK, neutral=(True, False))
    assert not model.uses_neutral
    new = replace(make_labelled(seed=1), neutral_points=nowhere)
    result = evaluate_aus(new.labels(AUS), model.predict_proba(new), [0.5] * 3, AUS)
    assert (result.auc > 0.9).all()


def test_people_who_calibrate_are_predicted_by_networks_without_them(make_labelled, fitted):
    found = fitted.unseen_predictions()
    np.testing.assert_array_equal(found.rows, np.arange(200))
    part = found.fold
    subjects = fitted.data.own.subject
    assert len(np.unique(part)) == 3
    for number in range(3):
        assert not set(subjects[part == number]) & set(subjects[part != number])
    assert evaluate_aus(found.y, found.probabilities, found.thresholds, AUS).fpr.max() <= 0.05


def test_furrows_must_be_measured_if_they_are_asked_for(make_labelled):
    bare = TrainingData(make_labelled(furrows=None, neutral_furrows=None))
    with pytest.raises(InputError, match="furrows must be measured on pictures"):
        fit(bare, replace(QUICK, features="furrows"))
    assert fit(bare, QUICK).recipe.features == "geometry"


def test_a_baseline_is_not_told_to_have_what_it_has_not():
    recipe = TrainingRecipe(model="svm", positive_weighting="focal")
    said = told(recipe)
    assert said["positive_weighting"] == "per_au"
    assert not said.keys() & {"units", "focal_gamma", "learning_rate", "upper_layers", "start"}
    assert told(TrainingRecipe(positive_weighting="focal"))["positive_weighting"] == "focal"


@pytest.mark.slow
def test_thresholds_hold_in_every_part_of_the_own_collection(make_labelled):
    """Half of the people talk: then what is found says little, and thresholds must heed it."""
    own = make_labelled(n_subjects=240)
    talks = np.arange(len(own)) % 2 == 0
    wrong = np.random.default_rng(0).random(own.intensity.shape) < 0.3
    there = (own.intensity > 0) != (wrong & talks[:, None])
    own = replace(
        own,
        intensity=np.where(there, 3, 0).astype(np.float32),
        attributes={"display": np.where(talks, "speech", "expression")},
    )
    recipe = replace(QUICK, features="geometry", max_fpr=0.3)
    plain = fit(TrainingData(own), recipe)
    strict = fit(TrainingData(own), replace(recipe, strata=("display",), stratum_max_fpr=0.3))
    assert (strict.thresholds(own) > plain.thresholds(own)).all()
    with pytest.raises(InputError, match="each of strata must be one of"):
        fit(TrainingData(own), replace(recipe, strata=("age",)))
