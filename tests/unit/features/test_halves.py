import numpy as np

from au_detect.features.halves import most_shown, reliable_aus
from au_detect.features.measurement import joined_rows, measurements_of_landmarks


def rows_with(face_px, upper, lower):
    rows = measurements_of_landmarks(np.repeat(face_px[None], len(upper), axis=0), 30)
    return type(rows)(
        **{**vars(rows), "upper_reliable": np.array(upper), "lower_reliable": np.array(lower)}
    )


def test_every_au_belongs_to_one_half():
    found = reliable_aus((1, 9, 12, 43), np.array([True, False]), np.array([False, True]))
    assert found.tolist() == [[True, False, False, True], [False, True, True, False]]


def test_rows_that_show_both_halves_come_first(face_px):
    rows = rows_with(face_px, [True, True, False], [True, False, False])
    assert most_shown(rows).tolist() == [True, False, False]


def test_where_none_shows_both_one_half_is_most(face_px):
    rows = rows_with(face_px, [True, False, False], [False, False, True])
    assert most_shown(rows).tolist() == [True, False, True]


def test_no_rows_show_nothing(face_px):
    rows = rows_with(face_px, [True], [True])
    assert most_shown(rows.rows(np.array([False]))).tolist() == []


def test_halves_of_given_landmarks_are_reliable_where_there_is_a_face(face_px):
    points = np.stack([face_px, np.full((68, 2), np.nan)])
    rows = measurements_of_landmarks(points, 30)
    assert rows.upper_reliable.tolist() == rows.lower_reliable.tolist() == [True, False]


def test_halves_stay_with_their_rows(face_px):
    rows = rows_with(face_px, [True, False], [False, True])
    both = joined_rows(rows.rows(np.array([1])), rows.rows(np.array([0])))
    assert both.upper_reliable.tolist() == [False, True]
    assert both.lower_reliable.tolist() == [True, False]
