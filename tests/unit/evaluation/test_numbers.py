"""Summary, curves and matrices: by hand, and beside scikit-learn."""

import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.evaluation import evaluate_aus
from au_detect.evaluation.curves import reliability_curve, roc_curve
from au_detect.evaluation.matrices import confusion, cooccurrence
from au_detect.evaluation.summary import summarise

NAN = np.nan


@pytest.fixture(scope="module")
def cells():
    rng = np.random.default_rng(5)
    y = (rng.random((400, 4)) < [0.5, 0.1, 0.05, 0.3]).astype(float)
    p = np.clip(np.round(rng.random(y.shape) * 0.8 + 0.2 * y, 2), 0, 1)  # with many ties
    return y, p


def test_skew_normalised_f1_is_f1_of_balanced_cells():
    y = np.array([[1] * 4 + [0] * 8]).T
    p = np.array([[1] * 3 + [0] + [1] * 2 + [0] * 6]).T
    skewed = evaluate_aus(y, p, [0.5], (1,))
    doubled = evaluate_aus(np.vstack([y, y[:4]]), np.vstack([p, p[:4]]), [0.5], (1,))
    assert skewed.f1[0] == pytest.approx(6 / 9)
    assert skewed.f1_skew_normalised[0] == pytest.approx(2 * 0.75 / (0.75 + 0.25 + 1))
    np.testing.assert_allclose(skewed.f1_skew_normalised, doubled.f1)


def test_brier_score_by_hand():
    result = evaluate_aus([[1], [0], [NAN]], [[0.8], [0.3], [0.9]], [0.5], (1,))
    np.testing.assert_allclose(result.brier, (0.2**2 + 0.3**2) / 2)
    assert np.isnan(evaluate_aus([[NAN]], [[0.5]], [0.5], (1,)).brier)


def test_thresholds_of_rows_decide_row_by_row():
    result = evaluate_aus([[1], [1]], [[0.4], [0.4]], [[0.3], [0.5]], (1,))
    assert (result.tp, result.fn, result.thresholds) == (1, 1, 0.4)
    with pytest.raises(InputError, match=r"thresholds must have shape \(2, 1\), got \(3, 1\)"):
        evaluate_aus([[1], [1]], [[0.4], [0.4]], [[0.3]] * 3, (1,))


def test_auc_compares_only_rows_of_one_fold(cells):
    metrics = pytest.importorskip("sklearn.metrics")
    y, p = cells
    fold = np.arange(400) % 3
    parts = [(y[fold == f, 3], p[fold == f, 3]) for f in range(3)]
    aucs = [metrics.roc_auc_score(*part) for part in parts]
    n_pairs = [(truth == 1).sum() * (truth == 0).sum() for truth, _ in parts]
    result = evaluate_aus(y, p, [0.5] * 4, (1, 4, 12, 25), fold)
    assert result.auc[3] == pytest.approx(np.average(aucs, weights=n_pairs), rel=0, abs=1e-12)
    assert np.isnan(evaluate_aus([[1], [0]], [[0.9], [0.1]], [0.5], (1,), [0, 1]).auc)


def test_summary_by_hand():
    y = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, NAN, 0]])
    p = np.array([[0.9, 0.1, 0.9], [0.9, 0.1, 0.1], [0.9, 0.1, 0.1], [0.1, 0.9, 0.1]])
    numbers = summarise(evaluate_aus(y, p, [0.5] * 3, (1, 12, 25)))
    assert numbers["upper_tpr"] == 1
    assert numbers["lower_tpr"] == 0
    assert numbers["mean_tpr"] == pytest.approx(0.5)
    # AU25 has no positives: it is in none of these numbers.
    assert numbers["mean_fpr"] == pytest.approx((1 / 2 + 0) / 2)
    assert numbers["mean_precision"] == pytest.approx((2 / 3 + 0) / 2)  # AU12 is never detected
    assert numbers["micro_tpr"] == pytest.approx(2 / 3)
    assert numbers["micro_fpr"] == pytest.approx(1 / 4)
    assert numbers["micro_precision"] == pytest.approx(2 / 3)
    assert numbers["hamming_loss"] == pytest.approx(2 / 7)


def test_kappa_mcc_and_pr_auc_agree_with_scikit_learn(cells):
    metrics = pytest.importorskip("sklearn.metrics")
    y, p = cells
    decided = p >= 0.6
    result = evaluate_aus(y, p, [0.6] * 4, (1, 4, 12, 25))
    for column in range(4):
        truth, said = y[:, column], decided[:, column]
        assert result.kappa[column] == pytest.approx(metrics.cohen_kappa_score(truth, said))
        assert result.mcc[column] == pytest.approx(metrics.matthews_corrcoef(truth, said))
        expected = metrics.average_precision_score(truth, p[:, column])
        assert result.pr_auc[column] == pytest.approx(expected)


@pytest.mark.parametrize("fpr", [0.0, 0.05, 0.3])
def test_matched_tpr_is_that_of_the_roc_curve_that_is_drawn(cells, fpr):
    y, p = cells
    result = evaluate_aus(y, p, [0.5] * 4, (1, 4, 12, 25), matched_fpr=fpr)
    for column in range(4):
        false, true = roc_curve(y[:, column], p[:, column])
        assert result.matched_tpr[column] == pytest.approx(true[false <= fpr + 1e-9].max())


def test_summary_of_nothing_is_nan():
    numbers = summarise(evaluate_aus(np.full((3, 1), NAN), np.full((3, 1), 0.5), [0.5], (12,)))
    assert all(np.isnan(value) for value in numbers.values())


def test_summary_agrees_with_scikit_learn(cells):
    metrics = pytest.importorskip("sklearn.metrics")
    y, p = cells
    decided = p >= 0.6
    numbers = summarise(evaluate_aus(y, p, [0.6] * 4, (1, 4, 12, 25)))
    expected = {
        "mean_tpr": metrics.recall_score(y, decided, average="macro"),
        "mean_precision": metrics.precision_score(y, decided, average="macro"),
        "mean_f1": metrics.f1_score(y, decided, average="macro"),
        "mean_auc": metrics.roc_auc_score(y, p, average="macro"),
        "micro_tpr": metrics.recall_score(y, decided, average="micro"),
        "micro_precision": metrics.precision_score(y, decided, average="micro"),
        "micro_f1": metrics.f1_score(y, decided, average="micro"),
        "hamming_loss": metrics.hamming_loss(y, decided),
        "mean_brier": np.mean([metrics.brier_score_loss(*c) for c in zip(y.T, p.T, strict=True)]),
    }
    for name, value in expected.items():
        assert numbers[name] == pytest.approx(value, rel=0, abs=1e-12), name


def test_roc_curve_agrees_with_scikit_learn(cells):
    metrics = pytest.importorskip("sklearn.metrics")
    for truth, score in zip(*(part.T for part in cells), strict=True):
        fpr, tpr, _ = metrics.roc_curve(truth, score, drop_intermediate=False)
        np.testing.assert_allclose(roc_curve(truth, score), [fpr, tpr], rtol=0, atol=1e-12)


def test_roc_curve_by_hand():
    fpr, tpr = roc_curve([1, 0, 1, 0, NAN, 1], [0.9, 0.8, 0.8, 0.1, 0.5, NAN])
    np.testing.assert_array_equal(fpr, [0, 0, 0.5, 1])
    np.testing.assert_array_equal(tpr, [0, 0.5, 1, 1])
    assert [len(part) for part in roc_curve([1, 1], [0.1, 0.2])] == [0, 0]


def test_reliability_by_hand():
    curve = reliability_curve([[1, 0, 0], [1, 1, NAN]], [[0.95, 0.05, 0.3], [1.0, 0.3, 0.9]], 5)
    np.testing.assert_array_equal(curve.n, [1, 2, 0, 0, 2])
    np.testing.assert_allclose(curve.predicted, [0.05, 0.3, NAN, NAN, 0.975])
    np.testing.assert_allclose(curve.observed, [0, 0.5, NAN, NAN, 1])
    assert curve.calibration_error == pytest.approx((0.05 + 2 * 0.2 + 2 * 0.025) / 5)
    assert np.isnan(reliability_curve([NAN], [0.5]).calibration_error)
    with pytest.raises(InputError, match="n_bins must be at least 1, got 0"):
        reliability_curve([1], [0.5], 0)


def test_reliability_agrees_with_scikit_learn(cells):
    calibration = pytest.importorskip("sklearn.calibration")
    rng = np.random.default_rng(3)
    y, p = cells[0], rng.random(cells[0].shape)
    observed, predicted = calibration.calibration_curve(y.ravel(), p.ravel(), n_bins=10)
    curve = reliability_curve(y, p)
    np.testing.assert_allclose(curve.observed, observed, rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve.predicted, predicted, rtol=0, atol=1e-12)


def test_cooccurrence_by_hand():
    y = [[1, 1, 0], [1, 0, NAN], [0, 1, 0], [1, NAN, 0]]
    expected = [[1, 1 / 2, 0], [1 / 2, 1, 0], [NAN, NAN, NAN]]
    np.testing.assert_allclose(cooccurrence(y), expected)


def test_confusion_by_hand():
    y = [[1, 0], [1, 0], [1, 1], [0, 1], [0, 1]]
    decided = [[1, 1], [0, 0], [1, 0], [1, 1], [NAN, NAN]]
    # Off the diagonal: AU1 there and AU12 not in two rows, one with AU12 detected; and so on.
    np.testing.assert_allclose(confusion(y, decided), [[2 / 3, 1 / 2], [1, 1 / 2]])
