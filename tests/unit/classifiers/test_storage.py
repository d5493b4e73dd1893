import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from au_detect.classifiers.storage import (
    Manifest,
    NetworkEntry,
    NetworkKind,
    load_model,
    network_file,
    read_manifest,
    save_model,
    sha256_of,
)
from au_detect.errors import InputError, ModelFileError

CONTENT = (Path(__file__).parents[2] / "fixtures" / "two_aus.tflite").read_bytes()
OTHER_SUM = "0" * 64
FURROWS = NetworkKind(uses_neutral=True, uses_furrows=True)
LANDMARKS = NetworkKind(uses_neutral=True, uses_furrows=False)
SINGLE = NetworkKind(uses_neutral=False, uses_furrows=True)


def make_entry(**changes):
    values = {
        "name": "lower_neutral",
        "face": "lower",
        "uses_neutral": True,
        "uses_furrows": True,
        "files": ("lower.tflite",),
        "sha256": (sha256_of(CONTENT),),
        "feature_names": ("a", "b", "c"),
        "aus": (25, 12),
        "thresholds": (0.25, 0.75),
        "metrics": {12: {"auc": 0.9, "precision": None}},
        "experimental": (25,),
    }
    return NetworkEntry(**values | changes)


UPPER = {
    "name": "upper_neutral",
    "face": "upper",
    "files": ("upper.tflite",),
    "aus": (1, 43),
    "metrics": {},
    "experimental": (),
}


def make_manifest(**changes):
    values = {"landmark_model": "made-up", "networks": (make_entry(), make_entry(**UPPER))}
    return Manifest(**values | changes)


def write_manifest(folder, **changes):
    """Change values in a manifest that is already there."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def write_entry(folder, **changes):
    entry = json.loads((folder / "manifest.json").read_text())["networks"][0]
    write_manifest(folder, networks=[entry | changes])


@pytest.fixture
def folder(tmp_path):
    save_model(
        tmp_path / "model", make_manifest(), {"lower.tflite": CONTENT, "upper.tflite": CONTENT}
    )
    return tmp_path / "model"


def test_manifest_round_trip(folder):
    expected = make_manifest()
    assert read_manifest(folder) == expected
    assert load_model(folder).manifest == expected


def test_pose_range_round_trip(tmp_path):
    manifest = make_manifest(networks=(make_entry(),), pose_range_deg=(20.0, 30.0, 180.0))
    save_model(tmp_path, manifest, {"lower.tflite": CONTENT})
    assert read_manifest(tmp_path).pose_range_deg == (20.0, 30.0, 180.0)


def test_predict_sorts_aus_and_their_thresholds(folder):
    upper, lower = np.array([[1.0, 0, 0]]), np.array([[0, 0, 1.0]])
    model = load_model(folder)
    aus = model.aus(FURROWS, experimental=True)
    assert aus == (1, 12, 25, 43)
    assert list(model.thresholds(FURROWS, aus).items()) == [
        (1, 0.25),
        (12, 0.75),
        (25, 0.25),
        (43, 0.75),
    ]
    expected = 1 / (1 + np.exp([[-1.0, -2.0, 0.0, 0.0]]))  # outputs: x0 - x1 and 2 x2
    np.testing.assert_allclose(model.predict(upper, lower, FURROWS, aus), expected, atol=1e-6)


def test_predict_gives_the_columns_that_are_asked_for(folder):
    model, rows = load_model(folder), np.random.default_rng(0).normal(size=(4, 3))
    every = model.predict(rows, rows, FURROWS, (1, 12, 25, 43))
    np.testing.assert_array_equal(model.predict(rows, rows, FURROWS, (43, 12)), every[:, [3, 1]])
    assert model.predict(rows, rows, FURROWS, ()).shape == (4, 0)
    assert list(model.thresholds(FURROWS, (43, 12))) == [43, 12]
    for ask in (
        lambda: model.predict(rows, rows, FURROWS, (12, 9)),
        lambda: model.thresholds(FURROWS, [9]),
    ):
        with pytest.raises(
            InputError, match=r"aus must be among \[1, 12, 25, 43\], .* got \[.*9\]"
        ):
            ask()


def test_predict_refuses_other_features(folder):
    model = load_model(folder)
    with pytest.raises(InputError, match=r"upper must have shape \(2, 3\), got \(2, 4\)"):
        model.predict(np.zeros((2, 4)), np.zeros((2, 4)), FURROWS, (1,))
    with pytest.raises(InputError, match=r"lower must have shape \(2, 3\), got \(1, 3\)"):
        model.predict(np.zeros((2, 3)), np.zeros((1, 3)), FURROWS, (12,))


def test_experimental_aus_are_left_out_unless_asked_for(folder):
    assert load_model(folder).aus(FURROWS) == (1, 12, 43)


def test_landmarks_alone_have_their_own_networks(tmp_path):
    furrows = make_entry(experimental=())
    alone = make_entry(
        name="lower_neutral_landmarks", uses_furrows=False, aus=(9, 10), experimental=()
    )
    save_model(tmp_path, make_manifest(networks=(furrows, alone)), {"lower.tflite": CONTENT})
    model = load_model(tmp_path)
    assert model.aus(FURROWS) == (12, 25)
    assert model.aus(LANDMARKS) == (9, 10)


def test_without_furrow_networks_the_landmarks_answer(tmp_path):
    entry = make_entry(uses_furrows=False, experimental=())
    save_model(tmp_path, make_manifest(networks=(entry,)), {"lower.tflite": CONTENT})
    model, rows = load_model(tmp_path), np.random.default_rng(0).normal(size=(4, 5))
    np.testing.assert_array_equal(
        model.predict(rows, rows, FURROWS, (12, 25)),
        model.predict(rows[:, :3], rows[:, :3], LANDMARKS, (12, 25)),
    )
    model.check_features((), ("a", "b", "c", "furrow"), FURROWS)
    with pytest.raises(ModelFileError, match="expected 'a', got 'furrow'"):
        model.check_features((), ("furrow", "a", "b", "c"), FURROWS)


def test_a_model_that_needs_furrows_says_so(folder):
    with pytest.raises(InputError, match=r"no networks for .* with a neutral and landmarks alone"):
        load_model(folder).aus(LANDMARKS)


def test_pose_range(tmp_path):
    manifest = make_manifest(networks=(make_entry(),), pose_range_deg=(10.0, 20.0, 30.0))
    save_model(tmp_path, manifest, {"lower.tflite": CONTENT})
    angles = np.deg2rad([[9, -19, 29], [11, 0, 0], [0, -21, 0], [0, 0, 31], [np.nan] * 3])
    within = load_model(tmp_path).is_within_pose_range(angles)
    np.testing.assert_array_equal(within, [True, False, False, False, False])


def test_without_pose_range_every_pose_is_within(folder):
    angles = np.array([[3.0, 0, 0], [np.nan, 0, 0]])
    np.testing.assert_array_equal(load_model(folder).is_within_pose_range(angles), [True, False])


def test_landmark_model_is_checked(folder):
    load_model(folder).check_landmark_model("made-up")
    with pytest.raises(ModelFileError, match="must be given landmarks of 'made-up', got 'other'"):
        load_model(folder).check_landmark_model("other")


def test_name_and_sum(folder):
    model = load_model(folder)
    assert model.name == "model"
    assert model.sha256 == sha256_of((folder / "manifest.json").read_bytes())


def test_members_are_averaged(tmp_path):
    two = make_entry(files=("1.tflite", "2.tflite"), sha256=(sha256_of(CONTENT),) * 2)
    contents = {"1.tflite": CONTENT, "2.tflite": CONTENT}
    save_model(tmp_path, make_manifest(networks=(two,)), contents)
    rows = np.zeros((2, 3))
    probabilities = load_model(tmp_path).predict(rows, rows, FURROWS, (12, 25))
    np.testing.assert_allclose(probabilities, 0.5)


def test_rows_with_nan_stay_nan_per_face(folder):
    upper, lower = np.zeros((2, 3)), np.zeros((2, 3))
    lower[1] = np.nan
    probabilities = load_model(folder).predict(upper, lower, FURROWS, (1, 12, 43))
    np.testing.assert_array_equal(np.isnan(probabilities[1]), [False, True, False])
    assert not np.isnan(probabilities[0]).any()


def test_model_without_networks_for_single_faces_says_so(folder):
    with pytest.raises(InputError, match="no networks for faces without a neutral"):
        load_model(folder).predict(np.zeros((1, 3)), np.zeros((1, 3)), SINGLE, (1,))


def test_check_features(folder):
    model = load_model(folder)
    names = ("a", "b", "c")
    model.check_features(names, names, FURROWS)
    with pytest.raises(ModelFileError, match=r"lower_neutral .* expected 'c', got 'd'"):
        model.check_features(names, ("a", "b", "d"), FURROWS)
    with pytest.raises(ModelFileError, match="expected 3 features, got 2"):
        model.check_features(("a", "b"), names, FURROWS)


def test_every_altered_byte_is_refused(folder):
    for position in range(0, len(CONTENT), 97):
        altered = bytearray(CONTENT)
        altered[position] ^= 1
        (folder / "lower.tflite").write_bytes(altered)
        with pytest.raises(ModelFileError, match=rf"lower.tflite .* {sha256_of(CONTENT)}, got"):
            load_model(folder)


def test_altered_file_never_reaches_the_interpreter(folder, monkeypatch):
    (folder / "lower.tflite").write_bytes(CONTENT + b" ")
    opened = []
    monkeypatch.setattr("au_detect.classifiers.model.LiteRTNetwork", opened.append)
    with pytest.raises(ModelFileError, match="SHA-256"):
        load_model(folder)
    assert not opened


def test_missing_folder_and_missing_file(folder):
    with pytest.raises(ModelFileError, match=r"nowhere.manifest\.json must be readable"):
        load_model(folder / "nowhere")
    (folder / "upper.tflite").unlink()
    with pytest.raises(ModelFileError, match=r"upper\.tflite must be readable"):
        load_model(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "must be JSON"),
        ("[]", "must be a JSON object, got list"),
        ("{}", "format_version must be 1, got None"),
        ('{"format_version": 1}', "must be a manifest"),
        ('{"format_version": 1, "networks": 3}', "must be a manifest"),
        ('{"format_version": 1, "networks": [7], "landmark_model": "x"}', "must be a manifest"),
        ('{"format_version": 1, "networks": [], "landmark_model": "x"}', "at least one network"),
    ],
)
def test_damaged_manifest(folder, text, message):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelFileError, match=message):
        load_model(folder)


def test_manifest_that_is_no_text(folder):
    (folder / "manifest.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelFileError, match="must be JSON"):
        load_model(folder)


def test_other_format_version(folder):
    write_manifest(folder, format_version=2)
    with pytest.raises(ModelFileError, match="format_version must be 1, got 2"):
        load_model(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"thresholds": [0.5, 1.0]}, r"thresholds must be 2 numbers in \(0, 1\)"),
        ({"thresholds": [0.0, 0.5]}, r"thresholds must be 2 numbers in \(0, 1\)"),
        ({"thresholds": [float("nan"), 0.5]}, r"thresholds must be 2 numbers in \(0, 1\)"),
        ({"thresholds": [0.5]}, r"thresholds must be 2 numbers in \(0, 1\)"),
        ({"aus": [12, 12]}, "known action units, each once"),
        ({"aus": [12, 99]}, "known action units, each once"),
        ({"aus": [12], "thresholds": [0.5]}, "3 inputs and 1 outputs, got 3 and 2"),
        ({"feature_names": ["a", "b"], "inputs": [2]}, "2 inputs and 2 outputs, got 3 and 2"),
        ({"inputs": [4]}, r"inputs must be 1 numbers up to 3, got \[4\]"),
        ({"sha256": [OTHER_SUM]}, f"must have SHA-256 {OTHER_SUM}, got {sha256_of(CONTENT)}"),
        ({"sha256": []}, "equally many"),
        ({"files": [], "sha256": []}, "at least one"),
        ({"files": ["../model/lower.tflite"]}, "plain file names"),
        ({"files": ["/etc/passwd"]}, "plain file names"),
        ({"files": ["..\\lower.tflite"]}, "plain file names"),
        ({"files": ["C:lower.tflite"]}, "plain file names"),
        ({"files": [".."]}, "plain file names"),
        ({"files": [5]}, "plain file names"),
        ({"face": "left"}, "face must be 'upper' or 'lower', got 'left'"),
        ({"surprise": 1}, "must be a manifest"),
    ],
)
def test_refused_entries(folder, changes, message):
    write_entry(folder, **changes)
    with pytest.raises(ModelFileError, match=message):
        load_model(folder)


def test_an_au_comes_from_one_network():
    with pytest.raises(ModelFileError, match="each AU must come from one network"):
        make_manifest(networks=(make_entry(), make_entry(**UPPER | {"aus": (12, 1)})))
    with pytest.raises(ModelFileError, match="differ in face, uses_neutral or uses_furrows"):
        make_manifest(networks=(make_entry(), make_entry(name="other", aus=(9, 10))))
    with pytest.raises(ModelFileError, match="networks must have different names"):
        make_manifest(networks=(make_entry(), make_entry(face="upper", aus=(1, 2))))


def test_saving_replaces_the_model_and_keeps_other_files(folder):
    (folder / "MODEL_CARD.md").write_text("card")
    entry = make_entry(files=("new.tflite",))
    save_model(folder, make_manifest(networks=(entry,)), {"new.tflite": CONTENT})
    assert {p.name for p in folder.iterdir()} == {"manifest.json", "new.tflite", "MODEL_CARD.md"}
    assert load_model(folder).aus(FURROWS) == (12,)


def test_a_failed_save_leaves_the_old_model(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ModelFileError, match="SHA-256"):
        save_model(folder, make_manifest(networks=(make_entry(),)), {"lower.tflite": b"damaged"})
    with pytest.raises(ModelFileError, match=r"content of lower\.tflite must be given"):
        save_model(folder, make_manifest(networks=(make_entry(),)), {})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_interrupted_save_leaves_the_old_model(folder, monkeypatch):
    entry = make_entry(files=("new.tflite",))
    monkeypatch.setattr("os.replace", _fail)
    with pytest.raises(OSError, match="disk full"):
        save_model(folder, make_manifest(networks=(entry,)), {"new.tflite": CONTENT})
    assert load_model(folder).manifest == make_manifest()


def _fail(*_):
    raise OSError("disk full")


def test_manifest_is_strict_json(folder):
    entry = dataclasses.asdict(make_entry(metrics={12: {"auc": float("nan")}}))
    manifest = make_manifest(networks=(NetworkEntry(**entry),))
    with pytest.raises(ModelFileError, match="must hold finite numbers"):
        save_model(folder, manifest, {"lower.tflite": CONTENT})
    assert load_model(folder).manifest == make_manifest()


def test_network_file_is_named_by_its_content():
    assert network_file("upper-0", CONTENT) == f"upper-0-{sha256_of(CONTENT)[:8]}.tflite"
    assert network_file("upper-0", CONTENT) != network_file("upper-0", CONTENT + b" ")
