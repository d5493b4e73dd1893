import cv2
import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect import sample_sequences
from au_detect.errors import InputError
from au_detect.landmarks.crop import DETAIL_CROP, FIT_CROP
from au_detect.landmarks.detection import WORST_SCORE, Look
from au_detect.landmarks.models import find_landmark_model
from au_detect.landmarks.network import read_network
from au_detect.landmarks.points import STABLE_POINTS, apply_affine
from au_detect.simulation.landmarks import photographs
from au_detect.simulation.landmarks.examples import EXAMPLE_CROP
from au_detect.simulation.landmarks.parts import TEACHER
from au_detect.simulation.landmarks.photographs import cut_photographs, label_photographs
from au_detect.simulation.landmarks.points import N_POINTS

SIDE = EXAMPLE_CROP.side_px
MIDDLE = (TEACHER.crop.side_px - 1) / 2


class Brightest:
    """A network that finds every point in the middle of the brightest part of a crop."""

    def predict_on_batch(self, crops):
        found = []
        for crop in crops[..., 0]:
            soft = cv2.GaussianBlur(crop, (0, 0), 6)
            row, column = np.unravel_index(soft.argmax(), soft.shape)
            found.append(np.tile([column, row, 0.0], (N_POINTS, 1)) - [MIDDLE, MIDDLE, 0.0])
        return np.stack(found)


def spot(x, y):
    crop = np.full((SIDE, SIDE), 60, np.uint8)
    cv2.circle(crop, (x, y), 14, 255, -1)
    return crop


def test_a_label_is_where_the_looks_agree_whatever_was_done_to_them():
    crops = np.stack([spot(100, 120), spot(130, 90)])
    labelled = label_photographs(Brightest(), crops)
    assert len(labelled) == 2
    for points, place in zip(labelled.points, [(100, 120), (130, 90)], strict=True):
        np.testing.assert_allclose(points, np.tile(place, (N_POINTS, 1)), atol=3)
    assert (labelled.subject < 0).all()
    np.testing.assert_array_equal(labelled.crops, crops)


def test_a_photograph_on_which_looks_do_not_agree_is_left_out():
    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE)).astype(np.uint8)
    labelled = label_photographs(Brightest(), np.stack([noise, spot(100, 120)]))
    assert labelled.subject.tolist() == [-2]
    with pytest.raises(InputError, match="looks must agree on a photograph, got 1 where they do"):
        label_photographs(Brightest(), noise[None])


class Shipped:
    """The shipped landmark model, which finds no further points, as a teacher."""

    def __init__(self):
        self.fitter = read_network(find_landmark_model("open").path)

    def fit(self, crop, crop_of):
        shown = DETAIL_CROP.cut(crop, crop_of.matrix_to(DETAIL_CROP))
        return apply_affine(FIT_CROP.matrix_to(crop_of), self.fitter.fit(shown).points)

    def predict_on_batch(self, crops):
        found = np.zeros((len(crops), N_POINTS, 3))
        for points, crop in zip(found, crops[..., 0], strict=True):
            grey = cv2.normalize(crop, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
            points[:68, :2] = self.fit(grey, TEACHER.crop) - MIDDLE
        return found


def test_the_largest_face_of_every_photograph_is_cut_upright(tmp_path, monkeypatch):
    neutral = sorted(sample_sequences()["happiness"].iterdir())[0]
    (tmp_path / "a.png").write_bytes(neutral.read_bytes())
    face = cv2.imread(str(neutral))
    cv2.imwrite(str(tmp_path / "b.png"), cv2.rotate(face, cv2.ROTATE_90_CLOCKWISE)[:60, :60])
    teacher = Shipped()
    (crop,) = cut_photographs(tmp_path, teacher)
    assert crop.shape == (SIDE, SIDE)
    points = teacher.fit(crop, EXAMPLE_CROP)
    again = apply_affine(EXAMPLE_CROP.matrix(points), points)
    np.testing.assert_allclose(points[STABLE_POINTS], again[STABLE_POINTS], atol=1.5)
    with monkeypatch.context() as patch:
        patch.setattr(photographs, "look_at", lambda image, points: Look(WORST_SCORE, image))
        with pytest.raises(InputError, match="portraits must show a face, got none in 2"):
            cut_photographs(tmp_path, teacher)
    (tmp_path / "a.png").unlink()
    with pytest.raises(InputError, match="portraits must show a face, got none in 1"):
        cut_photographs(tmp_path, teacher)
    (tmp_path / "b.png").unlink()
    with pytest.raises(InputError, match="portraits must be a folder of pictures"):
        cut_photographs(tmp_path, teacher)
