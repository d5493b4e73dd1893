import numpy as np

from au_detect.classifiers.calibration import (
    active_au_weights,
    fit_platt_scaling,
    positive_weights,
)


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
