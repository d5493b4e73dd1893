from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from au_detect.errors import InputError
from au_detect.results import AUResult
from au_detect.results.event import AUEvent

NO_FACE = np.nan


def make_result(probabilities, *, aus=(12,), frame=None, face_id=None, fps=10.0):
    """Threshold 0.5 for every AU; a row whose probability is NaN is without a face."""
    probabilities = np.asarray(probabilities, dtype=float).reshape(-1, len(aus))
    n_rows = len(probabilities)
    found = ~np.isnan(probabilities[:, 0])
    frame = np.arange(n_rows) if frame is None else np.asarray(frame)
    zero = np.where(found, 0.0, np.nan)
    return AUResult(
        aus=aus,
        probabilities=probabilities,
        left=probabilities,
        right=probabilities,
        thresholds=np.full(len(aus), 0.5),
        frame=frame,
        timestamp_s=frame / fps,
        face_id=np.zeros(n_rows, dtype=int) if face_id is None else np.asarray(face_id),
        face_found=found,
        confidence=found.astype(float),
        points=np.broadcast_to(zero[:, np.newaxis, np.newaxis], (n_rows, 68, 2)),
        pose=np.repeat(zero[:, np.newaxis], 3, axis=1),
        reliable=found,
        neutral={},
        input="clip",
        settings={},
    )


def spans(events):
    return [(event.onset, event.apex, event.offset) for event in events]


def test_an_event_runs_from_the_first_to_the_last_frame_on():
    (event,) = make_result([0.1, 0.5, 0.7, 0.9, 0.6, 0.4]).events()
    assert event == AUEvent(
        au=12,
        face_id=0,
        onset=1,
        apex=3,
        offset=4,
        onset_s=0.1,
        apex_s=0.3,
        offset_s=0.4,
        peak_probability=0.9,
    )
    assert event.duration_s == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ([0.1, 0.2, 0.3], []),
        ([0.9], [(0, 0, 0)]),
        ([0.9, 0.8, 0.7], [(0, 0, 2)]),
        ([0.1, 0.8, 0.8], [(1, 1, 2)]),
        ([0.6, 0.1, 0.7], [(0, 0, 0), (2, 2, 2)]),
        ([0.6, NO_FACE, 0.7], [(0, 0, 0), (2, 2, 2)]),
        ([NO_FACE, NO_FACE], []),
    ],
)
def test_onset_apex_offset(probabilities, expected):
    assert spans(make_result(probabilities).events()) == expected


@pytest.mark.parametrize(
    ("max_gap", "expected"),
    [
        (0, [(0, 0, 0), (2, 2, 2), (5, 5, 5)]),
        (1, [(0, 2, 2), (5, 5, 5)]),
        (2, [(0, 5, 5)]),
    ],
)
def test_gaps_of_up_to_max_gap_frames_are_bridged(max_gap, expected):
    result = make_result([0.6, 0.1, 0.7, 0.1, 0.1, 0.8, 0.2])
    assert spans(result.events(max_gap=max_gap)) == expected


def test_a_lost_face_ends_an_event_whatever_the_gap():
    result = make_result([0.6, NO_FACE, 0.7, 0.1, 0.8])
    assert spans(result.events(max_gap=9)) == [(0, 0, 0), (2, 4, 4)]


def test_frames_without_a_row_end_an_event():
    result = make_result([0.6, 0.7, 0.8], frame=[3, 4, 9])
    assert spans(result.events(max_gap=9)) == [(3, 4, 4), (9, 9, 9)]


@pytest.mark.parametrize(("min_duration_s", "n_events"), [(0.0, 2), (0.1, 1), (0.3, 1), (0.31, 0)])
def test_short_events_are_left_out(min_duration_s, n_events):
    # 1.3 s - 1.0 s is a little less than 0.3 in floating point.
    result = make_result([0.0] * 10 + [0.9] * 4 + [0.0, 0.9, 0.0])
    assert len(result.events(min_duration_s)) == n_events


def test_every_au_and_face_has_its_own_events():
    probabilities = [[0.1, 0.9], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
    result = make_result(probabilities, aus=(1, 12), frame=[0, 0, 1, 1], face_id=[0, 1, 0, 1])
    found = [(event.face_id, event.au, event.onset, event.offset) for event in result.events()]
    assert found == [(0, 12, 0, 1), (0, 1, 1, 1), (1, 1, 0, 0), (1, 12, 1, 1)]


def test_events_make_a_table():
    table = pd.DataFrame(make_result([0.9, 0.1, 0.8]).events())
    assert table[["au", "onset", "peak_probability"]].to_numpy().tolist() == [
        [12, 0, 0.9],
        [12, 2, 0.8],
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"min_duration_s": -1}, "min_duration_s must be 0 or more, got -1"),
        ({"min_duration_s": float("nan")}, "min_duration_s must be 0 or more, got nan"),
        ({"max_gap": -1}, "max_gap must be 0 or more frames, got -1"),
    ],
)
def test_negative_limits_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        make_result([0.9]).events(**arguments)


def test_an_event_says_which_half_showed_it_and_how_strongly():
    steps = [[[1000.0, -1000.0 * odds] for odds in (-1, 0, 1, 2, 3)]]
    result = make_result([0.1, 0.9, 0.6])
    right, left = np.array([[0.1], [0.05], [0.6]]), np.array([[0.1], [0.9], [0.1]])
    plain, scaled = (
        replace(result, left=left, right=right, intensity_scale=scale).events()[0]
        for scale in (None, steps)
    )
    assert plain.side == pytest.approx(0.85)
    assert (plain.intensity, plain.intensity_left, plain.code) == (None, None, "L12")
    assert scaled.intensity == scaled.intensity_left == pytest.approx(4)  # log-odds 2.2
    assert scaled.intensity_right == pytest.approx(0)
    assert scaled.code == "L12D"
