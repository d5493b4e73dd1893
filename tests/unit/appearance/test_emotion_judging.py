import numpy as np
import pytest

from au_detect.appearance.emotion_judging import judge_emotions, judged_text, wilson_interval
from au_detect.errors import InputError

NAMES = ("anger", "fear", "neutral")


def test_guesses_confusion_and_precision():
    probabilities = np.array([[0.8, 0.1, 0.1], [0.5, 0.4, 0.1], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2]])
    judged = judge_emotions(probabilities, np.array([0, 1, 2, 2]), NAMES)
    assert judged["accuracy"][0] == 0.5
    assert judged["within"] == [0.5, 0.75, 1.0]
    assert judged["confusion"] == [[1, 0, 0], [1, 0, 0], [1, 0, 1]]
    assert judged["precision"] == {"anger": pytest.approx(1 / 3), "fear": None, "neutral": 1.0}
    assert judged["recall"] == {"anger": 1.0, "fear": 0.0, "neutral": 0.5}
    assert judged["balanced_accuracy"] == pytest.approx(0.5)
    text = judged_text(judged)
    assert "4 pictures: accuracy 0.500" in text
    assert "within one, two, three guesses: 0.500, 0.750, 1.000" in text


def test_nothing_cannot_be_judged():
    with pytest.raises(InputError, match="labels must be of pictures of anger, fear, neutral"):
        judge_emotions(np.empty((0, 3)), np.empty(0, dtype=int), NAMES)


def test_wilson_interval():
    # Newcombe 1998, table of intervals for 81 of 263: 0.2553 to 0.3662
    low, high = wilson_interval(81 / 263, 263)
    assert (low, high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
