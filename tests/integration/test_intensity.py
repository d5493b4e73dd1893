"""Intensities and sides from pictures to results, with a model that has learnt intensities."""

from dataclasses import replace

import numpy as np
import pytest

from au_detect import AUDetector, read_result, sample_sequences
from au_detect.classifiers.model import AUModel
from au_detect.classifiers.storage import load_model
from au_detect.evaluation.document import evaluation_document
from au_detect.evaluation.intensity_texts import intensity_tables, intensity_text
from au_detect.evaluation.predictions import predict_with_model
from au_detect.landmarks.models import find_landmark_model, shipped_networks
from au_detect.landmarks.points import MIRROR

STEPS = tuple((1.0, 1.5 - level) for level in range(5))
"""Of every AU: level by level less likely."""


@pytest.fixture(scope="module")
def model():
    shipped = load_model(shipped_networks(find_landmark_model(None).name))
    entries = tuple(
        replace(entry, intensity_scale=(STEPS,) * len(entry.aus))
        for entry in shipped.manifest.networks
    )
    files = {file for entry in entries for file in entry.files}
    contents = {file: (shipped.folder / file).read_bytes() for file in files}
    return AUModel(replace(shipped.manifest, networks=entries), contents, shipped.folder)


@pytest.fixture(scope="module")
def scaled(model):
    return AUDetector(model)


@pytest.fixture(scope="module")
def smile(scaled):
    return scaled.run(sample_sequences()["happiness"])


@pytest.mark.parametrize("smooth", ["around", "past", "none"])
def test_decision_and_intensity_never_contradict_each_other(scaled, smooth):
    result = scaled.run(sample_sequences()["surprise"], smooth=smooth)
    assert result.intensity.shape == result.probabilities.shape
    assert result.intensity.min() >= 0
    assert result.intensity.max() <= 5
    np.testing.assert_array_equal(result.active, result.intensity >= result.threshold_intensity)
    assert result.active.any()
    assert not result.active.all()


def test_a_smile_grows(smile):
    corners = smile.intensity[:, smile.aus.index(12)]
    assert corners[-1] > corners[0] + 1


def test_a_blink_has_the_scale_of_closed_eyes(smile):
    scale = dict(zip(smile.aus, smile.intensity_scale.tolist(), strict=True))
    assert scale[45] == scale[43]


def test_files_keep_intensities(smile, tmp_path):
    smile.to_json(tmp_path / "smile.json")
    again = read_result(tmp_path / "smile.json")
    for name in ("intensity", "intensity_left", "intensity_right", "side"):
        np.testing.assert_array_equal(getattr(again, name), getattr(smile, name))
    assert again.events() == smile.events()


def half_surprised(detector, smooth="none"):
    """Return faces at rest, with the left half surprised, and with the right half surprised."""
    points = detector.run(sample_sequences()["surprise"]).points
    neutral = points[0]
    apex = points[-1] + (neutral[27:31] - points[-1, 27:31]).mean(axis=0)
    left = ((np.sign(neutral[:, 0] - neutral[MIRROR, 0]) + 1) / 2)[:, None]  # 0.5 in the middle
    halves = [neutral + part * (apex - neutral) for part in (0, left, 1 - left)]
    return detector.run(landmarks=np.stack(halves), neutral="first", smooth=smooth)


def test_the_half_that_moves_is_the_stronger_one(scaled):
    result = half_surprised(scaled)
    column = result.aus.index(1)
    left, right = result.intensity_left[:, column], result.intensity_right[:, column]
    assert left[1] > right[1] + 0.5
    assert right[2] > left[2] + 0.5
    np.testing.assert_allclose(result.side, result.left - result.right, atol=1e-6)


def test_mirrored_pictures_have_left_and_right_exchanged(model, scaled):
    own, mirrored = half_surprised(scaled), half_surprised(AUDetector(model, mirrored=True))
    np.testing.assert_array_equal(mirrored.left, own.right)
    np.testing.assert_array_equal(mirrored.right, own.left)
    for name in ("probabilities", "points", "pose"):
        np.testing.assert_array_equal(getattr(mirrored, name), getattr(own, name))
    assert mirrored.settings["mirrored"] is True
    assert own.settings["mirrored"] is False
    told, told_of_mirror = ("\n".join(map(str, of.explain(1))) for of in (own, mirrored))
    assert told.count("left") > told.count("right")
    assert told_of_mirror.count("right") > told_of_mirror.count("left")


def test_explanations_and_events_say_how_strong_an_au_is(smile):
    found = next(found for found in smile.explain(9) if found.au == 12)
    assert f"intensity {smile.intensity[9, smile.aus.index(12)]:.1f} (" in str(found)
    event = next(event for event in smile.events() if event.au == 12)
    apex = smile.frame.tolist().index(event.apex)
    assert event.intensity == pytest.approx(smile.intensity[apex, smile.aus.index(12)], abs=1e-6)
    assert event.code[-1] in "ABCDE"


def test_a_model_without_a_scale_says_nothing_of_intensities(detector, tmp_path):
    result = detector.run(sample_sequences()["happiness"])
    if result.intensity_scale is not None:
        pytest.skip("the shipped networks have learnt intensities")
    assert np.isnan(result.intensity).all()
    assert all(event.intensity is None for event in result.events())


@pytest.mark.parametrize("with_sides", [True, False])
def test_intensities_and_sides_are_judged(model, make_labelled, with_sides):
    sequences = make_labelled(n_subjects=10, landmark_model=model.manifest.landmark_model)
    if with_sides:
        strengths = np.repeat(sequences.intensity[..., None], 2, axis=2)
        strengths[::2, :, 0] = 0  # in every second row the left half alone moves, as is claimed
        sequences.attributes["strengths"] = strengths
    predictions = predict_with_model(model, sequences)
    assert predictions.intensity.shape == predictions.probabilities.shape
    assert predictions.sides.shape == (*predictions.probabilities.shape, 2)
    document = evaluation_document(
        predictions, sequences, protocol={"name": "given model"}, classifier={}, n_resamples=20
    )
    found = document["intensity"]
    assert set(found["aus"]) == {"AU01", "AU12", "AU25"}
    value, low, high = found["aus"]["AU12"]["icc"]
    assert low <= value <= high
    error = np.nanmean(np.abs(predictions.intensity - sequences.intensity), axis=0)
    assert found["summary"]["mae"][0] == pytest.approx(error.mean(), rel=1e-5)
    assert np.sum(found["aus"]["AU12"]["levels"]) == len(sequences) == found["aus"]["AU12"]["n"]
    assert (found["sides"] is not None) is with_sides
    if with_sides:
        n_sided = int((np.abs(np.diff(strengths[:, 1])) >= 1).sum())
        assert found["sides"]["aus"]["AU12"]["n_sided"] == n_sided
    assert "ICC(3,1)" in intensity_text(found)
    captions = [caption for caption, _, _ in intensity_tables(found)]
    assert ("Left and right" in captions) is with_sides
