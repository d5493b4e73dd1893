import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.evaluation import evaluate_aus, roc_auc

NAN = np.nan


def test_counts_and_rates_by_hand():
    y = np.array([[1, 1, 1, 0, 0, 0, 0, NAN]]).T
    p = np.array([[0.9, 0.6, 0.2, 0.7, 0.4, 0.2, 0.1, 0.99]]).T
    result = evaluate_aus(y, p, [0.6], (12,))
    assert (result.n_positive, result.n_negative, result.n_missing) == (3, 4, 0)
    assert (result.tp, result.fp, result.fn, result.tn) == (2, 1, 1, 3)
    np.testing.assert_allclose(result.tpr, 2 / 3)
    np.testing.assert_allclose(result.fpr, 1 / 4)
    np.testing.assert_allclose(result.precision, 2 / 3)
    np.testing.assert_allclose(result.f1, 2 / 3)
    np.testing.assert_allclose(result.auc, (4 + 3 + 1.5) / 12)  # 0.2 ties with 0.2


def test_undefined_is_nan():
    y = np.array([[0, 1, NAN], [0, 1, NAN]])
    result = evaluate_aus(y, np.full((2, 3), 0.1), [0.5] * 3, (1, 2, 4))
    np.testing.assert_array_equal(result.tpr, [NAN, 0, NAN])
    np.testing.assert_array_equal(result.fpr, [0, NAN, NAN])
    np.testing.assert_array_equal(result.precision, [NAN] * 3)
    np.testing.assert_array_equal(result.f1, [NAN, 0, NAN])
    np.testing.assert_array_equal(result.auc, [NAN] * 3)
    assert np.isnan(result.mean_auc())


def test_no_samples():
    result = evaluate_aus(np.empty((0, 2)), np.empty((0, 2)), [0.5, 0.5], (1, 2))
    assert np.isnan([result.pooled_tpr, result.pooled_fpr, *result.tpr, *result.auc]).all()


def test_labels_that_are_nan_do_not_matter():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (40, 2)).astype(float)
    p = rng.random((40, 2))
    y[20:, 0] = NAN
    result = evaluate_aus(y, p, [0.5, 0.5], (1, 2))
    first = evaluate_aus(y[:20, :1], p[:20, :1], [0.5], (1,))
    assert result.to_dataframe().loc["AU01"].equals(first.to_dataframe().loc["AU01"])


def test_missing_probabilities_are_counted_and_left_out():
    y, p = np.array([[1.0], [0.0], [1.0], [NAN]]), np.array([[0.9], [NAN], [NAN], [NAN]])
    result = evaluate_aus(y, p, [0.5], (1,))
    assert (result.n_missing, result.n_positive, result.n_negative, result.tp) == (2, 1, 0, 1)


def test_a_probability_at_the_threshold_is_a_detection():
    assert evaluate_aus([[1.0]], [[0.5]], [0.5], (1,)).tp == 1


def test_pooled_rates_count_cells():
    y = np.array([[1, 1], [1, 0], [0, 0], [0, 0]])
    p = np.array([[0.9, 0.9], [0.9, 0.9], [0.9, 0.1], [0.1, 0.1]])
    result = evaluate_aus(y, p, [0.5, 0.5], (1, 2))
    assert result.pooled_tpr == pytest.approx(3 / 3)
    assert result.pooled_fpr == pytest.approx(2 / 5)


def test_mean_auc_needs_enough_positives():
    y = np.array([[1, 1], [1, 0], [0, 0]])
    p = np.array([[0.9, 0.1], [0.8, 0.5], [0.1, 0.5]])  # AUC 1 with 2 positives, 0 with one
    result = evaluate_aus(y, p, [0.5, 0.5], (1, 2))
    assert result.mean_auc() == pytest.approx(0.5)
    assert result.mean_auc(min_positives=2) == pytest.approx(1.0)
    assert np.isnan(result.mean_auc(min_positives=3))


def test_agrees_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(5)
    y = (rng.random((500, 3)) < [0.5, 0.1, 0.02]).astype(float)
    p = np.clip(np.round(rng.random((500, 3)) * 0.8 + 0.2 * y, 2), 0, 1)  # with many ties
    result = evaluate_aus(y, p, [0.5, 0.6, 0.7], (1, 2, 4))
    for column, threshold in enumerate([0.5, 0.6, 0.7]):
        truth, score = y[:, column], p[:, column]
        decided = score >= threshold
        expected = [
            metrics.recall_score(truth, decided),
            metrics.precision_score(truth, decided),
            metrics.f1_score(truth, decided),
            metrics.roc_auc_score(truth, score),
        ]
        rates = (result.tpr, result.precision, result.f1, result.auc)
        np.testing.assert_allclose([r[column] for r in rates], expected, rtol=0, atol=1e-12)
        counts = [result.tn, result.fp, result.fn, result.tp]
        matrix = metrics.confusion_matrix(truth, decided).ravel()
        np.testing.assert_array_equal([c[column] for c in counts], matrix)


def test_to_dataframe():
    table = evaluate_aus([[1, 0]], [[0.9, 0.1]], [0.5, 0.25], (1, 12)).to_dataframe()
    assert list(table.index) == ["AU01", "AU12"]
    assert table.loc["AU12", "threshold"] == 0.25
    assert table.loc["AU01", "tpr"] == 1
    assert np.isnan(table.loc["AU12", "tpr"])


def test_roc_auc_of_perfect_reversed_and_constant_scores():
    assert roc_auc([0, 0, 1], [0.1, 0.2, 0.3]) == 1
    assert roc_auc([1, 0, 0], [0.1, 0.2, 0.3]) == 0
    assert roc_auc([1, 0, 1, 0], [0.5] * 4) == 0.5


@pytest.mark.parametrize(
    ("y", "p", "thresholds", "aus", "message"),
    [
        ([1, 0], [[0.5, 0.5]], [0.5], (1,), r"y must have shape \(n_samples, n_aus\), got \(2,\)"),
        ([[1, 0]], [[0.5]], [0.5], (1,), r"probabilities must have shape \(1, 2\), got \(1, 1\)"),
        ([[1, 0]], [[0.5, 0.5]], [0.5], (1, 2), r"thresholds must have shape \(2,\), got \(1,\)"),
        ([[1]], [[0.5]], [0.5], (1, 2), "aus must name 1 columns, got 2"),
        ([[2]], [[0.5]], [0.5], (1,), "y must be 0, 1 or NaN"),
        ([[1]], [[1.5]], [0.5], (1,), r"probabilities must be in \[0, 1\] or NaN, got 1.5"),
    ],
)
def test_refused(y, p, thresholds, aus, message):
    with pytest.raises(InputError, match=message):
        evaluate_aus(y, p, thresholds, aus)
