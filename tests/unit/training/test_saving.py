"""Model folders of fitted models, as detection loads them."""

import dataclasses
from importlib.util import find_spec

import numpy as np
import pytest

if not (find_spec("tensorflow") and find_spec("sklearn")):
    pytest.skip("training needs tensorflow and scikit-learn", allow_module_level=True)

from au_detect.classifiers.storage import NetworkKind, load_model
from au_detect.errors import InputError
from au_detect.evaluation.predictions import predict_with_model
from au_detect.training import engine
from au_detect.training.data import TrainingData
from au_detect.training.engine import fit
from au_detect.training.people import split_people
from au_detect.training.preference import is_better
from au_detect.training.recipe import TrainingRecipe
from au_detect.training.saving import save_fitted
from au_detect.training.watch import Watch

pytestmark = pytest.mark.slow

RECIPE = TrainingRecipe(
    upper_layers=1,
    lower_layers=2,
    units=12,
    learning_rate=0.06,
    max_epochs=4,
    max_fpr=0.05,
    calibration_folds=1,
    experimental=(12,),
    random_state=4,
)
KINDS = (NetworkKind(True, True), NetworkKind(True, False), NetworkKind(False, True))


@pytest.fixture(scope="module")
def sequences(make_labelled):
    """AU2 is shown by three subjects, AU15 by nobody."""
    made = make_labelled(n_subjects=60)
    more = np.zeros((300, 2), np.float32)
    more[made.subject < 3, 0] = 2
    return dataclasses.replace(
        made,
        aus=(1, 12, 25, 2, 15),
        intensity=np.hstack([made.intensity, more]),
        source={"kind": "made up"},
    )


@pytest.fixture(scope="module")
def lower(sequences):
    """The same people, of whom none shows an AU of the upper face: half as many networks."""
    intensity = sequences.intensity.copy()
    intensity[:, 0] = 0
    return dataclasses.replace(sequences, intensity=intensity)


@pytest.fixture(scope="module")
def trained(lower, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "default"
    reported = []
    watch = Watch(progress=lambda *step: reported.append(step))
    fitted = fit(TrainingData(lower), RECIPE, neutral=(True, False), watch=watch)
    manifest = save_fitted(fitted, folder, pose_range_deg=(10.0, 20.0, 30.0))
    return folder, manifest, reported, fitted


def test_writes_the_folder_that_detection_loads(trained, lower):
    folder, manifest, _, _ = trained
    model = load_model(folder)
    assert model.manifest == manifest
    names = [entry.name for entry in manifest.networks]
    assert names == [
        "lower_neutral", "lower_neutral_furrows", "lower_single", "lower_single_furrows",
    ]  # fmt: skip
    assert (manifest.landmark_model, manifest.pose_range_deg) == ("made-up", (10.0, 20.0, 30.0))
    for kind in KINDS:
        assert model.aus(kind) == (25,)
        assert model.aus(kind, experimental=True) == (12, 25)
        table = lower.features(uses_neutral=kind.uses_neutral, uses_furrows=kind.uses_furrows)
        model.check_features(table.upper_names, table.lower_names, kind)


def test_what_is_judged_is_what_is_shipped(trained, make_labelled):
    """The folder, as detection uses it, answers as the fitted model that folds judge."""
    new = make_labelled(n_subjects=20, seed=9)
    folder, _, _, fitted = trained
    shipped = predict_with_model(load_model(folder), new)
    np.testing.assert_allclose(
        shipped.probabilities, fitted.predict_proba(new, shipped.aus), atol=1e-5
    )
    np.testing.assert_allclose(shipped.thresholds[0], fitted.thresholds(new, shipped.aus))


def test_detects_in_new_people(trained, make_labelled):
    new = make_labelled(n_subjects=100, seed=9)
    found = predict_with_model(load_model(trained[0]), new)
    present = found.y == 1
    assert found.decided[present].mean() > 0.9
    assert found.decided[~present].mean() < 0.1


def test_manifest_holds_what_held_out_people_measured(trained):
    entry = trained[1].networks[1]
    measured = entry.metrics[12]
    assert measured["n_positive"] + measured["n_negative"] == 6 * 5  # a tenth of the people
    assert measured["auc"] > 0.95
    assert 0 < entry.thresholds[0] < 1


def test_manifest_says_how_it_was_made(trained):
    training = trained[1].training
    assert training["recipe"] == dataclasses.asdict(RECIPE) | {"experimental": [12], "strata": []}
    assert training["n_test_subjects"] == 6
    assert training["metrics_measured_on"] == "test subjects"
    (own,) = training["collections"]
    assert (own["role"], own["n_rows"], own["n_subjects"]) == ("own", 300, 60)
    assert own["source"] == {"kind": "made up"}
    assert training["started_from"] is None


def test_rare_aus_are_dropped_and_named(trained):
    assert trained[1].training["dropped_aus"] == {"AU01": 0, "AU02": 3, "AU15": 0}


def test_experimental_aus_are_marked(trained):
    for entry in trained[1].networks:
        assert entry.experimental == (12,)


def test_an_au_without_test_positives_is_experimental(sequences, tmp_path):
    recipe = dataclasses.replace(RECIPE, features="geometry", max_epochs=1)
    intensity = sequences.intensity.copy()
    intensity[split_people(sequences.subject, recipe).test, 0] = 0
    rare = dataclasses.replace(sequences, intensity=intensity)
    manifest = save_fitted(fit(TrainingData(rare), recipe, aus=(1,)), tmp_path)
    (upper,) = manifest.networks
    assert upper.experimental == (1,)
    assert upper.metrics[1]["n_positive"] == 0
    assert upper.metrics[1]["auc"] is None


def test_progress_names_every_network(trained):
    reported = trained[2]
    assert reported[0] == ("lower_neutral", 1, 4)
    assert list(dict.fromkeys(name for name, _, _ in reported)) == [
        entry.name for entry in trained[1].networks
    ]


def test_a_failed_training_leaves_the_old_model(trained, sequences):
    folder, manifest, _, _ = trained
    with pytest.raises(InputError, match=r"shown by 1000 people to be learnt, got at most"):
        fit(TrainingData(sequences), TrainingRecipe(min_positive_subjects=1000))
    assert load_model(folder).manifest == manifest


def test_without_test_people_those_who_calibrate_measure(sequences, tmp_path):
    recipe = dataclasses.replace(RECIPE, test_fraction=0, max_epochs=1, features="geometry")
    manifest = save_fitted(fit(TrainingData(sequences), recipe, aus=(1,)), tmp_path)
    measured = manifest.networks[0].metrics[1]
    assert measured["n_positive"] + measured["n_negative"] == 12 * 5
    assert measured["fpr"] <= 0.05
    assert manifest.training["metrics_measured_on"] == "validation subjects"


def test_everybody_calibrates_in_turn(sequences, make_labelled, tmp_path):
    recipe = dataclasses.replace(RECIPE, calibration_folds=2, test_fraction=0, features="geometry")
    fitted = fit(TrainingData(sequences), recipe, aus=(12, 25))
    manifest = save_fitted(fitted, tmp_path / "model")
    for entry in manifest.networks:
        assert len(entry.files) == 2
        assert len(manifest.training["history"][entry.face]) == 2
    found = predict_with_model(load_model(tmp_path / "model"), make_labelled(seed=9))
    present = found.y == 1
    assert found.decided[present].mean() > 0.9
    assert found.decided[~present].mean() < 0.08


def test_layers_are_chosen_on_people_who_did_not_train_them(sequences, monkeypatch, tmp_path):
    compared = []

    def compare(candidate, best, subject):
        compared.append((candidate, best))
        return is_better(candidate, best, subject)

    monkeypatch.setattr(engine, "LAYERS", (1, 3))
    monkeypatch.setattr(engine, "is_better", compare)
    recipe = dataclasses.replace(
        RECIPE, search_layers=True, features="geometry", test_fraction=0, max_epochs=2
    )
    fitted = fit(TrainingData(sequences), recipe, aus=(1,))
    (half,) = fitted.halves
    layers = half.members[0].classifier.hidden_layers
    assert layers in (1, 3)
    assert {face: told["layers"] for face, told in fitted.chosen.items()} == {"upper": layers}
    (both,) = compared
    assert {found.members[0].classifier.hidden_layers for found in both} == {1, 3}
    assert half.unseen_auc == max(found.unseen_auc for found in both)


@pytest.mark.parametrize(
    "changes", [{"model": "svm"}, {"one_network": True}, {"features": "furrows"}]
)
def test_what_detection_cannot_load_is_not_written(sequences, tmp_path, changes):
    recipe = dataclasses.replace(RECIPE, model="logistic", features="geometry")
    fitted = fit(TrainingData(sequences), recipe, aus=(1,))
    fitted.recipe = dataclasses.replace(RECIPE, **changes)
    with pytest.raises(InputError, match="a model folder must hold networks for each half"):
        save_fitted(fitted, tmp_path)
