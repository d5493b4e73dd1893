import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.evaluation.multilabel import multilabel_scores


def test_scores_of_known_sets():
    y = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    decided = np.array([[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    scores = multilabel_scores(y, decided)
    assert scores["hamming_score"] == pytest.approx((1 / 3 + 1 + 1) / 3)
    assert scores["precision"] == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert scores["recall"] == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert scores["exact"] == pytest.approx(2 / 3)


def test_something_found_where_nothing_is_scores_nothing():
    scores = multilabel_scores([[0, 0]], [[1, 0]])
    assert (scores["hamming_score"], scores["precision"], scores["recall"]) == (0, 0, 0)


def test_cells_that_nobody_coded_are_in_no_set():
    scores = multilabel_scores([[1, np.nan], [np.nan, np.nan]], [[1, 1], [1, 1]])
    assert scores["hamming_score"] == scores["precision"] == 1


def test_shapes_must_fit():
    with pytest.raises(InputError, match=r"decided must have shape \(1, 2\), got \(1, 1\)"):
        multilabel_scores([[1, 0]], [[1]])
