import cv2
import numpy as np
import pytest

from au_detect import sample_sequences
from au_detect.datasets.ckplus import EMOTIONS
from au_detect.datasets.frame_files import read_landmarks
from au_detect.facs import NETWORK_AUS
from au_detect.samples import read_samples


def test_there_is_a_sample_of_every_basic_emotion():
    assert set(sample_sequences()) == set(EMOTIONS.values()) - {"neutral"}


def test_samples_by_emotion_are_the_folders_of_the_samples():
    samples = read_samples()
    assert list(sample_sequences().values()) == [sample.folder for sample in samples]
    assert len({sample.subject for sample in samples}) == len(samples)


@pytest.mark.parametrize(
    ("emotion", "aus"), [("happiness", {12, 25}), ("anger", {4}), ("surprise", {1, 2, 25})]
)
def test_labels_belong_to_the_emotion(emotion, aus):
    (sample,) = (sample for sample in read_samples() if sample.emotion == emotion)
    assert aus <= set(sample.aus)


@pytest.mark.parametrize("emotion", sorted(sample_sequences()))
def test_pictures_are_small_grey_and_a_short_sequence(emotion):
    paths = sorted(sample_sequences()[emotion].iterdir())
    assert 8 <= len(paths) <= 12
    assert [path.suffix for path in paths] == [".png"] * len(paths)
    pictures = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in paths]
    assert {(p.ndim, p.dtype) for p in pictures} == {(2, np.dtype(np.uint8))}
    assert len({p.shape for p in pictures}) == 1
    assert 200 <= min(pictures[0].shape) <= max(pictures[0].shape) <= 640
    assert (pictures[0] != pictures[-1]).any()


@pytest.mark.parametrize("sample", read_samples(), ids=lambda sample: sample.subject)
def test_labels_are_aus_of_the_networks_with_facs_intensities(sample):
    assert sample.aus
    assert set(sample.aus) <= set(NETWORK_AUS)
    assert all(1 <= intensity <= 5 for intensity in sample.aus.values())


@pytest.mark.parametrize("sample", read_samples(), ids=lambda sample: sample.subject)
def test_every_picture_has_its_true_landmarks_inside_it(sample):
    points = np.stack([read_landmarks(file) for file in sample.landmarks])
    assert points.shape == (len(sample.frames), 68, 2)
    height, width = cv2.imread(str(sample.frames[0]), cv2.IMREAD_GRAYSCALE).shape
    assert (points > 0).all()
    assert (points < (width, height)).all()
