import json
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

if not find_spec("tensorflow"):
    pytest.skip("training needs tensorflow", allow_module_level=True)

from au_detect.appearance.emotion_network import load_emotion_network
from au_detect.appearance.emotion_training import EmotionTraining, train_emotion_network
from au_detect.appearance.layer_views import write_layer_views
from au_detect.appearance.work_folder import read_progress
from au_detect.errors import InputError, ModelFileError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def quick(small_network):
    return EmotionTraining(
        "small", epochs=4, batch_size=8, learning_rate=0.005, falling_rate=True, dropout=0.0
    )


@pytest.fixture(scope="module")
def trained(drawn_pictures, quick, tmp_path_factory):
    """Return a network that was cut off after an epoch and went on, and how it was judged."""
    folder = tmp_path_factory.mktemp("networks") / "mini"
    train_emotion_network(drawn_pictures(120), folder, replace(quick, epochs=1))
    judged = train_emotion_network(drawn_pictures(120), folder, quick)
    return folder, judged


def test_a_network_learns_drawn_faces(trained, drawn_pictures):
    folder, judged = trained
    network = load_emotion_network(folder)
    others = drawn_pictures(60, seed=5)
    answers = network.predict_proba(others.images).argmax(axis=1)
    assert (answers == others.labels).mean() > 0.9
    assert judged["accuracy"][0] > 0.8
    assert json.loads((folder / "judged.json").read_text()) == judged
    progress = read_progress(folder)
    assert {"accuracy", "val_accuracy", "learning_rate", "seconds"} <= progress[0].keys()


def test_a_training_goes_on_where_it_was(trained):
    progress = read_progress(trained[0])
    assert [row["epoch"] for row in progress] == list(range(4))
    assert load_emotion_network(trained[0]).manifest.training["epochs_done"] == 4
    assert progress[1]["loss"] < progress[0]["loss"]
    assert [row["learning_rate"] for row in progress[::2]] == pytest.approx([0.005, 0.0025])


def test_a_training_does_not_go_on_as_another_one(trained, quick, drawn_pictures):
    with pytest.raises(InputError, match="begun with another value of spoil: remove it"):
        train_emotion_network(drawn_pictures(120), trained[0], replace(quick, spoil=True))
    with pytest.raises(InputError, match=r"work must be .* another value of pictures"):
        train_emotion_network(drawn_pictures(120, seed=1), trained[0], quick)


def test_another_networks_convolutions_are_the_start(trained, drawn_pictures, tmp_path):
    import tensorflow as tf

    from au_detect.appearance.emotion_network import keras_file

    start = EmotionTraining("small", epochs=1, start=str(trained[0]), kept_blocks=1)
    train_emotion_network(drawn_pictures(30), tmp_path / "next", replace(start, spoil=True))
    given, taken = (
        tf.keras.models.load_model(keras_file(folder)) for folder in (trained[0], tmp_path / "next")
    )
    for name, is_same in (("convolution_0_0", True), ("convolution_1_0", False)):
        pair = [network.get_layer(name).get_weights()[0] for network in (given, taken)]
        assert np.array_equal(*pair) == is_same
    other = EmotionTraining("other", epochs=1, start=str(trained[0]))
    with pytest.raises(InputError, match="start must be a network with the same convolutions"):
        train_emotion_network(drawn_pictures(30), tmp_path / "other", other)


def test_layer_views_are_written_for_every_pooling(trained, drawn_pictures, tmp_path):
    import cv2

    paths = write_layer_views(trained[0], drawn_pictures(1).images[0], tmp_path, n_filters=3)
    assert sorted(path.name for path in paths) == [
        f"pooling_{n}_{kind}.png" for n in range(2) for kind in ("filters", "maps")
    ]
    sheet = cv2.imread(str(tmp_path / "pooling_0_filters.png"), cv2.IMREAD_GRAYSCALE)
    assert sheet.shape == (104, 804)
    assert sheet[4:100, 4:100].std() > 10  # a picture, not a flat field


def test_a_changed_file_is_refused(trained, tmp_path):
    import shutil

    shutil.copytree(trained[0], tmp_path / "copy")
    with open(tmp_path / "copy" / "network.tflite", "ab") as file:
        file.write(b"x")
    with pytest.raises(ModelFileError, match="must have the SHA-256 sum of its manifest"):
        load_emotion_network(tmp_path / "copy")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs must be a positive number, got 0"),
        ({"network": "huge"}, "network must be one of 'shallow', 'medium'"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"l2": -0.1}, "l2 must be a finite number of at least 0, got -0.1"),
        ({"kept_blocks": 2}, "kept_blocks must be 0 without a network to start from, got 2"),
    ],
)
def test_bad_options_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        EmotionTraining(**changes)
