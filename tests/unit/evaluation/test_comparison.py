from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.errors import InputError
from au_detect.evaluation.comparison import compare_predictions, sentence_about
from au_detect.evaluation.predictions import Predictions

AUS = (1, 12)


def make_predictions(noise=0.1, seed=0, n=300):
    rng = np.random.default_rng(3)
    y = (rng.random((n, 2)) < 0.3).astype(np.float32)
    p = np.clip(0.3 + 0.4 * y + np.random.default_rng(seed).normal(0, noise, y.shape), 0, 1)
    return Predictions(
        aus=AUS,
        rows=np.arange(n),
        y=y,
        probabilities=p.astype(np.float32),
        thresholds=np.full((n, 2), 0.5),
        subject=np.arange(n) // 5,
        fold=np.zeros(n, dtype=int),
    )


def test_a_classifier_does_not_differ_from_itself():
    compared = compare_predictions({"a": make_predictions(), "b": make_predictions()})
    assert compared["reference"] == "a"
    for value in compared["differences"]["b"].values():
        assert value == [0, 0, 0]


def test_differences_are_of_the_same_people_and_have_the_right_sign():
    good, bad = make_predictions(0.1), make_predictions(0.5, seed=1)
    compared = compare_predictions({"good": good, "bad": bad})
    assert list(compared["differences"]) == ["bad"]
    value, low, high = compared["differences"]["bad"]["mean_auc"]
    means = {name: compared["summary"][name]["mean_auc"][0] for name in ("good", "bad")}
    assert value == pytest.approx(means["bad"] - means["good"])
    assert low < value < high < 0
    assert compared["aus"]["AU12"]["auc"]["bad"] < compared["aus"]["AU12"]["auc"]["good"]


def test_paired_intervals_are_narrower_than_the_difference_of_strangers():
    first = make_predictions(0.4)
    second = replace(first, probabilities=np.clip(first.probabilities + 0.01, 0, 1))
    compared = compare_predictions({"first": first, "second": second})
    _, low, high = compared["differences"]["second"]["mean_auc"]
    _, own_low, own_high = compared["summary"]["first"]["mean_auc"]
    assert high - low < 0.2 * (own_high - own_low)


@pytest.mark.parametrize(
    ("noise", "verdict"), [(0.1, "a gain"), (0.4, "not told from nothing"), (2.0, "a loss")]
)
def test_the_sentence_says_what_the_interval_says(noise, verdict):
    without = make_predictions(0.4)
    sentence = sentence_about("Furrows", make_predictions(noise, seed=int(10 * noise)), without)
    assert sentence.startswith("Furrows: mean AUC 0.")
    assert verdict in sentence


def test_other_rows_are_refused():
    one, other = make_predictions(), make_predictions(n=200)
    with pytest.raises(InputError, match="b must be of the same rows and AUs as a"):
        compare_predictions({"a": one, "b": other})
    with pytest.raises(InputError, match="at least one classifier, got none"):
        compare_predictions({})
