import os
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from au_detect.landmarks import trees, two_fits
from au_detect.landmarks.crop import FIT_CROP
from au_detect.landmarks.models import find_landmark_model
from au_detect.landmarks.points import apply_affine, mirror
from au_detect.landmarks.tracking import FaceTracker
from au_detect.landmarks.trees import TreesFitter
from au_detect.landmarks.two_fits import KEPT_FRAMES, SAME_SHAPE_IOD

EVALUATION_DATA = os.environ.get("AU_DETECT_EVALUATION_DATA")
SIDE_PX = FIT_CROP.side_px
CROP = np.zeros((SIDE_PX, SIDE_PX), dtype=np.uint8)
CROP[:, 0] = 1


class Predictor:
    """Sees `points` in `CROP` and its mirror image alike, but for `habit` added to both."""

    def __init__(self, points):
        self.points, self.n_fits = points, 0
        self.habit = np.random.default_rng(0).normal(0, 2, points.shape)

    def __call__(self, crop, box):
        self.n_fits += 1
        seen = self.points if crop[0, 0] else mirror(self.points, SIDE_PX)
        parts = [SimpleNamespace(x=x, y=y) for x, y in seen + self.habit]
        return SimpleNamespace(parts=lambda: parts)


@pytest.fixture
def predictor(face_px):
    return Predictor(apply_affine(FIT_CROP.matrix(face_px), face_px))


def mean_habit(predictor):
    turned = mirror(predictor.habit)
    turned[:, 0] += 1  # a vector turns about 0, a pixel about the middle of the picture
    return (predictor.habit + turned) / 2


def test_two_fits_are_averaged_and_their_distance_is_the_uncertainty(predictor):
    fit = TreesFitter(predictor).fit(CROP)
    assert predictor.n_fits == 2
    np.testing.assert_allclose(fit.points, predictor.points + mean_habit(predictor))
    difference = 2 * (predictor.habit - mean_habit(predictor))
    rms_px = np.sqrt(np.mean(np.sum(difference**2, axis=1)))
    assert fit.uncertainty_iod == pytest.approx(rms_px / FIT_CROP.iod_px)


def test_one_fit_gives_the_mean_of_two_while_the_face_keeps_its_shape(predictor):
    fit = TreesFitter(predictor).fit(CROP)
    for _ in range(KEPT_FRAMES):
        predictor.points = predictor.points + np.array([0.5, -0.25])
        n_before, fit = predictor.n_fits, TreesFitter(predictor).fit(CROP, fit)
        assert predictor.n_fits == n_before + 1
        np.testing.assert_allclose(fit.points, predictor.points + mean_habit(predictor))
    n_before, fit = predictor.n_fits, TreesFitter(predictor).fit(CROP, fit)
    assert predictor.n_fits == n_before + 2
    assert fit.age == 0


@pytest.mark.parametrize(("part", "n_fits"), [(0.8, 1), (1.2, 2)])
def test_a_face_of_another_shape_is_fitted_twice(predictor, part, n_fits):
    fit = TreesFitter(predictor).fit(CROP)
    mouth = slice(48, 68)  # 20 points of 68 open the mouth: no point that the crop is laid by
    move_px = part * SAME_SHAPE_IOD * FIT_CROP.iod_px * np.sqrt(68 / 20)
    for _ in range(2):  # little by little, too
        predictor.points = predictor.points.copy()
        predictor.points[mouth, 1] += move_px / 2
        n_before, fit = predictor.n_fits, TreesFitter(predictor).fit(CROP, fit)
    assert predictor.n_fits - n_before == n_fits
    np.testing.assert_allclose(fit.points, predictor.points + mean_habit(predictor))


def jitter(points):
    """Return how much points (n_frames, 68, 2) leave an even motion from frame to frame."""
    return np.sqrt(np.mean(np.diff(points, n=2, axis=0) ** 2))


@pytest.mark.slow
@pytest.mark.skipif(
    not EVALUATION_DATA, reason="AU_DETECT_EVALUATION_DATA is not set: no pictures of real faces"
)
def test_a_clip_has_nearly_the_points_of_two_fits_a_frame(monkeypatch):
    def points_and_fits():
        capture = cv2.VideoCapture(str(path))
        tracker, points, n_fits = FaceTracker(usual), [], 0
        predict = trees._predict

        def counted(*arguments):
            nonlocal n_fits
            n_fits += 1
            return predict(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(trees, "_predict", counted)
            while (frame := capture.read()[1]) is not None:
                (face,) = tracker.track(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
                points.append(apply_affine(FIT_CROP.matrix(face.points), face.points))
        return np.array(points), n_fits / len(points)

    usual = find_landmark_model("ibug300w")
    path = Path(str(EVALUATION_DATA)) / "real_faces" / "clips" / "single_face.mp4"
    points, fits = points_and_fits()
    monkeypatch.setattr(two_fits, "KEPT_FRAMES", 0)
    twice, fits_twice = points_and_fits()
    assert fits < 1.6 < 2 <= fits_twice
    distance_iod = np.array([FIT_CROP.rms_iod(vectors) for vectors in points - twice])
    assert np.sqrt(np.mean(distance_iod**2)) < 0.01  # noise alone moves points by as much
    assert jitter(points) < 1.25 * jitter(twice)
