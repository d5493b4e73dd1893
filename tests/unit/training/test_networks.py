import dataclasses
from importlib.util import find_spec

import numpy as np
import pytest

if not (find_spec("tensorflow") and find_spec("sklearn")):
    pytest.skip("training needs tensorflow and scikit-learn", allow_module_level=True)

from au_detect.classifiers.storage import NetworkKind, load_model
from au_detect.datasets.labelled_features import LabelledFeatures
from au_detect.errors import InputError
from au_detect.training.networks import TrainingRecipe, train_models

RECIPE = TrainingRecipe(
    upper_layers=1,
    lower_layers=2,
    units=12,
    learning_rate=0.03,
    max_epochs=12,
    experimental=(12,),
    random_state=4,
)


def make_table(uses_neutral=True, n_subjects=100, seed=0, uses_furrows=True):
    """AU1 and AU12 follow one feature each; AU2 is shown by three subjects, AU15 by nobody."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(n_subjects), 6)
    upper, lower = (rng.normal(size=(len(subject), n)) for n in (3, 2))
    intensity = np.zeros((len(subject), 4))
    intensity[:, 0] = np.where(upper[:, 0] > 0.5, 3, 0)
    intensity[:, 1] = np.where(lower[:, 0] > 0.5, 4, 0)
    intensity[subject < 3, 2] = 2
    return LabelledFeatures(
        upper=upper,
        lower=lower,
        upper_names=("u0", "u1", "u2"),
        lower_names=("l0", "l1"),
        aus=(1, 12, 2, 15),
        intensity=intensity,
        subject=subject,
        uses_neutral=uses_neutral,
        uses_furrows=uses_furrows,
        landmark_model="made-up",
        source={"kind": "made up"},
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "default"
    reported = []
    manifest = train_models(
        [make_table(True), make_table(False, seed=1, uses_furrows=False)],
        folder,
        RECIPE,
        pose_range_deg=(10.0, 20.0, 30.0),
        progress=lambda *step: reported.append(step),
    )
    return folder, manifest, reported


def test_writes_the_folder_that_detection_loads(trained):
    folder, manifest, _ = trained
    model = load_model(folder)
    assert model.manifest == manifest
    names = [entry.name for entry in manifest.networks]
    assert names == [
        "upper_neutral_furrows", "lower_neutral_furrows", "upper_single", "lower_single",
    ]  # fmt: skip
    assert (manifest.landmark_model, manifest.pose_range_deg) == ("made-up", (10.0, 20.0, 30.0))
    for kind in (NetworkKind(True, True), NetworkKind(False, False)):
        assert model.aus(kind) == (1,)
        assert model.aus(kind, experimental=True) == (1, 12)
        model.check_features(("u0", "u1", "u2"), ("l0", "l1"), kind)


def test_detects_in_new_people(trained):
    new = make_table(n_subjects=300, seed=9)
    model, kind = load_model(trained[0]), NetworkKind(uses_neutral=True, uses_furrows=True)
    thresholds = list(model.thresholds(kind, (1, 12)).values())
    decided = model.predict(new.upper, new.lower, kind, (1, 12)) >= thresholds
    present = new.labels()[:, :2] == 1
    assert decided[present].mean() > 0.9
    assert decided[~present].mean() < 0.05


def test_manifest_holds_what_held_out_subjects_measured(trained):
    entry = trained[1].networks[0]
    measured = entry.metrics[1]
    assert measured["n_positive"] + measured["n_negative"] == 10 * 6  # a tenth of the subjects
    assert measured["auc"] > 0.97
    assert measured["fpr"] < 0.1
    assert 0 < entry.thresholds[0] < 1


def test_manifest_says_how_it_was_made(trained):
    training = trained[1].training
    assert training["recipe"] == dataclasses.asdict(RECIPE) | {"experimental": [12]}
    assert training["n_test_subjects"] == 10
    assert [table["n_rows"] for table in training["tables"]] == [600, 600]
    assert training["tables"][0]["source"] == {"kind": "made up"}


def test_rare_aus_are_dropped_and_named(trained):
    dropped = trained[1].training["dropped_aus"]
    assert dropped["upper_neutral_furrows"] == {"AU02": 3}
    assert dropped["lower_single"] == {"AU15": 0}


def test_experimental_aus_are_marked(trained):
    assert [entry.experimental for entry in trained[1].networks] == [(), (12,), (), (12,)]


def test_progress_names_every_network(trained):
    reported = trained[2]
    assert reported[0] == ("upper_neutral_furrows", 1, 12)
    assert list(dict.fromkeys(name for name, _, _ in reported)) == [
        entry.name for entry in trained[1].networks
    ]


def test_a_failed_training_leaves_the_old_model(trained):
    folder, manifest, _ = trained
    with pytest.raises(InputError, match=r"shown by 1000 subjects, got .*'AU02': 3"):
        train_models(make_table(), folder, TrainingRecipe(min_positive_subjects=1000))
    assert load_model(folder).manifest == manifest


def test_tables_must_go_together(tmp_path):
    with pytest.raises(InputError, match=r"differ in uses_neutral or uses_furrows, got \[\(True"):
        train_models([make_table(), make_table()], tmp_path)
    other = dataclasses.replace(make_table(False), landmark_model="other")
    with pytest.raises(InputError, match=r"one landmark_model, got \['made-up', 'other'\]"):
        train_models([make_table(), other], tmp_path)
    with pytest.raises(InputError, match=r"differ in uses_neutral or uses_furrows, got \[\]"):
        train_models([], tmp_path)


def test_without_test_subjects_the_validation_subjects_measure(tmp_path):
    recipe = dataclasses.replace(RECIPE, test_fraction=0, max_epochs=1)
    manifest = train_models(make_table(), tmp_path, recipe)
    measured = manifest.networks[0].metrics[1]
    assert measured["n_positive"] + measured["n_negative"] == 20 * 6
    assert measured["fpr"] <= 0.02
    assert manifest.training["metrics_measured_on"] == "validation subjects"


def test_every_subject_calibrates_in_turn(tmp_path):
    recipe = dataclasses.replace(RECIPE, calibration_folds=3)
    manifest = train_models(make_table(), tmp_path / "model", recipe)
    for entry in manifest.networks:
        assert len(entry.files) == 3
        assert len(manifest.training["history"][entry.name]) == 3
    new = make_table(n_subjects=200, seed=9)
    model, kind = load_model(tmp_path / "model"), NetworkKind(True, True)
    thresholds = list(model.thresholds(kind, (1, 12)).values())
    decided = model.predict(new.upper, new.lower, kind, (1, 12)) >= thresholds
    present = new.labels()[:, :2] == 1
    assert decided[present].mean() > 0.9
    assert decided[~present].mean() < 0.05


def test_thresholds_may_stand_on_measured_rows_alone(tmp_path):
    table = make_table()
    easy = np.arange(600) % 2 == 1  # every second row rests, and augmentation made it
    upper, lower = table.upper.copy(), table.lower.copy()
    upper[easy], lower[easy] = 0, 0
    intensity = np.where(easy[:, None], 0, table.intensity)
    halves = dataclasses.replace(
        table, upper=upper, lower=lower, intensity=intensity, original=~easy
    )
    thresholds, counts = {}, {}
    for judge_augmented in (True, False):
        recipe = dataclasses.replace(RECIPE, judge_augmented=judge_augmented, max_fpr=0.05)
        entry = train_models(halves, tmp_path, recipe).networks[0]
        thresholds[judge_augmented] = entry.thresholds[0]
        counts[judge_augmented] = entry.metrics[1]["n_positive"] + entry.metrics[1]["n_negative"]
    assert counts == {True: 60, False: 30}
    assert thresholds[False] > thresholds[True]
