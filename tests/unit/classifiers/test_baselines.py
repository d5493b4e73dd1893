import re
from importlib.util import find_spec

import numpy as np
import pytest

if not (find_spec("sklearn") and find_spec("skops")):
    pytest.skip("the baselines need scikit-learn and skops", allow_module_level=True)

import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from au_detect.classifiers.base import HELD_OUT, held_out_rows
from au_detect.classifiers.baselines import (
    AdaBoostAUClassifier,
    LinearSVMClassifier,
    LogisticRegressionClassifier,
    RBFSVMClassifier,
)
from au_detect.classifiers.calibration import choose_thresholds
from au_detect.classifiers.storage import load_baseline, save_baseline
from au_detect.errors import InputError, ModelFileError
from au_detect.evaluation import evaluate_aus

KINDS = (
    LinearSVMClassifier,
    RBFSVMClassifier,
    LogisticRegressionClassifier,
    AdaBoostAUClassifier,
)
every_kind = pytest.mark.parametrize("kind", KINDS)


def make_samples(n_rows, seed):
    """Draw odd units and two AUs, the second rare, that two features tell with some noise."""
    rng = np.random.default_rng(seed)
    standard = rng.normal(size=(n_rows, 4))
    y = (standard[:, :2] + rng.normal(0, 0.4, (n_rows, 2)) > [0.0, 1.2]).astype(float)
    return standard * [1, 100, 0.01, 1] + [0, 1000, 0, 5], y


@every_kind
def test_learns_what_two_features_tell(kind):
    X, y = make_samples(1200, 0)
    held_out = np.arange(1200) % 5 == 0
    classifier = kind().fit(X, y, held_out=held_out)
    thresholds = choose_thresholds(y[held_out], classifier.predict_proba(X[held_out]), 0.05)
    X_new, y_new = make_samples(4000, 1)
    probabilities = classifier.predict_proba(X_new)
    result = evaluate_aus(y_new, probabilities, thresholds, (1, 2))
    assert (result.auc > 0.93).all()
    assert (result.fpr < 0.09).all()  # 0.05 on the few held-out rows
    assert (result.tpr > 0.5).all()
    np.testing.assert_allclose(probabilities.mean(axis=0), y_new.mean(axis=0), atol=0.05)


@every_kind
def test_a_seed_gives_the_same_answers(kind):
    X, y = make_samples(200, 2)
    first, again = (kind(random_state=3).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@every_kind
def test_features_may_have_any_unit(kind):
    X, y = make_samples(300, 3)
    X = X.astype(np.float32)
    plain = kind().fit(X, y).predict_proba(X)
    scaled = kind().fit(X * np.float32(8), y).predict_proba(X * np.float32(8))
    np.testing.assert_allclose(scaled, plain, atol=1e-5)


def test_cells_without_label_have_no_influence():
    X, y = make_samples(300, 4)
    options = {"positive_weighting": "none"}
    held_out = held_out_rows(np.arange(300), HELD_OUT, 0)
    ignored = np.flatnonzero(~held_out)[:60]
    weights, unknown = np.ones(300), y.copy()
    weights[ignored] = 0
    unknown[ignored] = np.nan
    by_weight = LogisticRegressionClassifier(**options).fit(X, y, sample_weight=weights)
    by_label = LogisticRegressionClassifier(**options).fit(X, unknown)
    np.testing.assert_allclose(by_label.predict_proba(X), by_weight.predict_proba(X), atol=1e-5)


def test_an_au_that_is_never_or_always_there_is_as_likely_as_it_was():
    X, y = make_samples(100, 5)
    y[:, 0], y[:, 1] = 0, 1
    never, always = LogisticRegressionClassifier().fit(X, y).predict_proba(X).T
    np.testing.assert_allclose(never, 1 / 82, rtol=1e-4)  # 80 rows train: (0 + 1) / (80 + 2)
    np.testing.assert_allclose(always, 81 / 82, rtol=1e-4)


def test_weighting_positives_is_what_scikit_learn_calls_sample_weight():
    X, y = make_samples(300, 6)
    classifier = LogisticRegressionClassifier().fit(X, y)
    training = ~held_out_rows(np.arange(300), HELD_OUT, 0)
    present = y[training, 1] == 1
    weights = np.where(present, (~present).sum() / present.sum(), 1.0)
    expected = LogisticRegression(C=0.01, max_iter=500).fit(
        classifier.scaler_.transform(X[training].astype(np.float32)), present, weights
    )
    np.testing.assert_allclose(classifier.estimators_[1].coef_, expected.coef_, rtol=1e-6)


@pytest.mark.parametrize("weighting", ["per_au", "per_sample", "none"])
def test_probabilities_are_right_whatever_the_weighting(weighting):
    X, y = make_samples(2000, 7)
    classifier = LogisticRegressionClassifier(positive_weighting=weighting).fit(X, y)
    X_new, y_new = make_samples(4000, 8)
    predicted = classifier.predict_proba(X_new).mean(axis=0)
    np.testing.assert_allclose(predicted, y_new.mean(axis=0), atol=0.03)


def test_rows_with_nan_give_nan():
    X, y = make_samples(100, 9)
    X_new = X[:3].copy()
    X_new[1, 2] = np.nan
    probabilities = LinearSVMClassifier().fit(X, y).predict_proba(X_new)
    np.testing.assert_array_equal(np.isnan(probabilities).all(axis=1), [False, True, False])


def test_unknown_weighting_is_refused():
    with pytest.raises(InputError, match="one of 'per_au', 'per_sample', 'none', got 'focal'"):
        LinearSVMClassifier(positive_weighting="focal").fit([[1], [2]], [[1], [0]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"X": np.array([[1j], [2]])}, "Complex data not supported"),
        ({"sample_weight": [0, 0]}, "above 0 somewhere, got zero everywhere"),
    ],
)
def test_data_that_make_no_sense_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        LinearSVMClassifier().fit(**{"X": [[1], [2]], "y": [[1], [0]]} | options)


@every_kind
def test_save_and_load(tmp_path, kind):
    X, y = make_samples(150, 10)
    classifier = kind().fit(X, y)
    save_baseline(tmp_path / "a.skops", classifier)
    loaded = load_baseline(tmp_path / "a.skops")
    assert type(loaded) is kind
    np.testing.assert_array_equal(loaded.predict_proba(X), classifier.predict_proba(X))


def test_only_fitted_baselines_are_saved(tmp_path):
    for other in (LinearSVMClassifier(), LogisticRegression()):
        with pytest.raises(InputError, match="a fitted baseline, got"):
            save_baseline(tmp_path / "a.skops", other)


def test_files_that_hold_anything_else_are_refused(tmp_path):
    path = tmp_path / "a.skops"
    with pytest.raises(ModelFileError, match="must be readable: No such file"):
        load_baseline(path)
    path.write_bytes(b"no archive")
    with pytest.raises(ModelFileError, match="must be a skops file"):
        load_baseline(path)
    skops.io.dump(LogisticRegression(), path)
    with pytest.raises(ModelFileError, match="must hold a baseline, got LogisticRegression"):
        load_baseline(path)
    skops.io.dump(re.compile, path)  # a function that no baseline has
    with pytest.raises(ModelFileError, match=r"a baseline alone, got .*re\.compile"):
        load_baseline(path)


class _TwoColumns:
    """scikit-learn's checks give labels of one column and any classes: two columns of 0 and 1."""

    def fit(self, X, y, sample_weight=None):
        labels = np.asarray(y)
        if labels.ndim == 1 and labels.dtype.kind in "iufb" and len(labels):
            labels = np.stack([labels == labels.max(), labels == labels.min()], axis=1)
            labels = labels.astype(float)
        return super().fit(X, labels, sample_weight=sample_weight)


class CheckedLinearSVM(_TwoColumns, LinearSVMClassifier):
    pass


class CheckedRBFSVM(_TwoColumns, RBFSVMClassifier):
    pass


class CheckedLogisticRegression(_TwoColumns, LogisticRegressionClassifier):
    pass


class CheckedAdaBoost(_TwoColumns, AdaBoostAUClassifier):
    def _make_estimator(self):
        """Of few trees: the contract is checked."""
        return super()._make_estimator().set_params(n_estimators=5)


SKIPPED_CHECKS = {
    "check_n_features_in_after_fitting": "our message names both shapes, in other words",
    "check_sample_weight_equivalence_on_dense_data": (
        "repeated rows change which rows are held out; scaling does not look at weights"
    ),
    "check_dtype_object": "labels that are no numbers are refused with another message",
    "check_estimators_nan_inf": "a row without a face is NaN, and its probabilities are NaN",
    "check_fit2d_1sample": "one row is one group, and our message asks for two groups",
    "check_fit2d_predict1d": "our message gives both shapes, and no advice to reshape",
}


@parametrize_with_checks(
    [CheckedLinearSVM(), CheckedRBFSVM(), CheckedLogisticRegression(), CheckedAdaBoost()],
    expected_failed_checks=lambda estimator: SKIPPED_CHECKS,
)
def test_scikit_learn_accepts_it(estimator, check):
    check(estimator)
