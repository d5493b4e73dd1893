import cv2
import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect import sample_sequences
from au_detect.errors import InputError
from au_detect.landmarks.models import find_landmark_model
from au_detect.simulation.landmarks.examples import EXAMPLE_CROP
from au_detect.simulation.landmarks.photographs import cut_photographs, label_photographs
from au_detect.simulation.landmarks.points import N_POINTS

SIDE = EXAMPLE_CROP.side_px


class Brightest:
    """A network that finds every point in the middle of the brightest part of a crop."""

    def predict_on_batch(self, crops):
        found = []
        for crop in crops[..., 0]:
            soft = cv2.GaussianBlur(crop, (0, 0), 4)
            row, column = np.unravel_index(soft.argmax(), soft.shape)
            found.append(np.tile([column, row, 0.0], (N_POINTS, 1)) - [55.5, 55.5, 0.0])
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


def test_the_largest_face_of_every_photograph_is_cut_upright(tmp_path):
    neutral = sorted(sample_sequences()["happiness"].iterdir())[0]
    (tmp_path / "a.png").write_bytes(neutral.read_bytes())
    face = cv2.imread(str(neutral))
    cv2.imwrite(str(tmp_path / "b.png"), cv2.rotate(face, cv2.ROTATE_90_CLOCKWISE)[:60, :60])
    network = find_landmark_model("open").path
    (crop,) = cut_photographs(tmp_path, network)
    assert crop.shape == (SIDE, SIDE)
    (tmp_path / "a.png").unlink()
    with pytest.raises(InputError, match="portraits must show a face, got none in 1"):
        cut_photographs(tmp_path, network)
    (tmp_path / "b.png").unlink()
    with pytest.raises(InputError, match="portraits must be a folder of pictures"):
        cut_photographs(tmp_path, network)
