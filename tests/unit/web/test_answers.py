"""Answers hold what results hold, and nothing that JSON cannot."""

import json
from dataclasses import replace

import numpy as np
import pytest

from au_detect import AUDetector, sample_sequences
from au_detect.facs import au_label
from au_detect.web.answers import make_answer, number, numbers, ranked


@pytest.fixture(scope="module")
def result():
    pictures = sorted(sample_sequences()["happiness"].glob("*.png"))
    frames = [*map(str, pictures[::4]), np.full((64, 64), 90, np.uint8)]
    return AUDetector().run(frames, neutral="first")


def test_numbers_that_are_not_known_are_none():
    assert number(np.nan, 3) is None
    assert number(None, 3) is None
    assert number(np.float32(0.12345), 3) == 0.123
    assert numbers(np.array([[0.5, np.nan]]), 2) == [[0.5, None]]


def test_the_best_are_ranked_and_what_is_not_visible_is_left_out():
    assert ranked([0.1, None, 0.9, 0.5], ["a", "b", "c", "d"], 2) == ["c", "d"]
    assert ranked([None, None], ["a", "b"], 5) == []


def test_an_answer_holds_what_the_result_holds(result):
    answer = make_answer("x", result, "sequence", (320, 320), result.emotions(), 3)
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert answer["frames"] == len(answer["rows"]) == len(result)
    for i, row in enumerate(answer["rows"]):
        assert row["found"] == result.face_found[i]
        for column, au in enumerate(result.aus):
            if not row["found"]:
                assert row["aus"] == row["emotions"] == {}
                assert row["points"] is row["pose"] is None
                continue
            cell = row["aus"][au_label(au)]
            assert cell["probability"] == pytest.approx(result.probabilities[i, column], abs=1e-6)
            assert cell["on"] == result.active[i, column]
            assert cell["left"] == pytest.approx(result.left[i, column], abs=1e-6)
            assert cell["right"] == pytest.approx(result.right[i, column], abs=1e-6)
            assert bool(cell["level"]) == (cell["on"] and (cell["intensity"] or 0) >= 0.5)
            assert cell["side"] == pytest.approx(result.side[i, column], abs=1e-6)
    best = answer["faces"][0]["top"][0]
    assert best["au"] in ("AU12", "AU25")
    assert best["probability"] == pytest.approx(np.nanmax(result.probabilities), abs=1e-6)
    assert len(answer["faces"][0]["top"]) == len(answer["rows"][-2]["top"]) == 3


def test_a_face_that_is_nowhere(result):
    nobody = AUDetector().run(np.full((64, 64), 90, np.uint8))
    answer = make_answer("x", nobody, "picture", (64, 64), nobody.emotions(), 5)
    assert answer["faces"][0]["top"] == []
    assert answer["rows"][0]["top"] == []
    json.dumps(answer, allow_nan=False)


def test_names_that_cannot_be_written_are_no_problem(result):
    odd = replace(result, input="\udcff.png")
    answer = make_answer("x", odd, "sequence", (9, 9), odd.emotions(), 5)
    json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace")
