"""``appearance`` and networks of pixels in ``compare``, as a user types them."""

import json
from importlib.util import find_spec

import numpy as np
import pytest

if not (find_spec("tensorflow") and find_spec("sklearn")):
    pytest.skip("training needs tensorflow and scikit-learn", allow_module_level=True)

import pandas as pd

from au_detect.appearance.picture_files import save_pictures
from au_detect.appearance.pictures import LabelledPictures
from au_detect.cli.main import main
from au_detect.paths import packaged_folder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_pixel_networks")]


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 48, 48)).astype(np.uint8)
    emotions = ("anger", "disgust", "happiness")
    path = tmp_path_factory.mktemp("pictures") / "noise.npz"
    save_pictures(LabelledPictures(images, np.arange(60) % 3, emotions), path)
    return path


@pytest.fixture(scope="module")
def network(noise, tmp_path_factory, small_pixel_networks):
    folder = tmp_path_factory.mktemp("networks") / "mini"
    command = ["appearance", "train", str(noise), "--out", str(folder), "--network", "shallow"]
    assert main([*command, "--epochs", "1", "--augment", "--spoil", "--equalise"]) == 0
    return folder


def test_train_judge_and_look_at_layers(noise, network, tmp_path, capsys):
    manifest = json.loads((network / "manifest.json").read_text())
    assert manifest["training"]["source"]["collection"] == "noise.npz"
    assert [manifest["training"][name] for name in ("augment", "spoil", "equalise")] == [True] * 3
    assert manifest["training"]["n_pictures"] == {"training": 48, "validation": 6, "test": 6}
    assert main(["appearance", "judge", str(network), str(noise), "--part", "test"]) == 0
    out = capsys.readouterr().out
    judged = json.loads((network / "judged.json").read_text())
    assert f"6 pictures: accuracy {judged['accuracy'][0]:.3f}" in out
    picture = next((packaged_folder("data") / "cohn-kanade-images").rglob("*.png"))
    command = ["appearance", "layers", str(network), str(picture), "--filters", "2"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob("pooling_*.png"))) == 4


def test_predict_writes_a_row_for_every_frame(network, tmp_path, capsys):
    folder = next(p for p in (packaged_folder("data") / "cohn-kanade-images").glob("*/*"))
    out = tmp_path / "emotions.csv"
    assert main(["appearance", "predict", str(network), str(folder), "--out", str(out)]) == 0
    table = pd.read_csv(out)
    assert len(table) == len(list(folder.glob("*.png")))
    names = ["appearance_anger", "appearance_disgust", "appearance_happiness"]
    np.testing.assert_allclose(table[names].sum(axis=1), 1, atol=1e-4)
    assert (table["success"] == 1).all()


def test_bad_data_end_in_a_sentence(tmp_path, capsys):
    command = ["appearance", "train", str(tmp_path), "--out", str(tmp_path / "m")]
    assert main(command) == 2
    assert "must hold a folder of pictures for each emotion, got none" in capsys.readouterr().err


def test_compare_networks_of_pixels_and_time(tmp_path, capsys):
    """The samples are one sequence of each of seven people: enough to go through everything."""
    command = ["compare", str(packaged_folder("data")), "--models", "logistic,lstm"]
    options = ["--ablate", "none", "--repeats", "1", "--folds", "2", "--no-cache",
               "--min-positive-subjects", "3", "--calibration-folds", "1", "--pixel-epochs", "1",
               "--steps", "3", "--one-network", "--out", str(tmp_path)]  # fmt: skip
    assert main([*command, *options]) == 0
    out = capsys.readouterr().out
    assert "Hamming score" in out
    assert "frame ms" in out
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Hamming score" in page
    assert "frame ms" in page
    document = json.loads((tmp_path / "comparison.json").read_text())
    assert set(document["costs"]) == {"logistic", "lstm"}
    assert all(cost["size_mb"] > 0 for cost in document["costs"].values())
    assert document["learners"]["lstm"]["pixels_cell"] == "lstm"
    assert (tmp_path / "predictions lstm.csv").exists()
