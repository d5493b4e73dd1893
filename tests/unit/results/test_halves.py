"""Results in which half of the face is not visible: empty there, and nowhere else."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_results import make_result

from au_detect.errors import InputError
from au_detect.results import read_result
from au_detect.results.blinks import with_blinks
from au_detect.results.halves import hidden_halves
from au_detect.results.smoothing import RunningSmoothing, with_smoothing
from au_detect.results.writing import write_settings

AUS = (1, 12)


def covered_mouth(covered=(1, 2), n_frames=6, p=0.9, **changes):
    """AU1 and AU12 are on throughout; the mouth is not visible in some frames."""
    probabilities = np.full((n_frames, len(AUS)), p)
    probabilities[list(covered), 1] = np.nan
    lower = ~np.isin(np.arange(n_frames), covered)
    halves = {"left": probabilities, "right": probabilities, "lower_reliable": lower}
    return make_result(n_frames, probabilities=probabilities, **halves, **changes)


def test_halves_are_reliable_wherever_the_face_is_found_unless_told_otherwise():
    result = make_result(4, lost=[1])
    assert result.upper_reliable.tolist() == [True, False, True, True]
    assert result.lower_reliable.tolist() == [True, False, True, True]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lower_reliable": np.ones(6, bool)}, "probabilities must be NaN exactly where no face"),
        ({"upper_reliable": np.zeros(6, bool)}, "probabilities must be NaN exactly for the AUs of"),
        (
            {"upper_reliable": np.ones(5, bool)},
            r"upper_reliable must have shape \(6,\), got \(5,\)",
        ),
        ({"upper_reliable": np.ones(6)}, "upper_reliable must be of type bool, got float64"),
    ],
)
def test_numbers_stand_exactly_where_the_half_is_visible(change, message):
    with pytest.raises(InputError, match=message):
        replace(covered_mouth(), **change)


def test_a_half_of_no_face_is_not_reliable():
    with pytest.raises(InputError, match="lower_reliable must be False where no face was found"):
        replace(make_result(lost=[1]), lower_reliable=np.ones(6, bool))


def test_what_is_not_visible_is_not_on():
    result = covered_mouth()
    assert result.active[:, 0].all()
    assert result.active[:, 1].tolist() == [True, False, False, True, True, True]
    assert result.seen[:, 1].tolist() == [True, False, False, True, True, True]


def test_cells_of_the_covered_half_are_empty_and_those_of_the_other_are_not(tmp_path):
    covered_mouth().to_csv(tmp_path / "r.csv")
    table = pd.read_csv(tmp_path / "r.csv")
    assert table["AU12_c"].isna().tolist() == [False, True, True, False, False, False]
    assert table["AU12_p"].isna().equals(table["AU12_c"].isna())
    assert table["AU01_c"].tolist() == [1] * 6
    assert table["success"].tolist() == [1] * 6
    assert table["upper_reliable"].tolist() == [1] * 6
    assert table["lower_reliable"].tolist() == [1, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_files_keep_what_is_not_visible(tmp_path, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow (extra: parquet)")
    result = covered_mouth()
    getattr(result, f"to_{ending}")(tmp_path / f"r.{ending}")
    write_settings(result, tmp_path / "r.settings.json")
    again = read_result(tmp_path / f"r.{ending}")
    np.testing.assert_array_equal(again.lower_reliable, result.lower_reliable)
    np.testing.assert_array_equal(again.upper_reliable, result.upper_reliable)
    np.testing.assert_array_equal(again.probabilities, result.probabilities)
    np.testing.assert_array_equal(again.side, result.side)


def test_old_files_are_read_as_visible_wherever_there_is_a_face(tmp_path):
    result = make_result(lost=[2])
    result.to_json(tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text("utf-8"))
    new = [i for i, name in enumerate(document["columns"]) if name[:6] in ("upper_", "lower_")]
    assert len(new) == 2
    for row in (document["columns"], *document["rows"]):
        del row[new[0] : new[1] + 1]
    (tmp_path / "old.json").write_text(json.dumps(document), "utf-8")
    assert read_result(tmp_path / "old.json").lower_reliable.tolist() == result.face_found.tolist()


def test_an_event_ends_where_its_half_is_no_longer_visible():
    events = covered_mouth().events(max_gap=5)
    spans = [(event.au, event.onset, event.offset) for event in events]
    assert spans == [(1, 0, 5), (12, 0, 0), (12, 3, 5)]


def test_the_summary_counts_frames_in_which_the_half_is_visible():
    summary = covered_mouth(covered=(0, 1)).summary().reset_index()
    au1, au12 = summary.to_dict("records")
    assert (au1["share"], au1["frame"]) == (1.0, 0)
    assert (au12["share"], au12["frame"]) == (1.0, 2)
    never = covered_mouth(covered=range(6)).summary().reset_index().to_dict("records")[1]
    assert np.isnan(never["peak"])
    assert not never["active"]


@pytest.mark.parametrize("how", ["around", "past"])
def test_what_is_not_visible_steadies_nothing_and_stays_empty(how):
    rng = np.random.default_rng(0)
    result = covered_mouth(covered=(8, 9, 10), n_frames=20, timestamp_s=np.arange(20) / 25)
    noisy = np.clip(result.probabilities - rng.uniform(0, 0.5, (20, 2)), 0, 1)
    smooth = with_smoothing(replace(result, probabilities=noisy), how)
    assert np.isnan(smooth.probabilities).tolist() == np.isnan(noisy).tolist()
    alone = replace(make_result(20, timestamp_s=np.arange(20) / 25), probabilities=noisy[:, [0, 0]])
    np.testing.assert_array_equal(
        smooth.probabilities[:, 0], with_smoothing(alone, how).probabilities[:, 0]
    )


def test_a_stream_is_smoothed_as_a_whole_is_where_half_is_covered():
    result = covered_mouth(covered=(3, 4), n_frames=12, timestamp_s=np.arange(12) / 25)
    noisy = result.probabilities * np.linspace(0.3, 1.0, 12)[:, None]
    result = replace(result, probabilities=noisy)
    running = RunningSmoothing()
    rows = [running.add(block).probabilities for block in result.blocks(1)]
    np.testing.assert_array_equal(
        np.concatenate(rows), with_smoothing(result, "past").probabilities
    )
    np.testing.assert_array_equal(rows[5][:, 1], result.probabilities[5, 1:])  # a fresh start


def test_no_blink_is_seen_beside_covered_eyes():
    p = np.array([[0.1], [0.9], [np.nan], [0.1], [0.9], [0.1]])
    seen = np.isfinite(p[:, 0])
    result = make_result(
        6, aus=(43,), probabilities=p, left=p, right=p, thresholds=[0.5], upper_reliable=seen
    )
    blinks = with_blinks(result).probabilities[:, 1]
    np.testing.assert_allclose(blinks, [0.1, 0.0, np.nan, 0.1, 0.9, 0.1], rtol=1e-6)


def test_emotions_are_those_of_whole_faces():
    emotions = covered_mouth().emotions()
    assert np.isnan(emotions.scores[1:3]).all()
    assert emotions.answer.tolist()[1:3] == ["", ""]
    assert np.isfinite(emotions.scores[[0, 3, 4, 5]]).any(axis=1).all()


def test_what_is_not_visible_is_said_in_words():
    assert hidden_halves(make_result(lost=[0])) == {}
    assert hidden_halves(covered_mouth()) == {"mouth": "2 of 6 rows"}
