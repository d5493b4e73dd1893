import numpy as np
import pandas as pd
import pytest
from made_results import make_result

from au_detect.errors import InputError
from au_detect.results import read_result
from au_detect.results.layouts import LAYOUTS, OPENFACE_COLUMNS
from au_detect.results.writing import write_settings

SCALE = np.array([[[1.0, 0.5 - level] for level in range(5)]] * 2)


def scaled(**changes):
    """AU12 is on in the last three of six frames, on the left more than on the right."""
    p = make_result(**changes).probabilities
    halves = {"left": np.minimum(p + 0.05, 1), "right": np.maximum(p - 0.05, 0)}
    return make_result(intensity_scale=SCALE, **halves, **changes)


def test_intensities_stand_beside_decisions_and_probabilities():
    columns = list(scaled().to_dataframe(pose=False))
    assert columns[5:13] == [
        f"{au}_{x}" for x in ("c", "p", "r", "side") for au in ("AU01", "AU12")
    ]
    assert not any(column.endswith("_r") for column in make_result().to_dataframe())


def test_full_has_both_halves():
    result = scaled()
    table, usual = result.to_dataframe(columns="full"), result.to_dataframe()
    added = [f"{au}{half}_{x}" for x in "pr" for half in "LR" for au in ("AU01", "AU12")]
    assert list(table) == [*usual.columns[:13], *added, *usual.columns[13:]]
    for name, values in (
        ("AU12L_p", result.left[:, 1]),
        ("AU12R_p", result.right[:, 1]),
        ("AU12_r", result.intensity[:, 1]),
        ("AU12L_r", result.intensity_left[:, 1]),
        ("AU12R_r", result.intensity_right[:, 1]),
    ):
        np.testing.assert_allclose(table[name], values, atol=6e-7)
    np.testing.assert_allclose(table["AU12L_p"] - table["AU12R_p"], table["AU12_side"], atol=1e-9)
    assert (table["AU12L_r"] > table["AU12_r"]).all()


def test_short_has_the_aus_only():
    table = scaled().to_dataframe(columns="short")
    aus = [f"{au}_{x}" for x in ("c", "p", "r") for au in ("AU01", "AU12")]
    assert list(table) == ["frame", "face_id", "timestamp", "success", *aus, "input"]


def test_openface_is_the_table_of_openface_2():
    points = np.full((6, 68, 2), 5.25)
    points[2] = np.nan
    result = scaled(points=points, lost=(2,))
    table = result.to_dataframe(columns="openface")
    assert tuple(table) == OPENFACE_COLUMNS
    assert len(OPENFACE_COLUMNS) == len(set(OPENFACE_COLUMNS)) == 714
    places = {"frame": 0, "success": 4, "gaze_angle_x": 11, "eye_lmk_x_0": 13, "eye_lmk_Z_55": 292}
    places |= {"pose_Tx": 293, "x_0": 299, "y_67": 434, "X_0": 435, "p_scale": 639, "p_33": 678}
    places |= {"AU01_r": 679, "AU45_r": 695, "AU01_c": 696, "AU28_c": 712, "AU45_c": 713}
    assert {name: list(table).index(name) for name in places} == places
    assert table["frame"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["x_0"].isna().tolist() == [False, False, True, False, False, False]
    assert table["x_67"][0] == 5.25
    assert table["AU12_c"].tolist()[3:] == [1, 1, 1]
    np.testing.assert_allclose(table["AU12_r"], result.intensity[:, 1], atol=6e-7)
    assert table[["AU28_c", "AU02_r", "p_scale"]].isna().all(axis=None)


def test_openface_is_read_by_py_feat(tmp_path):
    feat = pytest.importorskip("feat", reason="py-feat is not installed")
    result, file = scaled(), tmp_path / "r.csv"
    result.to_csv(file, columns="openface")
    fex = feat.Fex().read_openface(str(file))
    np.testing.assert_allclose(fex.aus["AU12_r"], result.intensity[:, 1], atol=6e-7)
    assert fex.landmarks.shape == (6, 136)


def test_tidy_has_a_row_for_every_au():
    result = scaled(lost=(2,))
    table, usual = result.to_dataframe(columns="tidy"), result.to_dataframe(columns="full")
    assert len(table) == 12
    assert table["frame"].tolist() == [f for f in range(6) for _ in range(2)]
    assert table["au"].tolist() == ["AU01", "AU12"] * 6
    smile = table[table["au"] == "AU12"].reset_index(drop=True)
    pairs = {"active": "c", "probability": "p", "intensity": "r", "side": "side"}
    for name, column in pairs.items():
        pd.testing.assert_series_equal(smile[name], usual[f"AU12_{column}"], check_names=False)
    for half in ("left", "right"):
        expected = usual[f"AU12{half[0].upper()}_p"], usual[f"AU12{half[0].upper()}_r"]
        pd.testing.assert_series_equal(smile[half], expected[0], check_names=False)
        pd.testing.assert_series_equal(smile[f"{half}_intensity"], expected[1], check_names=False)
    assert smile["active"].isna().tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize("columns", LAYOUTS)
def test_emotions_are_added_to_every_layout(columns):
    result = scaled()
    emotions = result.emotions()
    table = result.to_dataframe(columns=columns, emotions=emotions)
    rows = table[table["au"] == "AU12"] if columns == "tidy" else table
    assert rows["emotion"].tolist() == emotions.to_dataframe()["emotion"].tolist()


@pytest.mark.parametrize("columns", LAYOUTS)
def test_tables_are_written_block_by_block(tmp_path, columns, monkeypatch):
    monkeypatch.setattr("au_detect.results.writing.CSV_ROWS", 4)
    result = scaled(name="=1+1.mp4")
    result.to_csv(tmp_path / "r.csv", columns=columns, emotions=result.emotions())
    table = pd.read_csv(tmp_path / "r.csv")
    expected = result.to_dataframe(columns=columns, emotions=result.emotions())
    assert list(table) == list(expected)
    assert len(table) == len(expected)
    assert set(table.get("input", ())) <= {"'=1+1.mp4"}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_full_tables_are_read_back_with_both_halves(tmp_path, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    result = scaled(lost=(2,))
    getattr(result, f"to_{ending}")(tmp_path / f"r.{ending}", columns="full")
    write_settings(result, tmp_path / "r.settings.json")
    again = read_result(tmp_path / f"r.{ending}")
    for name in ("left", "right", "side", "intensity", "intensity_left", "intensity_right"):
        np.testing.assert_allclose(getattr(again, name), getattr(result, name), atol=5e-6)


@pytest.mark.parametrize("columns", ["short", "openface", "tidy"])
def test_other_layouts_are_no_results_to_read(tmp_path, columns):
    result = scaled()
    result.to_csv(tmp_path / "r.csv", columns=columns)
    write_settings(result, tmp_path / "r.settings.json")
    with pytest.raises(InputError, match=r"must be a table of au_detect beside .* of the standard"):
        read_result(tmp_path / "r.csv")


def test_what_has_no_place_in_a_layout_is_refused():
    with pytest.raises(InputError, match=r"columns must be one of 'standard', 'full', .* got 'x'"):
        scaled().to_dataframe(columns="x")
    with pytest.raises(InputError, match="landmarks must be False where columns are 'tidy'"):
        scaled().to_dataframe(columns="tidy", landmarks=True)
