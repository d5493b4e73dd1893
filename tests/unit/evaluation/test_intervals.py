import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.evaluation import evaluate_aus
from au_detect.evaluation.intervals import (
    percentile_interval,
    rate_interval,
    repeated_difference_interval,
    resample_subjects,
    wilson_interval,
)
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


def test_blocks_of_resamples_change_nothing(monkeypatch):
    y, p, subject = make_cells()
    known = (y, p, [0.5, 0.6], AUS, subject)
    whole = resample_subjects(*known, fold=subject // 4, n_resamples=20)
    monkeypatch.setattr("au_detect.evaluation.curve_rates.CELLS_AT_ONCE", 100)
    parts = resample_subjects(*known, fold=subject // 4, n_resamples=20)
    for name in ("auc", "pr_auc", "matched_tpr"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def make_long_curve(share_of_positives):
    rng = np.random.default_rng(2)
    n, n_people = 3000, 15
    y = (rng.random((n, 1)) < share_of_positives).astype(float)
    p = 1 / (1 + np.exp(-(2 * y + rng.normal(size=(n, 1)))))
    return y, p, [0.5], (1,), rng.integers(0, n_people, n)


@pytest.mark.parametrize(("share_of_positives", "tolerance"), [(0.02, 1e-12), (0.4, 0.01)])
def test_joined_steps_lose_nothing_between_positives_and_little_among_many(
    share_of_positives, tolerance, monkeypatch
):
    known = make_long_curve(share_of_positives)
    exact = resample_subjects(*known, n_resamples=20)
    monkeypatch.setattr("au_detect.evaluation.curve_rates.MOST_CELLS", 20 * 200)
    joined = resample_subjects(*known, n_resamples=20)
    for name in ("auc", "pr_auc", "matched_tpr"):
        np.testing.assert_allclose(
            getattr(joined, name), getattr(exact, name), atol=tolerance, err_msg=name
        )
    np.testing.assert_array_equal(joined.tpr, exact.tpr)


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


def test_wilson_by_hand():
    np.testing.assert_allclose(wilson_interval(1.0, 4), [4 / (4 + 1.959964**2), 1.0], rtol=1e-6)
    np.testing.assert_allclose(wilson_interval(0.5, 100), [0.4038, 0.5962], atol=1e-4)
    assert np.isnan(wilson_interval(np.nan, 4)).all()
    assert np.isnan(wilson_interval(0.5, 0)).all()


@pytest.mark.parametrize("n_people", [4, 7])
def test_intervals_of_few_people_cover_what_they_say(n_people):
    """Each person shows the AU three times; some people are easier than others."""
    rng = np.random.default_rng(n_people)
    covered = {"few": 0, "bootstrap": 0}
    for _ in range(400):
        ease = rng.beta(8, 2, n_people)  # 0.8 in the mean
        found = rng.binomial(3, ease)
        draws = rng.integers(0, n_people, (300, n_people))
        resampled = found[draws].mean(axis=1) / 3
        rate = found.mean() / 3
        for name, people in (("few", n_people), ("bootstrap", None)):
            low, high = rate_interval(rate, resampled, people)
            covered[name] += low <= 0.8 <= high
    assert covered["few"] / 400 >= 0.93
    assert covered["bootstrap"] / 400 < 0.9


def simulated_differences(rng, n_people=60, n_repeats=3, gain=0.0, training_sd=0.01):
    """Draw differences of two recipes: of trainings, and of people in each training."""
    of_person = rng.normal(gain, 0.02 * (gain != 0), n_people)
    of_training = rng.normal(0, training_sd, n_repeats)
    cells = of_person + of_training[:, None] + rng.normal(0, 0.08, (n_repeats, n_people))
    weights = rng.multinomial(n_people, np.full(n_people, 1 / n_people), size=300) / n_people
    return cells.mean(axis=1), cells @ weights.T


@pytest.mark.slow
@pytest.mark.parametrize("training_sd", [0.01, 0.03])
def test_recipes_that_differ_in_their_seed_alone_rarely_differ(training_sd):
    rng = np.random.default_rng(0)
    repeated = once = 0
    for _ in range(400):
        seen, drawn = simulated_differences(rng, training_sd=training_sd)
        low, high = repeated_difference_interval(seen, drawn, 60)
        repeated += low > 0 or high < 0
        low, high = repeated_difference_interval(seen[:1], drawn[:1], 60)
        once += low > 0 or high < 0
    assert 0.02 <= repeated / 400 <= 0.08
    assert once / 400 > 0.12  # people alone: what one training happens to give counts as a gain


def test_a_true_gain_is_found():
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(100):
        low, _ = repeated_difference_interval(*simulated_differences(rng, gain=0.05), 60)
        found += low > 0
    assert found > 70


def test_refused():
    with pytest.raises(InputError, match=r"subject must have shape \(1,\), got \(2,\)"):
        resample_subjects([[1]], [[0.5]], [0.5], (1,), ["a", "b"])
    with pytest.raises(InputError, match="n_resamples must be at least 1, got 0"):
        resample_subjects([[1]], [[0.5]], [0.5], (1,), ["a"], n_resamples=0)
