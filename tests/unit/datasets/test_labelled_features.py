import dataclasses
import json

import numpy as np
import pytest

from au_detect.datasets.labelled_features import LabelledFeatures
from au_detect.errors import InputError


def make_table(**changes):
    values = {
        "upper": np.arange(6).reshape(3, 2),
        "lower": np.ones((3, 1)),
        "upper_names": ("u0", "u1"),
        "lower_names": ("l0",),
        "aus": (1, 12),
        "intensity": [[0, 5], [0.5, np.nan], [3, 0]],
        "subject": ["S1", "S2", "S1"],
        "uses_neutral": True,
        "uses_furrows": False,
        "landmark_model": "made-up",
        "source": {"kind": "made up", "seed": 3},
    }
    return LabelledFeatures(**values | changes)


def assert_same(table, other):
    for field in dataclasses.fields(LabelledFeatures):
        np.testing.assert_array_equal(getattr(table, field.name), getattr(other, field.name))


@pytest.mark.parametrize("subject", [["S1", "Ö2", "S1"], np.array([7, 8, 7])])
def test_save_and_load(tmp_path, subject):
    table = make_table(subject=subject)
    table.save(tmp_path / "table.features")  # whatever the ending
    loaded = LabelledFeatures.load(tmp_path / "table.features")
    assert_same(loaded, table)
    assert loaded.source == table.source
    assert loaded.upper.dtype == loaded.intensity.dtype == np.float32
    assert [p.name for p in tmp_path.iterdir()] == ["table.features"]


def test_objects_are_saved_without_pickles(tmp_path):
    table = make_table(subject=np.array(["S1", 2, "S1"], dtype=object))
    table.save(tmp_path / "table.npz")
    assert LabelledFeatures.load(tmp_path / "table.npz").subject.tolist() == ["S1", "2", "S1"]


def test_counts():
    table = make_table()
    assert (len(table), table.n_subjects) == (3, 2)


def test_labels_ignore_traces_and_uncoded_cells():
    nan = np.nan
    np.testing.assert_array_equal(make_table().labels(), [[0, 1], [nan, nan], [1, 0]])
    np.testing.assert_array_equal(make_table().labels(0.5), [[0, 1], [1, nan], [1, 0]])
    np.testing.assert_array_equal(make_table().labels(4), [[0, 1], [nan, nan], [nan, 0]])


@pytest.mark.parametrize("minimum", [0, -1, 5.1, np.nan])
def test_labels_refuse_other_intensities(minimum):
    with pytest.raises(InputError, match=r"minimum_intensity must be in \(0, 5\]"):
        make_table().labels(minimum)


def test_select_by_mask_and_by_index():
    table = make_table()
    assert_same(table.select([False, False, True]), table.select([2]))
    assert table.select([2, 0]).upper.tolist() == [[4, 5], [0, 1]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"upper": np.zeros((3, 3))}, r"upper must have shape \(3, 2\), got \(3, 3\)"),
        ({"lower": np.zeros((2, 1))}, r"lower must have shape \(3, 1\), got \(2, 1\)"),
        ({"intensity": np.zeros((3, 1))}, r"intensity must have shape \(3, 2\)"),
        ({"subject": ["S1"]}, r"subject must have shape \(3,\), got \(1,\)"),
        ({"aus": (1, 1)}, "aus must be known action units, each once"),
        ({"aus": (1, 99)}, "aus must be known action units, each once"),
        ({"upper_names": ("u", "u")}, "upper_names must be different"),
        ({"upper": [[0, 1], [2, np.nan], [4, 5]]}, "upper must be finite, .* row 1"),
        ({"intensity": [[0, 6], [0, 0], [0, 0]]}, r"intensity must be in \[0, 5\] or NaN, got 6"),
        ({"intensity": [[0, -1], [0, 0], [0, 0]]}, r"in \[0, 5\] or NaN, got -1"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(InputError, match=message):
        make_table(**changes)


def test_source_must_be_json(tmp_path):
    with pytest.raises(InputError, match="source must be JSON-able"):
        make_table(source={"what": object()}).save(tmp_path / "table.npz")
    assert not list(tmp_path.iterdir())


def test_load_refuses_other_files(tmp_path):
    path = tmp_path / "table.npz"
    with pytest.raises(InputError, match=r"table\.npz must be a table of labelled features"):
        LabelledFeatures.load(path)
    path.write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(InputError, match="must be a table of labelled features"):
        LabelledFeatures.load(path)
    np.savez(path, upper=np.zeros((2, 2)))
    with pytest.raises(InputError, match="must be a table of labelled features"):
        LabelledFeatures.load(path)
    np.save(path.open("wb"), np.zeros(3))
    with pytest.raises(InputError, match="must be a table of labelled features"):
        LabelledFeatures.load(path)


def test_load_refuses_a_cut_file(tmp_path):
    path = tmp_path / "table.npz"
    make_table().save(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="must be a table of labelled features"):
        LabelledFeatures.load(path)


def test_load_refuses_pickles(tmp_path):
    path = tmp_path / "table.npz"
    np.savez(path, header=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="allow_pickle=False"):
        LabelledFeatures.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"format_version": 9}, "format version 1, got 9"), ({"more": 1}, "unexpected keyword")],
)
def test_load_refuses_other_headers(tmp_path, changes, message):
    path = tmp_path / "table.npz"
    make_table().save(path)
    with np.load(path) as content:
        arrays = dict(content)
    arrays["header"] = np.array(json.dumps(json.loads(str(arrays["header"])) | changes))
    np.savez(path, **arrays)
    with pytest.raises(InputError, match=message):
        LabelledFeatures.load(path)
