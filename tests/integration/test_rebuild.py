"""The shipped models made again, at a scale that takes seconds."""

import dataclasses
import importlib.util
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")
if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("training needs TensorFlow (extra: train)", allow_module_level=True)

from au_detect import AUDetector, sample_sequences
from au_detect.classifiers.storage import load_model
from au_detect.landmarks.models import find_landmark_model
from au_detect.simulation import rebuild

pytestmark = pytest.mark.slow


@pytest.fixture
def small(monkeypatch):
    """A rebuild of few faces; what sees pictures is not trained but taken as it is shipped.

    Nor do the other networks learn anything: how they do is tested in ``tests/unit/training``.
    """
    from au_detect.classifiers.mlp import import_tensorflow

    learnt = SimpleNamespace(history={"loss": [1.0], "val_loss": [1.0]})
    monkeypatch.setattr(import_tensorflow().keras.Model, "fit", lambda *given, **options: learnt)
    monkeypatch.setattr(rebuild, "N_LANDMARK_PICTURES", 2)
    monkeypatch.setattr(rebuild, "N_STRONG_PICTURES", 2)
    monkeypatch.setattr(rebuild, "N_VISIBILITY_PICTURES", 2)
    monkeypatch.setattr(rebuild, "N_RENDERED", 10)
    monkeypatch.setattr(rebuild, "N_SELDOM", 4)
    monkeypatch.setattr(rebuild, "N_LANDMARKS_ALONE", 300)
    recipe = dataclasses.replace(
        rebuild.RECIPE, max_epochs=1, members=1, units=8, upper_layers=1, lower_layers=1,
        min_positive_subjects=1, test_fraction=0,
    )  # fmt: skip
    monkeypatch.setattr(rebuild, "RECIPE", recipe)
    trained_on = []

    shipped = find_landmark_model("open").path

    def taking(source):
        def take_the_shipped_one(examples, path, *, random_state, photographs=None):
            trained_on.append(len(examples))
            path.parent.mkdir(parents=True, exist_ok=True)
            for file in source.parent.glob(f"{source.stem}.*"):  # and those of windows
                shutil.copy(file, path.with_name(path.stem + file.name[len(source.stem) :]))

        return take_the_shipped_one

    monkeypatch.setattr(rebuild, "NETWORK_SUFFIX", shipped.suffix)  # it may be trees
    monkeypatch.setattr(rebuild, "train_landmark_model", taking(shipped))
    for kind in ("gaze", "visibility"):
        monkeypatch.setattr(
            rebuild, f"train_{kind}_network", taking(shipped.parents[1] / f"{kind}.tflite")
        )
    return trained_on


@pytest.fixture
def seen(monkeypatch):
    """Train the networks of the own landmark model alone; return what both are trained on."""
    train, renders = rebuild.train_on_renders, {}

    def train_the_own(face_model, found, *more, **options):
        renders[found.landmark_model] = found
        if found.landmark_model == "open":
            train(face_model, found, *more, **options)

    monkeypatch.setattr(rebuild, "train_on_renders", train_the_own)
    return renders


def test_a_rebuild_makes_networks_for_both_landmark_models(small, seen, evaluation_data, tmp_path):
    face_model = evaluation_data / "face_model" / "ict_facekit.npz"
    rebuild.rebuild_models(face_model, tmp_path)
    assert small == [4, 2, 2]
    assert sorted(seen) == ["ibug300w", "open"]
    assert not np.array_equal(seen["open"].points, seen["ibug300w"].points)
    assert len(seen["open"]) > rebuild.N_RENDERED  # copies of other cameras too
    people = np.unique(seen["open"].subject)  # six sequences of everybody, ten and four
    np.testing.assert_array_equal(people, [0, 1, 2])
    manifest = load_model(tmp_path / "open").manifest
    assert manifest.landmark_model == "open"
    kinds = {(entry.uses_neutral, entry.uses_furrows) for entry in manifest.networks}
    assert kinds == {(a, b) for a in (True, False) for b in (True, False)}
    assert (tmp_path / "landmark_error" / "open.npz").is_file()
    rebuilt = tmp_path / "landmarks" / find_landmark_model("open").path.name
    detector = AUDetector(tmp_path / "open", landmark_model=rebuilt, experimental=True)
    assert detector.run(sample_sequences()["happiness"]).face_found.all()


@pytest.mark.parametrize("name", ["open", "ibug300w"])
def test_each_landmark_model_has_networks_that_are_shipped(name):
    detector = AUDetector(landmark_model=name)
    assert detector.model.name == name
    assert AUDetector(detector.model).tracker.landmark_model.name == name
    result = detector.run(sample_sequences()["happiness"])
    assert result.active[-1, result.aus.index(12)]
    assert result.settings["landmark_model"] == name
