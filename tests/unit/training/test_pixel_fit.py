from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

if not (find_spec("tensorflow") and find_spec("sklearn")):
    pytest.skip("training needs tensorflow and scikit-learn", allow_module_level=True)

from au_detect.appearance.options import AppearanceOptions
from au_detect.errors import InputError
from au_detect.evaluation.comparison import compare_predictions
from au_detect.evaluation.protocols import make_folds
from au_detect.training.cross_validation import cross_validate
from au_detect.training.data import TrainingData
from au_detect.training.pixel_fit import data_with_pixels, fit_pixels
from au_detect.training.recipe import TrainingRecipe, ablated, told

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_pixel_networks")]

RECIPE = TrainingRecipe(
    model="cnn",
    calibration_folds=1,
    min_positive_subjects=5,
    test_fraction=0.0,
    max_fpr=0.1,
    pixels=AppearanceOptions(
        network="shallow", epochs=6, batch_size=16, learning_rate=5e-3, dropout=0.0
    ),
)


@pytest.fixture(scope="module")
def data(make_labelled):
    """People whose brows (AU1) and lips (AU12, AU25) are bright where they move."""
    sequences = make_labelled(n_subjects=30, per_person=4)
    n = len(sequences)
    rng = np.random.default_rng(0)
    neutral = rng.normal(100, 10, (n, 96, 96))
    crop = neutral + rng.normal(0, 5, (n, 96, 96))
    present = sequences.intensity > 0
    crop[:, 18:26, 30:66] += 80 * present[:, :1, None]
    crop[:, 60:66, 30:44] += 80 * present[:, 1:2, None]
    crop[:, 70:78, 50:66] += 80 * present[:, 2:, None]
    sequences.attributes["crop"] = np.clip(crop, 0, 255).astype(np.uint8)
    sequences.attributes["neutral_crop"] = np.clip(neutral, 0, 255).astype(np.uint8)
    return TrainingData(sequences)


def test_a_network_of_pixels_is_judged_like_the_others(data):
    folds = make_folds("subject-kfold", data.own.subject, n_folds=2)
    cnn = replace(RECIPE, one_network=True)
    svm = replace(RECIPE, model="linear-svm")
    found = cross_validate(data, (1, 12, 25), [cnn, svm], folds, costs=True)
    for predictions in found:
        assert predictions.probabilities.shape == (120, 3)
        assert set(predictions.costs[0]) == {"fit_s", "frame_ms", "size_mb"}
        assert set(predictions.costs[1]) == {"fit_s"}
    document = compare_predictions({"cnn": found[0], "svm": found[1]}, n_resamples=20)
    assert document["summary"]["cnn"]["mean_auc"][0] > 0.9
    assert document["multilabel"]["cnn"]["hamming_score"] > 0.6
    assert document["costs"]["cnn"]["size_mb"] > 0


def test_people_without_a_neutral_face_get_no_answer(data):
    own = data.own
    fitted = fit_pixels(data, replace(RECIPE, pixels=replace(RECIPE.pixels, epochs=1)), (1, 12))
    some = own.rows(np.arange(4))
    some.neutral_points[0] = np.nan
    blind = fitted.predict_proba(some, (1, 12, 25))
    assert np.isnan(blind[0]).all()
    assert np.isnan(blind[:, 2]).all()  # not learnt
    assert fitted.thresholds(some, (1, 12, 25))[2] == 0.5
    assert np.isfinite(blind[1:, :2]).all()


def test_pixels_are_not_read_where_nobody_needs_them(data, make_labelled):
    plain = TrainingData(make_labelled(n_subjects=5))
    assert data_with_pixels(plain, [replace(RECIPE, model="svm")]) is plain
    with pytest.raises(InputError, match="sequences must say where their pictures are"):
        data_with_pixels(plain, [RECIPE])
    other = replace(RECIPE, pixels=AppearanceOptions(n_steps=3))
    with pytest.raises(InputError, match="recipes must have one number of frames, got several"):
        data_with_pixels(plain, [RECIPE, other])


def test_documents_tell_what_played_a_part():
    said = told(RECIPE)
    assert said["pixels_network"] == "shallow"
    assert not {"upper_layers", "units", "input_noise", "pixels"} & said.keys()
    assert not [name for name in told(replace(RECIPE, model="mlp")) if name.startswith("pixels")]
    assert list(ablated("cnn", RECIPE, ("furrows", "neutral", "start"))) == ["cnn, without neutral"]
