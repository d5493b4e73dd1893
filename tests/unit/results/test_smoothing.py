"""Probabilities through time: noise goes, movements stay, decisions do not flicker."""

from dataclasses import replace

import numpy as np
import pytest
from made_results import make_result

from au_detect.facs import EYES_CLOSED
from au_detect.results.smoothing import (
    HELD_LOG_ODDS,
    RunningSmoothing,
    smoothing_settings,
    with_smoothing,
)

THRESHOLD = 0.2


def result_of(probabilities, *, fps=25.0, lost=(), aus=(4, 12)):
    """Return a result whose AUs all have these probabilities, frame by frame."""
    columns = np.tile(np.asarray(probabilities, dtype=float)[:, None], (1, len(aus)))
    columns[list(lost)] = np.nan
    return make_result(
        len(columns), aus=aus, probabilities=columns, thresholds=np.full(len(aus), THRESHOLD),
        timestamp_s=np.arange(len(columns)) / fps, lost=list(lost),
    )  # fmt: skip


def shifted(log_odds):
    """Return the probability whose log-odds are this far over the threshold's."""
    return 1 / (1 + np.exp(-(log_odds + np.log(THRESHOLD / (1 - THRESHOLD)))))


def on_frames(result, column=0):
    return np.flatnonzero(result.active[:, column]).tolist()


@pytest.mark.parametrize("how", ["around", "past"])
def test_what_does_not_change_stays(how):
    still = result_of(np.full(20, 0.4))
    np.testing.assert_allclose(with_smoothing(still, how).probabilities, 0.4, atol=1e-5)


@pytest.mark.parametrize("how", ["around", "past"])
def test_noise_gets_smaller(how):
    rng = np.random.default_rng(0)
    noisy = result_of(shifted(1.5 + rng.normal(0, 0.3, 200)))
    smooth = with_smoothing(noisy, how)
    assert smooth.probabilities[:, 0].std() < 0.7 * noisy.probabilities[:, 0].std()


@pytest.mark.parametrize("how", ["around", "past"])
def test_a_fast_onset_stays_in_its_frame(how):
    jump = result_of(shifted(np.repeat([-5.0, 5.0, -5.0], 20)))
    assert on_frames(with_smoothing(jump, how)) == list(range(20, 40))


def test_an_action_that_wavers_is_held():
    wavering = np.concatenate(
        [np.full(10, -4.0), np.full(10, 0.5), np.full(10, HELD_LOG_ODDS / 2), np.full(10, -4.0)]
    )
    raw = result_of(shifted(wavering))
    assert on_frames(raw) == list(range(10, 20))
    for how in ("around", "past"):
        assert on_frames(with_smoothing(raw, how)) == list(range(10, 30))


def test_the_past_cannot_know_what_comes_but_both_sides_do():
    growing = np.concatenate([np.full(10, HELD_LOG_ODDS / 2), np.full(10, 0.8)])
    raw = result_of(shifted(growing))
    assert on_frames(with_smoothing(raw, "around")) == list(range(20))
    assert on_frames(with_smoothing(raw, "past"))[0] >= 10


def test_a_flash_is_dropped_and_a_moments_gap_is_filled():
    flash, gap = np.full(40, -4.0), np.full(40, 4.0)
    flash[20], gap[20] = 4.0, -4.0
    assert on_frames(with_smoothing(result_of(shifted(flash)), "around")) == []
    assert on_frames(with_smoothing(result_of(shifted(gap)), "around")) == list(range(40))


def test_what_the_end_cuts_off_is_kept():
    ending = np.full(40, -4.0)
    ending[-1] = 4.0
    assert on_frames(with_smoothing(result_of(shifted(ending)), "around")) == [39]


@pytest.mark.parametrize("how", ["around", "past"])
def test_blinks_are_left_alone(how):
    blink = np.full(30, -4.0)
    blink[15] = 4.0
    raw = result_of(shifted(blink), aus=(4, EYES_CLOSED))
    smooth = with_smoothing(raw, how)
    np.testing.assert_array_equal(smooth.probabilities[:, 1], raw.probabilities[:, 1])


@pytest.mark.parametrize("how", ["around", "past"])
def test_nothing_is_carried_over_a_lost_face(how):
    before, after = np.full(10, 3.0), np.full(10, HELD_LOG_ODDS / 2)
    raw = result_of(shifted(np.concatenate([before, [0.0], after])), lost=[10])
    smooth = with_smoothing(raw, how)
    assert on_frames(smooth) == list(range(10))
    assert np.isnan(smooth.probabilities[10]).all()


def test_time_counts_and_not_the_number_of_frames():
    """Frames that are a second apart say nothing of each other."""
    rng = np.random.default_rng(0)
    slow = result_of(rng.uniform(0.3, 0.9, 30), fps=1.0)
    np.testing.assert_allclose(
        with_smoothing(slow, "around").probabilities, slow.probabilities, atol=1e-5
    )


def test_rows_that_come_one_by_one_give_what_past_gives():
    rng = np.random.default_rng(0)
    raw = result_of(shifted(rng.normal(0, 1.5, 60)), lost=[30])
    whole = with_smoothing(raw, "past")
    running = RunningSmoothing()
    rows = [running.add(row) for row in raw.blocks(1)]
    streamed = np.concatenate([row.probabilities for row in rows])
    np.testing.assert_array_equal(streamed, whole.probabilities)


def test_none_is_what_it_was():
    raw = result_of(np.linspace(0.1, 0.9, 20))
    assert with_smoothing(raw, "none") is raw
    assert smoothing_settings("none") == {"smooth": "none"}


def test_decisions_are_those_of_the_written_probabilities():
    rng = np.random.default_rng(1)
    raw = result_of(shifted(rng.normal(0, 0.4, 300)))
    raw = replace(raw, thresholds=np.array([0.2000004, 0.1999996]))
    smooth = with_smoothing(raw, "around")
    written = np.round(smooth.probabilities.astype(float), 6)
    np.testing.assert_array_equal(smooth.active, written >= smooth.thresholds)
    assert 0 < smooth.active.mean() < 1
