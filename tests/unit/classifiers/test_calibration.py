import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.classifiers.calibration import (
    active_au_weights,
    choose_thresholds,
    fit_platt_scaling,
    positive_weights,
    thresholds_in_strata,
    thresholds_of_evidence,
)
from au_detect.errors import InputError


def false_positive_rate(y, p, threshold):
    return np.mean(p[y == 0] >= threshold)


@pytest.mark.parametrize("max_fpr", [0.0, 0.02, 0.1, 0.5])
def test_threshold_keeps_the_rate_and_is_the_smallest(max_fpr):
    rng = np.random.default_rng(0)
    y = (rng.random((300, 1)) < 0.3).astype(float)
    p = np.clip(rng.normal(0.4 + 0.2 * y, 0.1), 0.01, 0.99)
    (threshold,) = choose_thresholds(y, p, max_fpr)
    assert false_positive_rate(y, p, threshold) <= max_fpr
    next_lower = p[p < threshold].max()
    assert false_positive_rate(y, p, next_lower) > max_fpr


def test_threshold_lies_in_the_middle_of_the_gap():
    y = np.array([[0], [0], [1], [1]])
    p = np.array([[0.1], [0.2], [0.8], [0.9]])
    np.testing.assert_allclose(choose_thresholds(y, p, 0.0), [0.5])
    np.testing.assert_allclose(choose_thresholds(y, p, 0.5), [0.15])  # one false alarm allowed


def test_tied_negatives_are_all_kept_out():
    y = np.zeros((10, 1))
    p = np.array([[0.3]] * 8 + [[0.6]] * 2)
    np.testing.assert_allclose(choose_thresholds(y, p, 0.1), [0.8])  # not one of the two at 0.6
    np.testing.assert_allclose(choose_thresholds(y, p, 0.2), [0.45])


def test_two_per_cent_of_fifty_is_one():
    p = np.linspace(0.01, 0.5, 50)[:, None]
    np.testing.assert_allclose(choose_thresholds(np.zeros((50, 1)), p, 0.02), [0.495])


def test_thresholds_stay_inside_zero_and_one():
    y = np.array([[0, 0, 1, np.nan], [1, 0, 1, np.nan]])
    p = np.array([[1.0, 0.0, 0.9, 0.5], [1.0, 0.0, 0.9, 0.5]])
    thresholds = choose_thresholds(y, p, 0.0)
    assert ((thresholds > 0) & (thresholds < 1)).all()
    np.testing.assert_array_equal(thresholds[2:], [0.5, 0.5])  # no negatives


def test_cells_without_label_do_not_move_thresholds():
    y, p = np.array([[0], [1]]), np.array([[0.2], [0.8]])
    more = np.vstack([p, [[0.4]], [[0.99]]])
    np.testing.assert_array_equal(
        choose_thresholds(np.vstack([y, [[np.nan]] * 2]), more, 0.0), choose_thresholds(y, p, 0.0)
    )


def test_thresholds_refuse_bad_input():
    with pytest.raises(InputError, match=r"max_fpr must be in \[0, 1\), got 1"):
        choose_thresholds([[0]], [[0.5]], 1)
    with pytest.raises(InputError, match=r"probabilities must have shape \(1, 1\)"):
        choose_thresholds([[0]], [[0.5, 0.5]], 0.1)


def test_platt_scaling_finds_the_true_slope_and_offset():
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, size=(40000, 2))
    true_logits = logits * [0.5, 2.0] + [-1.0, 0.7]
    y = (rng.random(logits.shape) < 1 / (1 + np.exp(-true_logits))).astype(float)
    y[:100] = np.nan
    slopes, offsets = fit_platt_scaling(y, logits)
    np.testing.assert_allclose(slopes, [0.5, 2.0], rtol=0.05)
    np.testing.assert_allclose(offsets, [-1.0, 0.7], atol=0.07)


def test_platt_scaling_is_finite_where_classes_do_not_overlap():
    y = np.repeat([[0.0], [1.0]], 20, axis=0)
    logits = np.repeat([[-30.0], [30.0]], 20, axis=0)
    slopes, offsets = fit_platt_scaling(y, logits)
    probabilities = 1 / (1 + np.exp(-(slopes * logits + offsets)))
    np.testing.assert_allclose(probabilities[[0, -1], 0], [1 / 22, 21 / 22], atol=1e-4)


def test_platt_scaling_never_turns_the_order_round():
    y = np.repeat([[0.0], [1.0]], 20, axis=0)
    slopes, _ = fit_platt_scaling(y, -y)
    assert slopes[0] > 0


def test_platt_scaling_falls_back_where_there_is_too_little():
    y = np.zeros((50, 2))
    y[:4, 1] = 1
    slopes, offsets = fit_platt_scaling(y, np.zeros((50, 2)), [-1.0, -2.0])
    np.testing.assert_array_equal(slopes, [1, 1])
    np.testing.assert_array_equal(offsets, [-1, -2])


def test_rare_aus_weigh_as_much_as_their_negatives_up_to_the_cap():
    y = np.array([[1, 1, np.nan], [0, 0, np.nan], [0, 0, 1], [0, np.nan, 1]])
    np.testing.assert_allclose(positive_weights(y, 10.0), [3.0, 2.0, 0.5])
    np.testing.assert_allclose(positive_weights(y, 1.5), [1.5, 1.5, 1 / 1.5])


def test_rows_weigh_by_their_number_of_active_aus_and_one_on_average():
    weights = active_au_weights([[1, 1, 1], [1, 0, np.nan], [0, 0, 0]])
    np.testing.assert_allclose(weights, np.array([3, 1, 1]) * 3 / 5)


def test_every_stratum_keeps_its_rate():
    rng = np.random.default_rng(0)
    hard = np.arange(2000) % 4 == 0
    y = (rng.random((2000, 1)) < 0.3).astype(float)
    p = np.clip(rng.normal(0.3 + 0.3 * y + 0.2 * hard[:, None], 0.1), 0.01, 0.99)
    (threshold,) = thresholds_in_strata(y, p, [np.where(hard, "speech", "expression")], 0.05)
    assert threshold > choose_thresholds(y, p, 0.05)[0]
    for part in (hard, ~hard):
        assert false_positive_rate(y[part], p[part], threshold) <= 0.05


def test_a_stratum_of_few_does_not_decide():
    y, p = np.zeros((500, 1)), np.linspace(0, 0.9, 500)[:, None]
    few = np.where(np.arange(500) >= 400, "few", "many")
    (threshold,) = thresholds_in_strata(y, p, [few], 0.0)
    assert p[399, 0] < threshold < p[400, 0]
    np.testing.assert_array_equal(thresholds_in_strata(y, p, [], 0.0), [0.0])


def test_evidence_is_asked_for_beyond_the_prior_odds():
    """One in four shows the first AU: odds of 1 to 3, which evidence of 3 to 1 makes even."""
    y = np.array([[1, 1, 0], [0, np.nan, 0], [0, 1, 0], [0, np.nan, 0]])
    np.testing.assert_allclose(thresholds_of_evidence(y, 3.0), [0.5, 0.0, 0.0])
    np.testing.assert_allclose(thresholds_of_evidence(y, 0.0), [0.0, 0.0, 0.0])


def test_evidence_divides_two_bells_where_they_are_so_far_apart():
    """Of bells about 0 and 2 the ratio is exp(2 x - 2): it is 3 at x = 1 + ln(3) / 2."""
    rng = np.random.default_rng(0)
    y = (rng.random((20_000, 1)) < 0.2).astype(float)
    seen = rng.normal(2 * y, 1)
    p = 1 / (1 + np.exp(2 - 2 * seen) * 4)
    (threshold,) = thresholds_of_evidence(y, 3.0)
    np.testing.assert_allclose(seen[p > threshold].min(), 1 + np.log(3) / 2, atol=0.03)
