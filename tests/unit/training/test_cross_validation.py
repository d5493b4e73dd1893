"""Learners and out-of-fold predictions; above all, that nothing leaks from test to training."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from au_detect.errors import InputError
from au_detect.evaluation import evaluate_aus
from au_detect.evaluation.predictions import write_repeats
from au_detect.evaluation.protocols import make_folds
from au_detect.training.cross_validation import cross_validate
from au_detect.training.data import TrainingData
from au_detect.training.engine import aus_with_enough_people, fit
from au_detect.training.recipe import TrainingRecipe, ablated

LINEAR = TrainingRecipe(model="linear-svm", max_fpr=0.05, calibration_folds=2, test_fraction=0)
AUS = (1, 12, 25)


def evaluated(sequences, recipe=LINEAR, protocol="subject-kfold", aus=AUS, **more):
    folds = make_folds(protocol, sequences.subject, n_folds=3)
    (found,) = cross_validate(TrainingData(sequences), aus, [recipe], folds, **more)
    return found, evaluate_aus(found.y, found.probabilities, found.thresholds, aus, found.fold)


def fitted(sequences, recipe=LINEAR):
    return fit(TrainingData(sequences), recipe, aus=AUS)


@pytest.fixture(scope="module")
def judged(make_labelled):
    return evaluated(make_labelled())


@pytest.fixture(scope="module")
def judged_by_landmarks(make_labelled):
    return evaluated(make_labelled(), replace(LINEAR, features="geometry"))


def test_finds_what_is_there_in_people_it_never_saw(make_labelled, judged):
    found, evaluation = judged
    assert (evaluation.auc > 0.95).all()
    assert (evaluation.tpr > 0.8).all()
    assert (evaluation.fpr < 0.12).all()
    np.testing.assert_array_equal(found.rows, np.arange(200))
    np.testing.assert_array_equal(found.y, make_labelled().labels(AUS, 1.0))


@pytest.mark.slow
@pytest.mark.parametrize(("protocol", "n_seeds"), [("subject-kfold", 4), ("loso", 2)])
def test_labels_shuffled_between_subjects_cannot_be_found(make_labelled, protocol, n_seeds):
    aucs = []
    for seed in range(n_seeds):
        sequences = make_labelled(n_subjects=30, seed=seed)
        order = np.random.default_rng(seed).permutation(30)
        blocks = sequences.intensity.reshape(30, 5, 3)[order]
        shuffled = replace(sequences, intensity=blocks.reshape(150, 3))
        options = replace(LINEAR, augment=False, features="geometry", calibration_folds=1)
        aucs.append(evaluated(shuffled, options, protocol)[1].mean_auc())
    assert np.mean(aucs) == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
def test_labels_that_only_say_who_it_is_are_found_where_subjects_are_shared(make_labelled):
    """The leak test could see a leak: the random quarter has one."""
    sequences = make_labelled(n_subjects=30, per_person=8)
    by_person = 3.0 * (np.random.default_rng(1).random((30, 3)) < 0.5)
    personal = replace(sequences, intensity=by_person[sequences.subject].astype(np.float32))
    options = replace(LINEAR, model="svm", uses_neutral=False, features="geometry", augment=False)
    shared = evaluated(personal, options, "random-quarter")[1].mean_auc()
    exclusive = evaluated(personal, options, "subject-kfold")[1].mean_auc()
    assert shared > 0.75
    assert exclusive == pytest.approx(0.5, abs=0.15)


def test_test_rows_do_not_matter_to_what_is_learnt(make_labelled):
    sequences = make_labelled()
    fold = make_folds("subject-kfold", sequences.subject, n_folds=5)[0]
    changed = replace(
        sequences,
        points=np.where(fold.test[:, None, None], sequences.points * 1.5, sequences.points),
        intensity=np.where(
            fold.test[:, None], np.where(sequences.intensity > 0, 0, 3), sequences.intensity
        ),
    )
    learnt = [fitted(s.rows(fold.training)) for s in (sequences, changed)]
    np.testing.assert_array_equal(*(model.predict_proba(sequences) for model in learnt))
    np.testing.assert_array_equal(*(model.thresholds(sequences) for model in learnt))


@pytest.mark.slow
def test_processes_do_not_change_the_result(make_labelled):
    sequences = make_labelled(n_subjects=20)
    options = replace(LINEAR, calibration_folds=1)
    alone, both = (evaluated(sequences, options, n_jobs=n)[0] for n in (1, 2))
    np.testing.assert_array_equal(alone.probabilities, both.probabilities)
    np.testing.assert_array_equal(alone.thresholds, both.thresholds)


def test_a_mirrored_face_gets_the_same_answer(make_labelled):
    from au_detect.datasets.augmentation import mirrored

    learner = fitted(make_labelled())
    new = make_labelled(seed=1)
    np.testing.assert_allclose(
        learner.predict_proba(mirrored(new)), learner.predict_proba(new), atol=1e-4
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "finds"),
    [
        ({"features": "furrows"}, False),  # furrows are noise in these sequences
        ({"uses_neutral": False}, True),
        ({"one_network": True}, True),
        ({"augment": False}, True),
    ],
)
def test_what_a_learner_lacks(make_labelled, changes, finds):
    auc = evaluated(make_labelled(), replace(LINEAR, **changes))[1].mean_auc()
    assert auc > 0.85 if finds else abs(auc - 0.5) < 0.1


def test_landmarks_alone_find_it_too(judged_by_landmarks):
    assert judged_by_landmarks[1].mean_auc() > 0.85


def test_ablations_have_names_and_leave_out_what_changes_nothing():
    found = ablated("svm", replace(LINEAR, model="svm"), ("furrows", "neutral", "networks"))
    assert list(found) == ["svm, geometry only", "svm, without neutral", "svm, one network"]
    assert found["svm, without neutral"].uses_neutral is False
    assert ablated("svm", replace(LINEAR, features="geometry"), ("furrows", "landmarks")) == {}
    with pytest.raises(InputError, match=r"ablate must be one of 'furrows', .*got 'ears'"):
        ablated("svm", LINEAR, ("ears",))


@pytest.mark.slow
def test_only_the_last_row_of_a_sequence_is_tested(make_labelled):
    names = np.array([f"{i // 2}" for i in range(200)])  # two rows a sequence, some cross subjects
    sequences = make_labelled(attributes={"name": names, "weight": np.full(200, 0.5)})
    last = sequences.is_apex
    pairs = [f"{s}-{n}" for s, n in zip(sequences.subject, names, strict=True)]
    assert last.sum() == len(set(pairs))
    found, _ = evaluated(sequences)
    np.testing.assert_array_equal(found.rows, np.flatnonzero(last))


@pytest.mark.slow
def test_rows_of_weight_nought_do_not_train(make_labelled):
    sequences = make_labelled()
    wrong = np.random.default_rng(0).random(200) < 0.7
    intensity = np.where(
        wrong[:, None], np.where(sequences.intensity > 0, 0, 3), sequences.intensity
    ).astype(np.float32)
    spoilt = replace(sequences, intensity=intensity)
    weighted = replace(spoilt, attributes={"weight": np.where(wrong, 0.0, 1.0)})
    new = make_labelled(seed=1)
    aucs = [
        evaluate_aus(new.labels(AUS, 1.0), fitted(s).predict_proba(new),
                     [0.5] * 3, AUS).mean_auc()
        for s in (spoilt, weighted)
    ]  # fmt: skip
    assert aucs[0] < 0.7
    assert aucs[1] > 0.95


def test_aus_of_few_people_are_named(make_labelled):
    sequences = make_labelled()
    rare = sequences.intensity.copy()
    rare[sequences.subject > 2, 1] = 0
    kept, dropped = aus_with_enough_people(replace(sequences, intensity=rare), LINEAR)
    assert kept == (1, 25)
    assert dropped.keys() == {"AU12"}
    assert dropped["AU12"] <= 3
    with pytest.raises(InputError, match=r"shown by 100 people .*--min-positive-subjects \d"):
        aus_with_enough_people(sequences, replace(LINEAR, min_positive_subjects=100))


def test_predictions_as_a_table(make_labelled, judged, tmp_path):
    found, evaluation = judged
    found.write_csv(tmp_path / "predictions.csv", make_labelled())
    table = pd.read_csv(tmp_path / "predictions.csv")
    assert len(table) == 200
    assert table["AU12_c"].sum() == evaluation.tp[1] + evaluation.fp[1]
    assert set(table["fold"]) == set(range(3))


def test_predictions_of_every_repeat_stand_below_one_another(
    make_labelled, judged, judged_by_landmarks, tmp_path
):
    runs = [judged[0], judged_by_landmarks[0]]
    write_repeats(tmp_path / "predictions.csv", runs, make_labelled())
    table = pd.read_csv(tmp_path / "predictions.csv")
    assert table.columns[0] == "repeat"
    assert table["repeat"].tolist() == [0] * 200 + [1] * 200
    for number, run in enumerate(runs):
        said = table.loc[table["repeat"] == number, "AU12_p"].astype(float)
        np.testing.assert_allclose(said, run.probabilities[:, AUS.index(12)], atol=1e-6)


def test_unknown_models_are_refused():
    with pytest.raises(InputError, match=r"model must be one of 'mlp', .*got 'forest'"):
        TrainingRecipe(model="forest")
    with pytest.raises(InputError, match="features must be one of 'both'"):
        TrainingRecipe(features="all")
