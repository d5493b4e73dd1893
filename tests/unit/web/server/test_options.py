"""Options of an analysis, as strangers send them."""

import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.features.furrows import N_FURROWS
from au_detect.features.measurement import measurements_of_landmarks
from au_detect.web.server.analysis import without_frames
from au_detect.web.server.options import AnalysisOptions, parse_frames, parse_thresholds


@pytest.mark.parametrize(
    ("text", "choice"),
    [("auto", "auto"), (" First ", "first"), ("none", None), ("0", 0), ("12", 12)],
)
def test_neutrals(text, choice):
    assert AnalysisOptions(neutral=text).neutral_choice() == choice


@pytest.mark.parametrize("text", ["", "-1", "1.5", "/etc/passwd", "../x.png", "9" * 9, "\u0661"])
def test_no_neutral_is_a_path(text):
    with pytest.raises(InputError, match="neutral must be one of auto, first, median, none"):
        AnalysisOptions(neutral=text)


def test_neutrals_by_face():
    options = AnalysisOptions(neutral="auto 1:20 0:First")
    assert options.neutral_choice() == "auto"
    assert options.neutral_by_face() == {1: 20, 0: "first"}
    assert AnalysisOptions(neutral="1:auto").neutral_by_face() == {1: "auto"}
    assert AnalysisOptions(neutral="12").neutral_by_face() == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("none 1:20", "must come with auto, first or median for the others"),
        ("5 1:20", "must come with auto, first or median for the others"),
        ("1:none", "must be such as '1:20' or '1:first', got '1:none'"),
        ("x:20", "must be such as '1:20' or '1:first', got 'x:20'"),
        ("-1:20", "must be such as"),
        ("1:", "neutral must be one of auto, first, median, none"),
        ("1:../x", "neutral must be one of"),
        ("auto first", "neutral must be one of"),
    ],
)
def test_neutrals_by_face_that_are_none(text, said):
    with pytest.raises(InputError, match=said):
        AnalysisOptions(neutral=text)


def test_thresholds():
    assert parse_thresholds(None, (1, 12)) == parse_thresholds(" ", (1, 12)) == {}
    assert parse_thresholds("0.5", (1, 12)) == {1: 0.5, 12: 0.5}
    assert parse_thresholds("AU12:0.5, 4:0.25", (1, 12)) == {12: 0.5, 4: 0.25}


@pytest.mark.parametrize("text", ["0", "1", "nan", "inf", "x", "AU12:0", "AU12:"])
def test_thresholds_that_are_none(text):
    with pytest.raises(InputError, match="threshold must be a number above 0 and below 1"):
        AnalysisOptions(threshold=text)


def test_frames_to_leave_out():
    assert parse_frames("10-20 35, 7-3") == [(10, 20), (35, 35), (3, 7)]
    assert parse_frames("") == []
    with pytest.raises(InputError, match="leave_out must be frames such as"):
        parse_frames("10-")


@pytest.fixture
def rows(face_px):
    return measurements_of_landmarks(np.repeat(face_px[None], 6, axis=0), 30.0)


def test_frames_that_are_left_out_show_nobody(rows):
    left = without_frames(rows, [(1, 2), (5, 9)])
    assert left.face_found.tolist() == [True, False, False, True, True, False]
    assert left.frame.tolist() == rows.frame.tolist()
    assert left.timestamp_s.tolist() == rows.timestamp_s.tolist()
    assert left.furrows.shape == (6, N_FURROWS)
    assert not left.confidence[[1, 2, 5]].any()
    assert without_frames(rows, []) is rows


def test_something_must_be_left(rows):
    with pytest.raises(InputError, match="must leave a frame with a face"):
        without_frames(rows, [(0, 100)])
