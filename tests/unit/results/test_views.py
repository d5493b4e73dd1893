"""What a result says of itself."""

import numpy as np
import pandas as pd
from made_results import face_points, make_result

from au_detect.results import read_result
from au_detect.results.writing import write_settings

ALBUM = {"independent": True, "files": ["anna.jpg", "bert.jpg", "=cmd.jpg"]}


def album():
    """Return three pictures of different people."""
    return make_result(3, timestamp_s=np.zeros(3), settings=ALBUM, neutral={0: "none"})


def test_every_row_of_independent_pictures_names_its_file_and_has_no_time(tmp_path):
    table = album().to_dataframe()
    assert table["file"].tolist() == ALBUM["files"]
    assert table["timestamp"].isna().all()
    album().to_csv(tmp_path / "album.csv")
    written = pd.read_csv(tmp_path / "album.csv")
    assert written["file"].tolist() == ["anna.jpg", "bert.jpg", "'=cmd.jpg"]
    write_settings(album(), tmp_path / "album.settings.json")
    back = read_result(tmp_path / "album.csv")
    assert list(back.files) == ALBUM["files"]
    pd.testing.assert_frame_equal(back.to_dataframe(), table)


def test_json_keeps_the_files(tmp_path):
    album().to_json(tmp_path / "album.json")
    pd.testing.assert_frame_equal(
        read_result(tmp_path / "album.json").to_dataframe(), album().to_dataframe()
    )


def test_the_summary_of_independent_pictures_pools_nobody():
    peaks = album().summary()["peak"]
    assert peaks["anna.jpg", 0, "AU12"] == 0.2
    assert peaks["=cmd.jpg", 0, "AU12"] == 0.9


def test_a_sequence_has_no_file_column():
    assert "file" not in make_result().to_dataframe()
    assert make_result().files == ()


def test_independent_pictures_have_events_of_one_picture_each():
    assert [(e.onset, e.offset) for e in album().events()] == [(1, 1), (2, 2)]


def test_landmarks_are_those_of_the_rows():
    result = make_result(4, lost=(1,), points=face_points(4, lost=[1]))
    assert result.landmarks.face_found.tolist() == [True, False, True, True]
    np.testing.assert_array_equal(result.landmarks.points, result.points)


def test_a_notebook_shows_what_is_on_with_its_course():
    page = make_result(name="<b>clip</b>")._repr_html_()
    assert "Lip Corner Puller" in page
    assert "Inner Brow Raiser" not in page
    assert "<polyline" in page
    assert "<b>clip</b>" not in page


def test_a_notebook_shows_a_result_without_a_face():
    assert "no face" in make_result(2, lost=(0, 1))._repr_html_()
