import json
import os

import numpy as np
import pandas as pd
import pytest

from au_detect.emotions.recognition import emotions_from_aus
from au_detect.errors import InputError
from au_detect.results import AUResult, read_result, writing
from au_detect.results.writing import write_settings

FACE_FOUND = (True, True, False, True)
SCALE = np.array([[[1.0, 0.5 - level] for level in range(5)]] * 2)
"""Of each AU: level by level less likely, and more likely the higher the log-odds."""


def make_result(**changes):
    """Four frames of one face, lost in frame 2; AU12 rises, AU1 stays off."""
    found = np.asarray(changes.get("face_found", FACE_FOUND))
    n_rows = len(found)
    numbers = np.random.default_rng(0)

    def only_with_face(values):
        return np.where(found.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)

    fields = {
        "aus": (1, 12),
        "probabilities": only_with_face(np.linspace([0.1, 0.2], [0.3, 0.9], n_rows)),
        "left": only_with_face(numbers.uniform(0, 1, (n_rows, 2))),
        "right": only_with_face(numbers.uniform(0, 1, (n_rows, 2))),
        "thresholds": np.array([0.5, 0.4]),
        "frame": np.arange(n_rows),
        "timestamp_s": np.arange(n_rows) / 30,
        "face_id": np.zeros(n_rows, dtype=int),
        "face_found": found,
        "confidence": np.where(found, 0.87654321, 0),
        "points": only_with_face(numbers.uniform(0, 2000, (n_rows, 68, 2))),
        "pose": only_with_face(numbers.uniform(-0.5, 0.5, (n_rows, 3))),
        "reliable": found,
        "translation": only_with_face(numbers.uniform(-900, 900, (n_rows, 3))),
        "gaze": only_with_face(numbers.uniform(-0.5, 0.5, (n_rows, 2))),
        "neutral": {0: "frame 0"},
        "input": "clip.mp4",
        "settings": {"version": "1.0", "options": {"neutral": "first"}},
    }
    return AUResult(**(fields | changes))


def two_faces():
    return make_result(
        frame=np.array([0, 0, 1, 1]),
        face_id=np.array([0, 1, 0, 1]),
        neutral={0: "frame 0", 1: "frame 1"},
    )


def with_value(name, row, value):
    """Return a change of field `name`: `value` throughout `row`."""
    array = getattr(make_result(), name).copy()
    array[row] = value
    return {name: array}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"aus": ()}, "aus must be ascending FACS numbers"),
        ({"aus": (12, 1)}, "aus must be ascending"),
        ({"aus": (12, 12)}, "without repeats"),
        ({"aus": (1, 3)}, "each of aus must be one of 1, 2, .* got 3"),
        ({"aus": (1, 2, 12)}, r"probabilities must have shape \(4, 3\), got \(4, 2\)"),
        ({"face_found": []}, "at least one row, got 0"),
        ({"points": np.zeros((4, 5, 2))}, r"points must have shape \(4, 68, 2\), got \(4, 5, 2\)"),
        ({"pose": [[0.0], [0.0, 1.0]]}, "pose must be an array"),
        ({"gaze": np.zeros((4, 3))}, r"gaze must have shape \(4, 2\), got \(4, 3\)"),
        (with_value("gaze", 2, 0.0), "gaze must be NaN where no face .* got a number in row 2"),
        (with_value("translation", 1, np.inf), "translation must be finite or NaN, got inf"),
        ({"frame": np.arange(4) / 2}, "frame must be of type int64, got float64"),
        ({"face_found": [1, 1, 0, 1]}, "face_found must be of type bool"),
        ({"frame": [0, 1, 1, 2]}, "rows must be ordered by frame.* got frame 1, face 0 in row 2"),
        ({"frame": [-1, 0, 1, 2]}, "frame must count from 0, got -1"),
        ({"thresholds": [0.5, 1.0]}, r"thresholds must be in \(0, 1\), got 1.0"),
        ({"thresholds": [np.nan, 0.5]}, r"thresholds must be in \(0, 1\), got nan"),
        (with_value("probabilities", 1, 1.5), r"probabilities must be in \[0, 1\], got 1.5"),
        (with_value("left", 1, -1.5), r"left must be in \[0, 1\], got -1.5"),
        (with_value("right", 1, np.nan), "right must be NaN .* got NaN in row 1, which is with"),
        ({"intensity_scale": SCALE[:1]}, r"intensity_scale must have shape \(2, 5, 2\), got"),
        ({"intensity_scale": -SCALE}, "intensity_scale must be finite, its slopes at least 0"),
        ({"intensity_scale": SCALE * np.inf}, "intensity_scale must be finite"),
        (with_value("confidence", 1, 2), r"confidence must be in \[0, 1\], got 2.0"),
        (with_value("confidence", 1, np.nan), "confidence must be finite, got nan"),
        (with_value("timestamp_s", 1, np.inf), "timestamp_s must be finite, got inf"),
        (with_value("points", 1, np.inf), "points must be finite or NaN, got infinity"),
        (with_value("probabilities", 1, np.nan), "got NaN in row 1, which is with a face"),
        (with_value("pose", 2, 0.0), "pose must be NaN exactly .* got a number in row 2"),
        (with_value("confidence", 2, 0.5), "confidence must be 0 where no face .* in row 2"),
        (with_value("reliable", 2, True), "reliable must be False where no face .* in row 2"),
        ({"neutral": {"0": "frame 0"}}, "neutral must map int to str"),
        ({"neutral": None}, "neutral must map int to str, got None"),
        ({"input": 3}, "input must be a str, got int"),
        ({"settings": {"weights": float("nan")}}, "settings must be possible to write as JSON"),
        ({"settings": {"path": object()}}, "settings must be possible to write as JSON"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        make_result(**change)


def test_a_result_keeps_its_own_copy():
    frame, settings = np.arange(4), {"options": {"size": (1, 2)}}
    result = make_result(frame=frame, settings=settings)
    frame[:] = 9
    settings["options"]["size"] = None
    assert result.frame.tolist() == [0, 1, 2, 3]
    assert result.settings == {"options": {"size": [1, 2]}}


def test_the_arrays_of_a_result_cannot_be_changed():
    result = two_faces()
    for changed in (result, result.face(1), next(result.blocks(2))):
        with pytest.raises(ValueError, match="read-only"):
            changed.points[0] = 0


def test_only_what_nobody_can_change_is_shared():
    given = make_result().points.copy()
    view = given.view()
    view.flags.writeable = False
    assert not np.shares_memory(make_result(points=view).points, given)
    given.flags.writeable = False
    assert np.shares_memory(make_result(points=view).points, given)


@pytest.mark.parametrize("n_rows", [1, 3, 4, 10])
def test_the_blocks_of_a_result_are_its_rows(n_rows):
    result = two_faces()
    blocks = list(result.blocks(n_rows))
    assert [len(block) for block in blocks[:-1]] == [n_rows] * (len(blocks) - 1)
    table = pd.concat([block.to_dataframe() for block in blocks], ignore_index=True)
    pd.testing.assert_frame_equal(table, result.to_dataframe())


def test_a_table_that_is_written_in_blocks_is_the_whole_table(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "CSV_ROWS", 3)
    result = make_result()
    result.to_csv(tmp_path / "blocks.csv", landmarks=True, emotions=result.emotions())
    table = result.to_dataframe(landmarks=True, emotions=result.emotions())
    expected = table.to_csv(index=False, lineterminator="\n")
    assert (tmp_path / "blocks.csv").read_text() == expected


def test_an_au_is_on_where_its_probability_reaches_the_threshold():
    probabilities = np.array([[0.4999, 0.7], [0.5, 0.69999], [np.nan] * 2, [1.0, 0.0]])
    result = make_result(probabilities=probabilities, thresholds=[0.5, 0.7])
    assert result.active.tolist() == [[0, 1], [1, 0], [0, 0], [1, 0]]


def test_written_probability_and_decision_agree_at_the_threshold():
    # 0.7 as float32 is a little less than 0.7; the table shows 0.7 either way.
    result = make_result(probabilities=with_value("probabilities", 3, 0.7)["probabilities"])
    table = make_result(probabilities=result.probabilities, thresholds=[0.7, 0.7]).to_dataframe()
    assert table.loc[3, "AU12_p"] == 0.7
    assert table.loc[3, "AU12_c"] == 1


def test_columns_begin_as_openface_does_and_are_in_a_fixed_order():
    columns = list(make_result().to_dataframe(landmarks=True).columns)
    assert columns[:36] == [
        *("frame", "face_id", "timestamp", "confidence", "success", "AU01_c", "AU12_c"),
        *("AU01_p", "AU12_p", "AU01_side", "AU12_side", "gaze_angle_x", "gaze_angle_y"),
        *("pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz"),
        *("reliable", "upper_reliable", "lower_reliable", "input", "neutral"),
        *(f"x_{point}" for point in range(12)),
    ]
    assert columns[24:] == [f"{axis}_{point}" for axis in "xy" for point in range(68)]
    assert list(make_result().to_dataframe(pose=False).columns) == columns[:11] + columns[19:24]


def test_landmark_columns_hold_x_and_y():
    result = make_result()
    table = result.to_dataframe(landmarks=True)
    assert table.loc[3, "x_67"] == pytest.approx(result.points[3, 67, 0], abs=0.0006)
    assert table.loc[3, "y_0"] == pytest.approx(result.points[3, 0, 1], abs=0.0006)


def test_a_frame_without_a_face_is_a_row_with_empty_cells():
    row = make_result().to_dataframe(landmarks=True).loc[2]
    given = row[row.notna()]
    assert given.to_dict() == {
        **{"frame": 2, "face_id": 0, "timestamp": 0.066667, "confidence": 0, "success": 0},
        **{"reliable": 0, "upper_reliable": 0, "lower_reliable": 0},
        **{"input": "clip.mp4", "neutral": "frame 0"},
    }


def test_csv_has_two_digit_names_no_spaces_and_integers_for_decisions(tmp_path):
    make_result().to_csv(tmp_path / "r.csv", pose=False)
    lines = (tmp_path / "r.csv").read_text("utf-8").splitlines()
    assert lines[0].startswith("frame,face_id,timestamp,confidence,success,AU01_c,AU12_c,AU01_p,")
    assert lines[1].startswith("0,0,0.0,0.876543,1,0,0,0.1,0.2,")
    assert lines[3] == "2,0,0.066667,0.0,0,,,,,,,0,0,0,clip.mp4,frame 0"
    assert len(lines) == 5


@pytest.mark.parametrize("found", [FACE_FOUND, (False, False), (True,), (False,)])
def test_all_formats_carry_the_numbers_of_the_data_frame(tmp_path, found):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    result = make_result(face_found=np.array(found))
    table = result.to_dataframe(landmarks=True)
    result.to_csv(tmp_path / "r.csv", landmarks=True)
    result.to_parquet(tmp_path / "r.parquet", landmarks=True)
    result.to_json(tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text("utf-8"))
    for read in (
        pd.read_csv(tmp_path / "r.csv"),
        pd.read_parquet(tmp_path / "r.parquet"),
        pd.DataFrame(document["rows"], columns=document["columns"]),
    ):
        assert list(read.columns) == list(table.columns)
        for column in table.columns.drop(["input", "neutral"]):
            expected = table[column].astype("Float64").to_numpy(float, na_value=np.nan)
            np.testing.assert_array_equal(read[column].to_numpy(float), expected)
        assert read["input"].tolist() == table["input"].tolist()


@pytest.mark.parametrize("found", [FACE_FOUND, (False, False), (True,)])
def test_a_result_is_read_back_from_json(tmp_path, found):
    result = make_result(face_found=np.array(found), input="Zoë \udcff.mp4")
    result.to_json(tmp_path / "r.json")
    again = read_result(tmp_path / "r.json")
    pd.testing.assert_frame_equal(
        again.to_dataframe(landmarks=True), result.to_dataframe(landmarks=True), check_exact=True
    )
    for name in ("aus", "neutral", "input", "settings"):
        assert getattr(again, name) == getattr(result, name)
    np.testing.assert_array_equal(again.thresholds, result.thresholds)
    np.testing.assert_array_equal(again.active, result.active)
    np.testing.assert_allclose(again.points, result.points, atol=0.0006)
    assert again.events() == result.events()


def test_reading_again_and_writing_gives_the_same_file(tmp_path):
    make_result().to_json(tmp_path / "first.json")
    read_result(tmp_path / "first.json").to_json(tmp_path / "second.json")
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()


def other_version(text):
    return text.replace('"format_version": 1', '"format_version": 99')


def without_column(text):
    return text.replace('"AU12_p"', '"AU13_p"')


def probability_of_two(text):
    return text.replace("0.876543", "2.0")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:-20], "must be a JSON result of au_detect"),
        (lambda text: "[1, 2]", "must be a JSON result of au_detect"),
        (lambda text: '{"rows": []}', "got KeyError: 'format'"),
        (other_version, "must be a JSON result .* 99"),
        (without_column, "got KeyError: 'AU12_p'"),
        (probability_of_two, r"confidence must be in \[0, 1\]"),
    ],
)
def test_a_file_that_is_no_result_is_refused(tmp_path, damage, message):
    make_result().to_json(tmp_path / "r.json")
    text = (tmp_path / "r.json").read_text("utf-8")
    (tmp_path / "r.json").write_text(damage(text), "utf-8")
    with pytest.raises(InputError, match=message):
        read_result(tmp_path / "r.json")


def test_the_side_is_the_difference_of_the_halves():
    halves = {"left": [[0.25, 0.5]] * 4, "right": [[0.75, 0.5]] * 4}
    result = make_result(face_found=[True] * 4, **halves)
    np.testing.assert_array_equal(result.side, [[-0.5, 0.0]] * 4)


def test_intensity_counts_the_levels_that_are_reached():
    steep = np.array([[[1000.0, -1000.0 * odds] for odds in (-1, 0, 1, 2, 3)]] * 2)
    p = 1 / (1 + np.exp([[1.5], [-0.5], [np.nan], [-9.0]]))
    halves = {"left": np.repeat(p, 2, axis=1), "right": np.repeat(p[[1, 3, 2, 0]], 2, axis=1)}
    result = make_result(probabilities=np.repeat(p, 2, axis=1), **halves, intensity_scale=steep)
    for name, expected in (
        ("intensity", [0, 2, np.nan, 5]),
        ("intensity_left", [0, 2, np.nan, 5]),
        ("intensity_right", [2, 5, np.nan, 0]),
    ):
        of_both = np.column_stack([expected] * 2)
        np.testing.assert_allclose(getattr(result, name), of_both, atol=1e-6)


def test_who_has_an_au_on_is_stronger_in_it_than_who_has_it_off():
    p = np.linspace(0, 1, 1001)
    fields = dict.fromkeys(("probabilities", "left", "right"), np.column_stack([p, p]))
    found = [True] * len(p)
    result = make_result(face_found=found, **fields, intensity_scale=SCALE)
    for column in (0, 1):
        on = result.active[:, column]
        assert result.intensity[on, column].min() > result.intensity[~on, column].max()


def test_a_model_without_a_scale_says_no_intensity():
    result = make_result()
    for values in (result.intensity, result.intensity_left, result.intensity_right):
        assert values.shape == (4, 2)
        assert np.isnan(values).all()


@pytest.mark.parametrize("scale", [None, SCALE])
def test_halves_and_intensities_are_read_back(tmp_path, scale):
    result = make_result(intensity_scale=scale)
    result.to_json(tmp_path / "r.json")
    again = read_result(tmp_path / "r.json")
    for name in ("left", "right"):
        np.testing.assert_allclose(getattr(again, name), getattr(result, name), atol=5e-7)
    for name in ("side", "intensity", "intensity_left", "intensity_right", "intensity_scale"):
        np.testing.assert_array_equal(getattr(again, name), getattr(result, name))


def test_the_side_of_an_older_file_is_kept(tmp_path):
    result = make_result()
    result.to_json(tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text("utf-8"))
    del document["halves"]
    (tmp_path / "r.json").write_text(json.dumps(document), "utf-8")
    again = read_result(tmp_path / "r.json")
    np.testing.assert_array_equal(again.side, result.side)
    middle = (again.left + again.right) / 2
    free = (again.left > 0) & (again.right > 0) & (again.left < 1) & (again.right < 1)
    np.testing.assert_allclose(middle[free], result.probabilities[free], atol=2e-6)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read the result file .*none.json: No such file"):
        read_result(tmp_path / "none.json")


@pytest.mark.parametrize("name", ["=1+1.mp4", "+a", "-a", "@a", " =1+1"])
def test_csv_cells_cannot_be_formulas(tmp_path, name):
    result = make_result(input=name, neutral={0: name})
    result.to_csv(tmp_path / "r.csv")
    cells = pd.read_csv(tmp_path / "r.csv")[["input", "neutral"]]
    assert set(cells.to_numpy().ravel()) == {"'" + name}
    assert result.to_dataframe()["input"].unique().tolist() == [name]


@pytest.mark.parametrize("name", ["a, b.mp4", 'say "hi".mp4', "Zoë 笑.mp4", "a=b.mp4"])
def test_csv_keeps_other_names(tmp_path, name):
    make_result(input=name).to_csv(tmp_path / "r.csv")
    assert pd.read_csv(tmp_path / "r.csv")["input"].unique().tolist() == [name]


def test_every_row_of_a_csv_is_one_line(tmp_path):
    make_result(input="a\r\nb.mp4").to_csv(tmp_path / "r.csv")
    assert (tmp_path / "r.csv").read_bytes().count(b"\r") == 0
    assert pd.read_csv(tmp_path / "r.csv")["input"].tolist() == ["a\\r\\nb.mp4"] * 4


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "r.csv"
    path.write_text("old")

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        make_result().to_csv(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["r.csv"]


@pytest.mark.parametrize("method", ["to_csv", "to_json"])
def test_a_missing_folder_is_named(tmp_path, method):
    with pytest.raises(InputError, match=r"path must be in an existing folder, got .*none"):
        getattr(make_result(), method)(tmp_path / "none" / "r")


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="there is no /dev/null here")
def test_a_device_is_written_to_and_not_replaced():
    make_result().to_csv("/dev/null")
    assert not os.path.isfile("/dev/null")


def test_settings_file_says_how_the_result_was_made(tmp_path):
    write_settings(make_result(), tmp_path / "r.settings.json")
    assert json.loads((tmp_path / "r.settings.json").read_text("utf-8")) == {
        "input": "clip.mp4",
        "neutral": {"0": "frame 0"},
        "aus": ["AU01", "AU12"],
        "thresholds": {"AU01": 0.5, "AU12": 0.4},
        "settings": {"version": "1.0", "options": {"neutral": "first"}},
    }


def test_summary_gives_the_peak_of_every_au():
    summary = make_result().summary()
    assert summary.index.tolist() == [(0, "AU01"), (0, "AU12")]
    assert summary.loc[(0, "AU12")].to_dict() == {
        **{"name": "Lip Corner Puller", "peak": 0.9, "frame": 3},
        **{"active": True, "share": 0.667},
    }
    assert summary.loc[(0, "AU01"), ["peak", "active", "share"]].tolist() == [0.3, False, 0.0]


def test_summary_fits_a_terminal_of_80_columns():
    scale = np.tile([0.0, 1.0], (2, 5, 1))
    summary = make_result(aus=(1, 15), intensity_scale=scale).summary()
    text = summary.to_string()
    assert "intensity" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert "Lip Corner Depressor" in text


def test_summary_gives_the_intensity_at_the_peak():
    result = make_result(intensity_scale=np.tile([0.0, 1.0], (2, 5, 1)))
    summary = result.summary()
    assert summary.loc[(0, "AU12"), "intensity"] == pytest.approx(result.intensity[3, 1], abs=0.01)
    assert "intensity" not in make_result().summary()


def test_summary_of_a_clip_without_a_face_has_no_peaks():
    summary = make_result(face_found=np.array([False, False])).summary()
    assert summary[["peak", "frame", "share"]].isna().all(axis=None)
    assert not summary["active"].any()


def test_faces_are_kept_apart():
    result = two_faces()
    assert result.face_ids == (0, 1)
    second = result.face(1)
    assert second.frame.tolist() == [0, 1]
    np.testing.assert_array_equal(second.probabilities, result.probabilities[[1, 3]])
    assert second.neutral == {1: "frame 1"}
    assert result.to_dataframe()["neutral"].tolist() == ["frame 0", "frame 1"] * 2
    assert result.summary().index.tolist() == [(f, au) for f in (0, 1) for au in ("AU01", "AU12")]
    with pytest.raises(InputError, match="face_id must be one of 0, 1, got 2"):
        result.face(2)


def test_repr_is_short():
    assert repr(make_result()) == "AUResult(input='clip.mp4', 4 rows, face found in 3)"
    assert len(make_result()) == 4


@pytest.mark.parametrize("landmarks", [True, False])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_tables_are_read_back_with_their_side_car(tmp_path, ending, landmarks):
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    result, file = make_result(), tmp_path / f"r.{ending}"
    getattr(result, f"to_{ending}")(file, landmarks=landmarks)
    write_settings(result, tmp_path / "r.settings.json")
    back = read_result(file)
    pd.testing.assert_frame_equal(back.to_dataframe(), result.to_dataframe())
    assert back.settings == result.settings
    np.testing.assert_array_equal(back.thresholds, result.thresholds)
    if landmarks:
        np.testing.assert_allclose(back.points, result.points, atol=1e-3)
    else:
        assert np.isnan(back.points).all()


def test_a_table_that_is_no_result_is_refused(tmp_path):
    (tmp_path / "r.csv").write_text("a,b\n1,2\n")
    with pytest.raises(
        InputError, match=r"r.csv must be a table of au_detect, of the.*got ValueError"
    ):
        read_result(tmp_path / "r.csv")
    write_settings(make_result(), tmp_path / "r.settings.json")
    with pytest.raises(
        InputError, match=r"r.csv must be a table of au_detect beside its r.settings"
    ):
        read_result(tmp_path / "r.csv")


def test_emotions_are_columns_where_they_are_given():
    result = make_result()
    table = result.to_dataframe(emotions=result.emotions())
    assert table.columns.tolist()[: len(result.to_dataframe().columns)] == list(
        result.to_dataframe().columns
    )
    assert {"emotion", "emotion_neutral", "emotion_happiness"} <= set(table.columns)
    with pytest.raises(InputError, match=r"emotions must have \d+ rows, got 1"):
        result.to_dataframe(emotions=emotions_from_aus([[1]], [12]))


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_where_the_head_is_and_looks_is_read_back(tmp_path, ending):
    result = make_result()
    file = tmp_path / f"r.{ending}"
    writing.write_result(result, file, ending)
    writing.write_settings(result, tmp_path / "r.settings.json")
    back = read_result(file)
    np.testing.assert_allclose(back.translation, result.translation, atol=0.00051)
    np.testing.assert_allclose(back.gaze, result.gaze, atol=6e-7)


def test_files_of_before_have_no_gaze(tmp_path):
    make_result().to_csv(tmp_path / "r.csv")
    writing.write_settings(make_result(), tmp_path / "r.settings.json")
    table = pd.read_csv(tmp_path / "r.csv")
    new = [name for name in table if name.startswith(("gaze_", "pose_T"))]
    assert len(new) == 5
    table.drop(columns=new).to_csv(tmp_path / "r.csv", index=False)
    back = read_result(tmp_path / "r.csv")
    assert np.isnan(back.gaze).all()
    assert np.isnan(back.translation).all()
    assert np.isfinite(back.pose[0]).all()


def test_a_result_may_lack_gaze_where_there_is_a_face():
    blinking = make_result(gaze=np.full((4, 2), np.nan))
    assert np.isnan(blinking.gaze).all()
    assert make_result().face(0).gaze.shape == (4, 2)
    assert len(list(make_result().blocks(3))[1].translation) == 1


@pytest.mark.parametrize(
    ("settings", "words", "frames"),
    [
        ({"neutral_found": {"0": {"frames": [3]}}}, "frame 3", {0: (3,)}),
        ({"neutral_found": {"0": {"frames": [3, 1]}}}, "median of 2 calm frames", {0: (3, 1)}),
        ({"neutral_found": {"1": {"frames": [3]}}}, "rest.png", {}),
        ({}, "frame 3", {0: (3,)}),  # files of before
        ({}, "frame 3.png", {}),
        ({}, "none", {}),
    ],
)
def test_the_frames_of_the_neutral_are_read_from_new_and_old_settings(settings, words, frames):
    assert make_result(settings=settings, neutral={0: words}).neutral_frames == frames


def test_settings_of_before_have_no_other_neutrals():
    found = {"0": {"quality": 0.2, "frames": [1, 2], "doubt": "no frame at rest was found: why"}}
    result = make_result(settings={"neutral_found": found})
    assert result.neutral_others == {}
    assert result.neutral_quality == {0: 0.2}
    assert result.neutral_doubts == {0: "no frame at rest was found: why"}
