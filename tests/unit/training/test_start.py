"""Beginning from the networks that come with the package."""

import copy
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

if not (find_spec("tensorflow") and find_spec("sklearn")):
    pytest.skip("training needs tensorflow and scikit-learn", allow_module_level=True)

from au_detect.classifiers.continued import ALTERNATIVES
from au_detect.classifiers.dense_network import DenseNetwork, read_dense_network
from au_detect.classifiers.fine_tuning import fine_tuned, fit_layer
from au_detect.classifiers.runtime import LiteRTNetwork
from au_detect.classifiers.storage import NetworkKind, load_model
from au_detect.errors import InputError
from au_detect.evaluation.predictions import predict_with_model
from au_detect.facs import ACTION_UNITS
from au_detect.landmarks.models import shipped_networks
from au_detect.training.cost import cost_of
from au_detect.training.data import TrainingData
from au_detect.training.engine import fit
from au_detect.training.recipe import TrainingRecipe
from au_detect.training.saving import save_fitted

pytestmark = pytest.mark.slow

IBUG = "ibug300w"
QUICK = TrainingRecipe(
    upper_layers=1, lower_layers=1, units=8, max_epochs=2, calibration_folds=2, test_fraction=0,
    max_fpr=0.05,
)  # fmt: skip


@pytest.fixture(scope="module")
def sequences(make_labelled):
    return make_labelled(n_subjects=24, landmark_model=IBUG)


@pytest.fixture(scope="module")
def fitted(sequences):
    return fit(TrainingData(sequences), QUICK)


@pytest.fixture(scope="module")
def upper(fitted):
    """Return the half of it that is exported here."""
    half = copy.copy(fitted)
    half.halves = tuple(found for found in fitted.halves if found.face == "upper")
    return half


@pytest.fixture(scope="module")
def saved(upper, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "mine"
    return folder, save_fitted(upper, folder)


def test_weights_that_are_read_back_give_the_same_answers():
    folder = shipped_networks(IBUG)
    (entry, *_) = load_model(folder).manifest.networks
    content = (folder / entry.files[0]).read_bytes()
    network = read_dense_network(content)
    rows = np.random.default_rng(0).normal(size=(20, network.n_features)).astype(np.float32) / 10
    expected = LiteRTNetwork(content).predict_proba(rows)
    np.testing.assert_allclose(1 / (1 + np.exp(-network.logits(rows))), expected, atol=1e-5)


def test_few_people_begin_from_the_shipped_networks(fitted):
    assert fitted.started_from["model"] == IBUG
    assert fitted.started_from["landmark_model"] == IBUG
    for half in fitted.halves:
        assert half.alternative in ALTERNATIVES
        assert set(half.learnt) <= {1, 12, 25}
        assert len(half.aus) > len(half.learnt)


def test_aus_that_the_data_hardly_show_stay_as_shipped(fitted, make_labelled):
    """The mean logit of the shipped networks stands for their mean probability."""
    new = make_labelled(seed=3, landmark_model=IBUG)
    shipped, table = load_model(shipped_networks(IBUG)), new.features(uses_furrows=True)
    for half in fitted.halves:
        others = [au for au in half.aus if au not in half.learnt]
        expected = shipped.predict(table.upper, table.lower, NetworkKind(True, True), others)
        given = fitted.predict_proba(new, others)
        assert np.abs(given - expected).mean() < 0.05
        assert (np.abs(given - expected) < 0.2).mean() > 0.9


def test_the_best_way_on_people_who_calibrate_is_taken(fitted):
    for half in fitted.halves:
        columns = [half.aus.index(au) for au in half.learnt]
        assert half.unseen_auc > 0.9
        assert np.isfinite(half.unseen_mean(("geometry", "both"))[:, columns]).all()


def test_the_folder_answers_as_the_fitted_model(fitted, saved, make_labelled):
    folder, manifest = saved
    model = load_model(folder)
    new = make_labelled(n_subjects=10, seed=4, landmark_model=IBUG)
    found = predict_with_model(model, new)
    np.testing.assert_allclose(found.probabilities, fitted.predict_proba(new, found.aus), atol=2e-5)
    kind = NetworkKind(uses_neutral=True, uses_furrows=True)
    shipped = load_model(shipped_networks(IBUG))
    known = shipped.aus(kind, experimental=True)
    known = tuple(au for au in known if ACTION_UNITS[au].face == "upper")
    assert model.aus(kind, experimental=True) == known
    entries = {entry.name: entry for entry in shipped.manifest.networks}
    for entry in manifest.networks:
        untouched = set(entry.aus) - {1, 12, 25}
        given = entries[f"{entry.face}_neutral_furrows"]
        assert untouched & set(entry.experimental) == untouched & set(given.experimental)
        for au in untouched:
            assert entry.metrics[au] == given.metrics[au]
    assert manifest.training["learnt_aus"] == [1, 12, 25]
    assert manifest.training["started_from"]["sha256"] == shipped.sha256


def test_every_way_is_exported(fitted, make_labelled):
    new = make_labelled(n_subjects=3, seed=5, landmark_model=IBUG).features(uses_neutral=True)
    member = next(m for m in fitted.halves[0].members if m.view == "geometry")
    for name in ALTERNATIVES[1:]:  # the first is a head that changes nothing
        classifier = member.classifier.alternative(name)
        (content,) = classifier.export_litert()
        exported = LiteRTNetwork(content).predict_proba(new.upper)
        np.testing.assert_allclose(exported, classifier.predict_proba(new.upper), atol=2e-5)


def test_what_is_exported_has_a_cost(upper):
    cost = cost_of(upper)
    assert cost["frame_ms"] > 0
    assert cost["size_mb"] > 0.1


def test_no_network_is_exported_twice(saved):
    for entry in saved[1].networks:
        assert len(set(entry.sha256)) == len(entry.sha256) == len(entry.files)


def test_scratch_and_other_landmarks_begin_from_nothing(make_labelled, sequences):
    logistic = replace(QUICK, model="logistic")
    assert fit(TrainingData(sequences), logistic).started_from is None
    quick = replace(QUICK, max_epochs=1, features="geometry", calibration_folds=1)
    scratch = replace(quick, start="scratch")
    assert fit(TrainingData(sequences), scratch, aus=(12,)).started_from is None
    other = TrainingData(make_labelled(n_subjects=24))
    assert fit(other, quick, aus=(12,)).started_from is None
    with pytest.raises(InputError, match="start 'shipped' must have networks to begin from"):
        fit(other, replace(quick, start="shipped"))
    with pytest.raises(InputError, match="landmarks for each half of the face"):
        fit(TrainingData(sequences), replace(quick, start="shipped", one_network=True))


def test_a_head_corrects_what_is_systematically_different():
    rng = np.random.default_rng(0)
    given = rng.normal(0, 3, (2000, 2))
    true = given @ np.array([[0.8, 0.0], [0.5, 1.0]]) + [1.0, -1.0]
    y = (rng.random((2000, 2)) < 1 / (1 + np.exp(-true))).astype(np.float32)
    y[:50] = np.nan
    weights = np.ones(2000, np.float32)
    matrix, offset = fit_layer(given, y, weights, np.eye(2), np.zeros(2), 1.0)
    np.testing.assert_allclose(matrix, [[0.8, 0.0], [0.5, 1.0]], atol=0.1)
    np.testing.assert_allclose(offset, [1.0, -1.0], atol=0.25)
    held, _ = fit_layer(given, y, weights, np.eye(2), np.zeros(2), 1e9)
    np.testing.assert_allclose(held, np.eye(2), atol=1e-3)


def test_fine_tuned_layers_learn_what_the_data_show_and_keep_the_rest():
    rng = np.random.default_rng(0)
    kernels = (np.eye(3, dtype=np.float32), rng.normal(size=(3, 2)).astype(np.float32))
    biases = (np.zeros(3, np.float32), np.zeros(2, np.float32))
    network = DenseNetwork(np.zeros(3, np.float32), np.ones(3, np.float32), kernels, biases)
    X = rng.uniform(0, 3, (4000, 3)).astype(np.float32)
    true = np.array([2.0, -1.0, 0.5])
    y = (rng.random((4000, 1)) < 1 / (1 + np.exp(-(X @ true - 1)[:, None]))).astype(np.float32)
    training = X, np.hstack([y, y]), np.ones(4000, np.float32)
    tuned = fine_tuned(network, training, (1, -1), 1.0)
    np.testing.assert_allclose(tuned.kernels[-1][:, 1], true, atol=0.25)
    assert tuned.biases[-1][1] == pytest.approx(-1, abs=0.25)
    np.testing.assert_array_equal(tuned.kernels[-1][:, 0], kernels[-1][:, 0])
    np.testing.assert_array_equal(tuned.kernels[0], kernels[0])
    held = fine_tuned(network, training, (1, -1), 1e9)
    np.testing.assert_allclose(held.kernels[-1], kernels[-1], atol=1e-3)
