import gc
import random
import re
import sys
import weakref
from importlib.util import find_spec

import numpy as np
import pytest

if not (find_spec("tensorflow") and find_spec("sklearn")):
    pytest.skip("training needs tensorflow and scikit-learn", allow_module_level=True)

from au_detect.classifiers.base import HELD_OUT, held_out_rows
from au_detect.classifiers.calibration import choose_thresholds
from au_detect.classifiers.mlp import MLPClassifier, import_tensorflow
from au_detect.classifiers.mlp_session import batches_of
from au_detect.classifiers.runtime import LiteRTNetwork
from au_detect.errors import AUDetectError, InputError
from au_detect.evaluation import evaluate_aus

pytestmark = pytest.mark.slow

SMALL = {"hidden_layers": 1, "units": 16, "learning_rate": 0.03, "max_epochs": 5, "batch_size": 64}
QUICK = SMALL | {"max_epochs": 2}
DIRECTIONS = np.array([[2, 0, 1, 0, 0], [0, 2, -1, 0, 0]]).T
OFFSETS = np.array([0.0, -4.0])  # the second AU is rare
TENSORFLOW_LOG = re.compile(
    r"WARNING: All log messages before absl|[IWE]\d{4} .*\.cc:|\d{4}-\d\d-\d\d .*: [IWE] \S+\.cc:"
    r"|To enable the following instructions"
)


def make_samples(n_rows, seed):
    """Draw features in odd units and two AUs of which the first four features tell."""
    rng = np.random.default_rng(seed)
    standard = rng.normal(size=(n_rows, 5))
    odds = 2 * (standard @ DIRECTIONS + OFFSETS)
    y = (rng.random(odds.shape) < 1 / (1 + np.exp(-odds))).astype(np.float32)
    X = standard * [1, 100, 0.01, 1, 1] + [0, 1000, 0, 5, 0]
    X[:, 4] = 3.0  # never varies
    return X.astype(np.float32), y


@pytest.fixture(scope="module")
def fitted():
    X, y = make_samples(3000, 0)
    return MLPClassifier(**SMALL, members=2).fit(X, y, held_out=np.arange(3000) >= 2400)


def test_recovers_aus_that_a_line_separates(fitted):
    X, y = make_samples(3000, 1)
    true_odds = (X[:, :3] - [0, 1000, 0]) / [1, 100, 0.01] @ DIRECTIONS[:3] + OFFSETS
    best = evaluate_aus(y, 1 / (1 + np.exp(-true_odds)), [0.5, 0.5], (1, 2))
    reached = evaluate_aus(y, fitted.predict_proba(X), [0.5, 0.5], (1, 2))
    np.testing.assert_allclose(reached.auc, best.auc, atol=0.01)


def test_probabilities_are_calibrated_although_rare_aus_weigh_more(fitted):
    X, y = make_samples(20000, 2)
    probabilities = fitted.predict_proba(X)
    np.testing.assert_allclose(probabilities.mean(axis=0), y.mean(axis=0), atol=0.02)
    likely = probabilities[:, 1] > 0.5
    assert abs(y[likely, 1].mean() - probabilities[likely, 1].mean()) < 0.15


def test_thresholds_hold_the_false_positive_rate_for_new_people(fitted):
    X, y = (values[2400:] for values in make_samples(3000, 0))
    thresholds = choose_thresholds(y, fitted.predict_proba(X), 0.02)
    X, y = make_samples(20000, 3)
    result = evaluate_aus(y, fitted.predict_proba(X), thresholds, (1, 2))
    assert (result.fpr < 0.04).all()  # 0.02 on the few hundred held-out rows


def test_exported_network_agrees(fitted):
    X, _ = make_samples(200, 4)
    contents = fitted.export_litert()
    exported = np.mean([LiteRTNetwork(c).predict_proba(X) for c in contents], axis=0)
    assert len(contents) == 2
    np.testing.assert_allclose(exported, fitted.predict_proba(X), atol=1e-5)


def test_rows_with_nan_give_nan(fitted):
    X, _ = make_samples(3, 5)
    X[1, 2] = np.nan
    probabilities = fitted.predict_proba(X)
    np.testing.assert_array_equal(np.isnan(probabilities).all(axis=1), [False, True, False])


def test_a_feature_that_never_varied_is_ignored(fitted):
    X, _ = make_samples(50, 6)
    other = X.copy()
    other[:, 4] = 100
    np.testing.assert_allclose(fitted.predict_proba(other), fitted.predict_proba(X), atol=1e-6)


def test_cells_without_label_have_no_influence():
    X, y = make_samples(400, 7)
    options = QUICK | {"positive_weighting": "none"}
    held_out = held_out_rows(np.arange(400), HELD_OUT, 0)
    ignored = np.flatnonzero(~held_out)[:100]
    weights, unknown = np.ones(400), y.copy()
    weights[ignored] = 0
    unknown[ignored] = np.nan
    by_weight = MLPClassifier(**options).fit(X, y, sample_weight=weights)
    by_label = MLPClassifier(**options).fit(X, unknown)
    np.testing.assert_allclose(by_label.predict_proba(X), by_weight.predict_proba(X), atol=1e-6)
    assert np.abs(by_label.predict_proba(X) - 0.5).max() > 0.01


def test_an_au_that_nobody_coded_does_not_break_the_others():
    X, y = make_samples(400, 8)
    y[:, 1] = np.nan
    classifier = MLPClassifier(**QUICK).fit(X, y)
    assert np.isfinite(classifier.predict_proba(X)).all()


def test_a_seed_gives_the_same_bytes_and_leaves_other_generators_alone():
    X, y = make_samples(300, 9)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    expected = (np.random.random(), random.random())  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    once = SMALL | {"max_epochs": 1}
    first, again, other = (
        MLPClassifier(**once, random_state=seed).fit(X, y).export_litert() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert (np.random.random(), random.random()) == expected  # noqa: NPY002


def test_says_nothing_and_reports_epochs(capfd):
    """What TensorFlow's own log says on stderr, such as when a data set ends, is not ours."""
    X, y = make_samples(300, 10)
    reported = []
    classifier = MLPClassifier(**QUICK, members=2, on_epoch=lambda *n: reported.append(n))
    classifier.fit(X, y).export_litert()
    captured = capfd.readouterr()
    assert captured.out == ""
    assert [line for line in captured.err.splitlines() if not TENSORFLOW_LOG.match(line)] == []
    assert reported == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_stops_early_and_keeps_the_best_epoch():
    rng = np.random.default_rng(11)
    X, y = rng.normal(size=(100, 5)), rng.integers(0, 2, (100, 1))  # nothing to be learnt
    options = SMALL | {"max_epochs": 200, "learning_rate": 0.1}
    classifier = MLPClassifier(**options, patience=3).fit(X, y)
    losses = classifier.history_[0]["val_loss"]
    assert len(losses) < 200
    assert np.argmin(losses) == len(losses) - 1 - 3


def test_is_an_estimator():
    classifier = MLPClassifier(units=7)
    assert classifier.get_params()["units"] == 7
    assert classifier.set_params(units=8).units == 8
    assert not [name for name in vars(classifier) if name.endswith("_")]


@pytest.mark.parametrize(
    ("options", "X", "y", "message"),
    [
        ({}, [1, 2], [[1], [0]], r"X must have shape \(n_samples, n_features\), got \(2,\)"),
        ({}, [[1], [2]], [[1]], r"y must have shape \(2, n_aus\), got \(1, 1\)"),
        ({}, [[1], [np.nan]], [[1], [0]], "X must be finite"),
        ({}, [[1], [2]], [[1], [5]], "y must be 0, 1 or NaN, got 5"),
        ({}, [[1]], [[1]], "at least 2 different groups, got 1"),
        ({"units": 0}, [[1], [2]], [[1], [0]], "units must be at least 1, got 0"),
        ({"positive_weighting": "x"}, [[1], [2]], [[1], [0]], "must be one of 'per_au', 'per_s"),
    ],
)
def test_refused(options, X, y, message):
    with pytest.raises(InputError, match=message):
        MLPClassifier(**options).fit(X, y)


def test_refuses_weights_that_make_no_sense():
    with pytest.raises(InputError, match="sample_weight must be finite and at least 0"):
        MLPClassifier().fit([[1], [2]], [[1], [0]], sample_weight=[1, -1])
    with pytest.raises(InputError, match=r"held_out must have shape \(2,\), got \(1,\)"):
        MLPClassifier().fit([[1], [2]], [[1], [0]], held_out=[True])


def test_must_be_fitted_first(fitted):
    with pytest.raises(InputError, match="MLPClassifier must be fitted"):
        MLPClassifier().predict_proba([[1]])
    with pytest.raises(InputError, match="MLPClassifier must be fitted"):
        MLPClassifier().export_litert()
    with pytest.raises(InputError, match=r"X must have shape \(n_samples, 5\), got \(1, 2\)"):
        fitted.predict_proba([[1, 2]])


@pytest.mark.parametrize("weighting", ["per_sample", "focal", "none"])
def test_every_weighting_learns_and_stays_calibrated(weighting):
    X, y = make_samples(1500, 12)
    classifier = MLPClassifier(**SMALL, positive_weighting=weighting).fit(X, y)
    X_new, y_new = make_samples(4000, 13)
    probabilities = classifier.predict_proba(X_new)
    assert (evaluate_aus(y_new, probabilities, [0.5, 0.5], (1, 2)).auc > 0.93).all()
    np.testing.assert_allclose(probabilities.mean(axis=0), y_new.mean(axis=0), atol=0.04)


def test_one_network_per_au_shares_nothing():
    X, y = make_samples(1500, 14)
    classifier = MLPClassifier(**SMALL, one_vs_all=True).fit(X, y)
    X_new, y_new = make_samples(3000, 15)
    probabilities = classifier.predict_proba(X_new)
    assert (evaluate_aus(y_new, probabilities, [0.5, 0.5], (1, 2)).auc > 0.93).all()
    np.testing.assert_allclose(probabilities.mean(axis=0), y_new.mean(axis=0), atol=0.04)
    kernel = classifier.networks_[0].get_layer("hidden_0").get_weights()[0]
    assert kernel.shape == (2, 5, 16)
    (content,) = classifier.export_litert()
    exported = LiteRTNetwork(content).predict_proba(X_new[:50])
    np.testing.assert_allclose(exported, probabilities[:50], atol=1e-5)


def test_tensorboard_shows_losses_weights_and_what_the_monitor_says(tmp_path):
    loading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    X, y = make_samples(300, 16)

    def monitor(labels, probabilities):
        assert labels.shape == probabilities.shape == (60, 2)
        assert ((probabilities > 0) & (probabilities < 1)).all()
        picture = np.zeros((4, 6, 3), np.uint8)
        return {"tpr/AU01": 0.25, "tpr/AU02": np.nan}, {"confusion": picture}

    MLPClassifier(**QUICK, logdir=str(tmp_path), monitor=monitor).fit(X, y)
    logs = loading.EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    names = logs.Tags()["tensors"]
    expected = {"loss", "val_loss", "tpr/AU01", "confusion"}
    expected |= {f"{n}/{w}" for n in ("hidden_0", "logits") for w in ("kernel", "bias")}
    assert set(names) == expected  # nothing that is NaN
    assert len(logs.Tensors("hidden_0/kernel")) == 2  # epochs


def test_without_tensorflow_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    X, y = make_samples(50, 17)
    with pytest.raises(
        AUDetectError, match=r"pip install 'au-detect\[train\]' with Python 3.11 to"
    ):
        MLPClassifier(**QUICK).fit(X, y)


def test_tables_too_large_to_be_copied_are_learnt_from_as_well(monkeypatch):
    X, y = make_samples(1000, seed=3)
    reports = []
    options = SMALL | {"on_epoch": lambda n_done, n_at_most: reports.append(n_done)}
    monkeypatch.setattr("au_detect.classifiers.mlp.MOST_GIVEN_WHOLE", 500)
    one, again = (MLPClassifier(**options).fit(X, y) for _ in range(2))
    test_X, test_y = make_samples(1000, seed=4)
    evaluation = evaluate_aus(test_y, one.predict_proba(test_X), [0.5, 0.5], (1, 2))
    assert evaluation.auc.min() > 0.9
    np.testing.assert_array_equal(one.predict_proba(test_X), again.predict_proba(test_X))
    assert reports == [1, 2, 3, 4, 5] * 2


def test_large_tables_are_let_go_when_they_are_learnt(monkeypatch):
    monkeypatch.setattr("au_detect.classifiers.mlp.MOST_GIVEN_WHOLE", 500)
    parts = [(*make_samples(n, seed=n), np.ones(n)) for n in (1000, 200)]
    held = [weakref.ref(values) for part in parts for values in part]
    MLPClassifier(**SMALL | {"max_epochs": 1}).fit_on(*parts)
    del parts
    gc.collect()
    assert all(ref() is None for ref in held)


def test_batches_hold_every_row_once_in_another_order_every_epoch():
    keras = import_tensorflow().keras
    rows = np.arange(10)
    in_order = batches_of(keras, (rows, rows * 2), 4)
    assert [batch[0].tolist() for batch in (in_order[i] for i in range(len(in_order)))] == [
        [0, 1, 2, 3], [4, 5, 6, 7], [8, 9],
    ]  # fmt: skip
    shuffled = batches_of(keras, (rows, rows * 2), 4, seed=1)
    epochs = []
    for _ in range(2):
        parts = [shuffled[i] for i in range(len(shuffled))]
        epochs.append(np.concatenate([part[0] for part in parts]))
        np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), epochs[-1] * 2)
        shuffled.on_epoch_end()
    assert sorted(epochs[0]) == sorted(epochs[1]) == rows.tolist()
    assert epochs[0].tolist() != epochs[1].tolist()
