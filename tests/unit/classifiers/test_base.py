import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.classifiers.base import choose_thresholds, held_out_rows
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


def test_whole_groups_are_held_out():
    groups = np.repeat(np.arange(20), 7)
    held_out = held_out_rows(groups, 0.25, 0)
    assert held_out.sum() == 5 * 7
    assert not set(groups[held_out]) & set(groups[~held_out])


def test_holding_out_does_not_depend_on_the_order_of_rows():
    groups = np.array(["S1", "S2", "S3", "S2", "S4", "S5"])
    held_out = held_out_rows(groups, 0.4, 3)
    order = np.array([5, 3, 1, 0, 2, 4])
    np.testing.assert_array_equal(held_out_rows(groups[order], 0.4, 3), held_out[order])
    seeds = {tuple(held_out_rows(groups, 0.4, seed)) for seed in range(10)}
    assert len(seeds) > 1


def test_at_least_one_group_on_either_side():
    assert held_out_rows(["a", "b"], 0.01, 0).sum() == 1
    assert held_out_rows(["a", "b"], 0.99, 0).sum() == 1


def test_holding_out_refuses_bad_input():
    with pytest.raises(InputError, match="at least 2 different groups, got 1"):
        held_out_rows(["a", "a"], 0.5, 0)
    with pytest.raises(InputError, match=r"fraction must be in \(0, 1\), got 1"):
        held_out_rows(["a", "b"], 1, 0)
