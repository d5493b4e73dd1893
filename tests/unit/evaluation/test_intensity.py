import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.evaluation.intensity import (
    evaluate_intensity,
    evaluate_sides,
    intraclass_correlation,
    level_counts,
    level_of,
)

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)
"""Six targets and four judges: the example of Shrout & Fleiss (1979), table 2."""


def test_the_example_of_shrout_and_fleiss():
    # Their table 3: mean squares between targets 11.24, residual 1.02; table 4: ICC(3,1) = .71
    between, residual = 11.2417, 1.0194
    by_hand = (between - residual) / (between + 3 * residual)
    assert intraclass_correlation(SHROUT_FLEISS) == pytest.approx(by_hand, abs=1e-4)
    assert round(intraclass_correlation(SHROUT_FLEISS), 2) == 0.71


def test_two_raters_by_hand():
    # Judges 1 and 2 over two, to fit 0 to 5: sums of squares 13.3333 and 13.5, of products 10
    coded, said = SHROUT_FLEISS[:, :1] / 2, SHROUT_FLEISS[:, 1:2] / 2
    found = evaluate_intensity(coded, said)
    assert found.icc[0] == pytest.approx(20 / (13.3333 + 13.5), abs=1e-5)
    assert found.icc[0] == pytest.approx(intraclass_correlation(np.hstack([coded, said])))
    assert found.pearson[0] == pytest.approx(10 / np.sqrt(13.3333 * 13.5), abs=1e-5)
    assert found.mae[0] == pytest.approx((7 + 5 + 4 + 6 + 5 + 4) / 6 / 2)
    assert found.mse[0] == pytest.approx((49 + 25 + 16 + 36 + 25 + 16) / 6 / 4)
    assert found.mae_of_zero[0] == pytest.approx(46 / 6 / 2)


@pytest.mark.parametrize("seed", range(3))
def test_columns_with_gaps_agree_with_the_formula_for_any_number_of_raters(seed):
    rng = np.random.default_rng(seed)
    coded = rng.uniform(0, 5, (50, 3))
    said = np.clip(coded + rng.normal(0, 1, coded.shape), 0, 5)
    coded[rng.random(coded.shape) < 0.2] = np.nan
    said[rng.random(coded.shape) < 0.1] = np.nan
    found = evaluate_intensity(coded, said)
    for column in range(3):
        pairs = np.column_stack([coded[:, column], said[:, column]])
        pairs = pairs[np.isfinite(pairs).all(axis=1)]
        assert found.n[column] == len(pairs)
        assert found.icc[column] == pytest.approx(intraclass_correlation(pairs))
        assert found.pearson[column] == pytest.approx(np.corrcoef(pairs.T)[0, 1])
        assert found.mae[column] == pytest.approx(np.abs(pairs[:, 0] - pairs[:, 1]).mean())
        assert found.mse[column] == pytest.approx(((pairs[:, 0] - pairs[:, 1]) ** 2).mean())


def test_an_offset_costs_no_icc_and_a_perfect_answer_has_one():
    coded = np.array([[0.0], [1], [2], [3]])
    assert evaluate_intensity(coded, coded).icc == pytest.approx(1)
    shifted = evaluate_intensity(coded, coded + 1)
    assert (shifted.icc[0], shifted.mae[0], shifted.mse[0]) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize("coded", [[[0.0], [0.0]], [[3.0], [np.nan]], [[np.nan], [np.nan]]])
def test_where_nothing_differs_there_is_no_correlation(coded):
    found = evaluate_intensity(coded, [[0.5], [1.5]])
    assert np.isnan(found.icc[0])
    assert np.isnan(found.pearson[0])


def test_who_always_says_the_same_has_no_agreement():
    found = evaluate_intensity([[0.0], [2.0], [4.0]], np.zeros((3, 1)))
    assert found.icc[0] == 0
    assert found.mae[0] == found.mae_of_zero[0] == 2


def test_resamples_draw_people_with_all_their_rows():
    coded = np.array([[0.0], [4.0], [1.0], [5.0]])
    said = np.array([[0.0], [4.0], [5.0], [1.0]])  # the first person right, the second reversed
    drawn = evaluate_intensity(coded, said, [7, 7, 8, 8], n_resamples=200)
    assert set(np.round(drawn.icc[:, 0], 6)) == {
        round(float(icc), 6) for icc in (1.0, -1.0, evaluate_intensity(coded, said).icc[0])
    }
    assert set(drawn.n[:, 0]) == {4.0}


def test_sides_are_told_where_they_differ_by_a_level():
    coded = np.array([[[0, 3]], [[3, 0]], [[2, 1.5]], [[np.nan, 1]], [[1, 2]]], dtype=float)
    said = np.array([[[1, 3]], [[1, 2]], [[0, 5]], [[0, 5]], [[1, 1]]], dtype=float)
    found = evaluate_sides(coded, said)
    assert (found.n[0], found.n_sided[0]) == (4, 3)
    assert found.stronger_side[0] == pytest.approx(1 / 3)  # alike is not told
    assert found.asymmetry_error[0] == pytest.approx((1 + 4 + 5.5 + 1) / 4)


def test_levels_are_those_of_facs():
    assert level_of([0, 0.49, 0.5, 1.49, 1.5, 4.49, 4.5, 5]).tolist() == [0, 0, 1, 1, 2, 4, 5, 5]
    counts = level_counts([[0.0, 3], [4.6, np.nan]], [[1.0, 3.2], [2.5, 1]])
    assert counts.shape == (2, 6, 6)
    assert {tuple(place) for place in np.argwhere(counts).tolist()} == {
        (0, 0, 1), (0, 5, 3), (1, 3, 3),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evaluate_intensity([0.0], [0.0]), r"coded must have shape \(n_samples, n_aus\)"),
        (lambda: evaluate_intensity([[0.0]], [[0.0, 1]]), r"said must have shape \(1, 1\)"),
        (
            lambda: evaluate_intensity([[5.1]], [[0.0]]),
            r"coded must be in \[0, 5\] or NaN, got 5.1",
        ),
        (lambda: evaluate_intensity([[5.0]], [[-1.0]]), r"said must be in \[0, 5\] or NaN, got -1"),
        (lambda: evaluate_sides([[[0.0]]], [[[0.0]]]), r"coded must have shape .*n_aus, 2\)"),
        (lambda: intraclass_correlation([[1.0, 2]]), "at least two targets and raters"),
        (lambda: evaluate_intensity([[1.0]], [[1.0]], [1, 2]), r"subject must have shape \(1,\)"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
