import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.landmarks.crop import FIT_CROP, NETWORK_CROP
from au_detect.landmarks.crop_fit import CropFit
from au_detect.landmarks.fit import REST_IOD, FaceFit, fit_face, load_fitter
from au_detect.landmarks.models import find_landmark_model
from au_detect.landmarks.points import STABLE_POINTS, apply_affine


def test_a_fit_knows_whether_its_middle_is_in_the_picture():
    def fit_at(box):
        found = CropFit(np.zeros((68, 2)), 0.0)
        return FaceFit(found.points, FIT_CROP.matrix_of_box(box), found, np.zeros(1, np.float32))

    image = np.zeros((100, 200), dtype=np.uint8)
    assert fit_at([-40, 10, 60, 110]).is_inside(image)
    assert not fit_at([-80, 10, 20, 110]).is_inside(image)
    assert not fit_at([150, 90, 190, 130]).is_inside(image)
    assert not fit_at([50, 50, 54, 54]).is_inside(image)


class Fitter:
    """Sees every face where its one bright pixel says: the middle of its stable points."""

    def __init__(self, crop, face_px):
        self.crop, self.n_fits = crop, 0
        upright = apply_affine(FIT_CROP.matrix(face_px), face_px)
        self.shape = upright - upright[STABLE_POINTS].mean(axis=0)

    def fit(self, crop, last=None):
        self.n_fits += 1
        assert crop.shape == (self.crop.side_px, self.crop.side_px)
        weights = crop.astype(float)
        rows, columns = np.indices(crop.shape)
        spot = [np.sum(columns * weights), np.sum(rows * weights)] / weights.sum()
        to_fit_crop = self.crop.matrix_to(FIT_CROP)
        return CropFit(self.shape + apply_affine(to_fit_crop, spot), 0.0)


@pytest.mark.parametrize("crop", [FIT_CROP, NETWORK_CROP])
def test_the_crop_is_laid_on_the_face_in_the_size_that_the_model_takes(crop, face_px):
    image = np.zeros((400, 400), np.uint8)
    middle = face_px[STABLE_POINTS].mean(axis=0)
    image[round(middle[1]) - 2 : round(middle[1]) + 3, round(middle[0]) - 2 :][:, :5] = 255
    fitter = Fitter(crop, face_px)
    start = FIT_CROP.matrix_of_box([130, 80, 298, 248])
    fit = fit_face(fitter, image, start, REST_IOD)
    assert 1 < fitter.n_fits <= 3
    np.testing.assert_allclose(fit.points[STABLE_POINTS].mean(axis=0), np.rint(middle), atol=0.3)
    assert FIT_CROP.shift_iod(FIT_CROP.matrix(apply_affine(fit.matrix, fit.points))) < REST_IOD


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad.dat", "landmark_model must be a dlib shape predictor, got .*bad.dat"),
        ("bad.tflite", "landmark_model must be a landmark network, got .*bad.tflite"),
    ],
)
def test_a_damaged_file_is_named_with_what_it_should_be(tmp_path, name, message):
    path = tmp_path / name
    path.write_bytes(b"no model")
    with pytest.raises(InputError, match=message):
        load_fitter(find_landmark_model(path))
