import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.evaluation import evaluate_aus
from au_detect.evaluation.intervals import percentile_interval, resample_subjects
from au_detect.evaluation.metrics import RATES

AUS = (1, 12)


def make_cells(n_subjects=12, seed=0):
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(n_subjects), rng.integers(1, 6, n_subjects))
    y = (rng.random((len(subject), 2)) < [0.5, 0.2]).astype(float)
    y[rng.random(y.shape) < 0.1] = np.nan
    p = np.clip(np.round(rng.random(y.shape) * 0.7 + 0.3 * np.nan_to_num(y), 1), 0, 1)
    p[3, 0] = np.nan
    return y, p, subject


def test_every_resample_is_the_evaluation_of_the_rows_it_drew():
    y, p, subject = make_cells()
    fold = subject // 4
    resamples = resample_subjects(
        y, p, [0.5, 0.6], AUS, subject, fold=fold, n_resamples=20, random_state=4
    )
    drawn = np.random.default_rng(4).multinomial(12, np.full(12, 1 / 12), size=20)
    for number, counts in enumerate(drawn):
        rows = np.concatenate([np.flatnonzero(subject == s) for s in np.repeat(range(12), counts)])
        expected = evaluate_aus(y[rows], p[rows], [0.5, 0.6], AUS, fold[rows])
        for name in (*RATES, "n_positive", "n_missing", "tp", "fp", "fn", "tn"):
            np.testing.assert_allclose(
                getattr(resamples, name)[number], getattr(expected, name), atol=1e-12, err_msg=name
            )


def test_thresholds_may_differ_from_row_to_row():
    y, p, subject = make_cells()
    rows = np.tile([0.5, 0.6], (len(y), 1))
    of_rows = resample_subjects(y, p, rows, AUS, subject, n_resamples=5)
    of_aus = resample_subjects(y, p, [0.5, 0.6], AUS, subject, n_resamples=5)
    np.testing.assert_array_equal(of_rows.tpr, of_aus.tpr)
    rows[: len(y) // 2] = 0.0
    assert (resample_subjects(y, p, rows, AUS, subject).fpr.mean() > of_aus.fpr.mean()).all()


def test_people_who_repeat_themselves_leave_as_much_room_as_they_did_once():
    y, p, subject = make_cells(30)
    once = resample_subjects(y, p, [0.5, 0.6], AUS, subject)
    thrice = resample_subjects(*(np.repeat(v, 3, axis=0) for v in (y, p)), [0.5, 0.6], AUS,
                               np.repeat(subject, 3))  # fmt: skip
    np.testing.assert_allclose(percentile_interval(thrice.tpr), percentile_interval(once.tpr))


def test_interval_of_a_rate_is_about_that_of_a_binomial():
    rng = np.random.default_rng(1)
    y = np.ones((400, 1))
    p = (rng.random((400, 1)) < 0.8).astype(float)
    resamples = resample_subjects(y, p, [0.5], (1,), np.arange(400), n_resamples=2000)
    half = 1.96 * np.sqrt(p.mean() * (1 - p.mean()) / 400)
    low, high = percentile_interval(resamples.tpr[:, 0])
    np.testing.assert_allclose([low, high], [p.mean() - half, p.mean() + half], atol=0.006)


def test_undefined_resamples_are_left_out_and_never_zero():
    y = np.array([[1.0, 0], [0, 0], [0, 0]])  # AU1 is in one of three people, AU12 in none
    p = np.array([[0.9, 0.1], [0.1, 0.1], [0.1, 0.1]])
    resamples = resample_subjects(y, p, [0.5, 0.5], AUS, [0, 1, 2], n_resamples=200)
    assert np.isnan(resamples.tpr[:, 0]).any()
    np.testing.assert_array_equal(percentile_interval(resamples.tpr), [[1, np.nan], [1, np.nan]])
    np.testing.assert_array_equal(percentile_interval(resamples.auc), [[1, np.nan], [1, np.nan]])


def test_refused():
    with pytest.raises(InputError, match=r"subject must have shape \(1,\), got \(2,\)"):
        resample_subjects([[1]], [[0.5]], [0.5], (1,), ["a", "b"])
    with pytest.raises(InputError, match="n_resamples must be at least 1, got 0"):
        resample_subjects([[1]], [[0.5]], [0.5], (1,), ["a"], n_resamples=0)
