import cv2
import dlib
import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect.errors import InputError
from au_detect.landmarks.crop import FIT_CROP
from au_detect.landmarks.points import STABLE_POINTS, apply_affine, interocular_distance_px
from au_detect.simulation.face.model import read_face_model
from au_detect.simulation.landmarks.examples import (
    LIMITS_DEG,
    Jitter,
    LandmarkExamples,
    cut_example,
    draw_turned_people,
    render_examples,
)
from au_detect.simulation.landmarks.predictor_file import pack_predictor
from au_detect.simulation.landmarks.training import (
    PredictorOptions,
    landmark_error_iod,
    train_landmark_model,
    train_predictor,
)

NO_JITTER = Jitter(0.0, 0.0, 0.0)
SMALL = PredictorOptions(cascades=6, trees=30, depth=3, pool=200, starts=4)
MIDDLE = (FIT_CROP.side_px - 1) / 2


def draw_face(points):
    """Draw a face of bright spots, one for every landmark."""
    image = np.zeros((400, 400), np.uint8)
    for x, y in points:
        cv2.circle(image, (round(float(x)), round(float(y))), 9, 255, -1)
    return cv2.GaussianBlur(image, (0, 0), 4)


@pytest.fixture(scope="module")
def drawn_examples(mean_face):
    """Faces of spots of 24 people, off by up to a tenth of the eyes' distance."""
    rng = np.random.default_rng(0)
    off = Jitter(4.0, 0.05, 0.08)
    drawn = []
    for _ in range(120):
        moved = mean_face[:, :2] * 100 + (200, 190)
        moved[48:] += rng.normal(0, 6, 2)
        drawn.append(cut_example(draw_face(moved), moved, off, rng))
    crops, points = (np.stack(column) for column in zip(*drawn, strict=True))
    return LandmarkExamples(crops, points.astype(np.float32), np.arange(120) // 5)


# Crops


def test_a_crop_without_jitter_lays_the_face_on_the_template(face_px):
    image = draw_face(face_px)
    crop, points = cut_example(image, face_px, NO_JITTER, np.random.default_rng(0))
    assert crop.shape == (FIT_CROP.side_px, FIT_CROP.side_px)
    expected = apply_affine(FIT_CROP.matrix(face_px), face_px)
    np.testing.assert_allclose(points, expected, atol=1e-9)
    np.testing.assert_allclose(
        points[STABLE_POINTS].mean(axis=0), FIT_CROP.template.mean(axis=0), atol=1e-6
    )


def test_landmarks_follow_the_jitter_of_the_crop(face_px):
    spot = np.zeros((400, 400), np.uint8)
    x, y = np.rint(face_px[54]).astype(int)
    spot[y, x] = 255
    face_px[54] = x, y
    for seed in range(5):
        rng = np.random.default_rng(seed)
        crop, points = cut_example(spot, face_px, Jitter(10.0, 0.1, 0.1), rng)
        rows, columns = np.nonzero(crop)
        weights = crop[rows, columns].astype(float)
        center = [np.average(columns, weights=weights), np.average(rows, weights=weights)]
        np.testing.assert_allclose(points[54], center, atol=0.3)


def test_jitter_has_the_spread_that_it_says():
    rng = np.random.default_rng(1)
    matrices = np.array([Jitter(5.0, 0.1, 0.05).draw(rng) for _ in range(2000)])
    angles = np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    scales = np.log(np.hypot(matrices[:, 0, 0], matrices[:, 1, 0]))
    moved = np.array([apply_affine(matrix, [MIDDLE, MIDDLE]) for matrix in matrices])
    shifts = (moved - MIDDLE) / FIT_CROP.iod_px
    assert np.std(angles) == pytest.approx(5.0, rel=0.06)
    assert np.std(scales) == pytest.approx(0.1, rel=0.06)
    np.testing.assert_allclose(np.std(shifts, axis=0), 0.05, rtol=0.06)
    assert abs(np.mean(angles)) < 0.4


def test_examples_check_their_shapes():
    crops = np.zeros((2, FIT_CROP.side_px, FIT_CROP.side_px), np.uint8)
    points = np.zeros((2, 68, 2), np.float32)
    with pytest.raises(InputError, match=r"points must have shape \(2, 68, 2\)"):
        LandmarkExamples(crops, points[:1], np.zeros(2, int))
    with pytest.raises(InputError, match="crops must have shape"):
        LandmarkExamples(crops[:, 1:], points, np.zeros(2, int))


# Training


def test_a_trained_model_finds_the_landmarks_of_others(drawn_examples, tmp_path):
    out = tmp_path / "new" / "mine.dat"
    error = train_landmark_model(drawn_examples, out, SMALL)
    assert out.is_file()
    middle = drawn_examples.points.mean(axis=0)
    guess = np.linalg.norm(drawn_examples.points - middle, axis=-1).mean() / FIT_CROP.iod_px
    assert error["all"] < 0.5 * guess
    assert error.keys() >= {"all", "jaw", "left_eye", "inner_lip"}


def test_the_same_seed_trains_the_same_model(drawn_examples, tmp_path):
    few = PredictorOptions(cascades=2, trees=5, depth=2, pool=50)
    files = [
        train_predictor(drawn_examples, tmp_path / f"{i}.dat", few, random_state=seed)
        for i, seed in enumerate((3, 3, 4))
    ]
    first, second, other = (file.read_bytes() for file in files)
    assert first == second != other


def test_a_model_trained_anew_in_its_place_is_measured_anew(drawn_examples, tmp_path):
    few = PredictorOptions(cascades=1, trees=2, depth=2, pool=50)
    poor = train_landmark_model(drawn_examples, tmp_path / "model.dat", few)
    better = train_landmark_model(drawn_examples, tmp_path / "model.dat", SMALL)
    assert better["all"] < poor["all"]


def test_one_person_cannot_be_kept_out(drawn_examples, tmp_path):
    one = drawn_examples.take(drawn_examples.subject == 0)
    with pytest.raises(InputError, match="examples must show two people at least, got one"):
        train_landmark_model(one, tmp_path / "mine.dat", SMALL)


# Files


def predictor_of_dlib(drawn_examples, path):
    settings = dlib.shape_predictor_training_options()
    settings.cascade_depth, settings.num_trees_per_cascade_level = 3, 10
    settings.tree_depth, settings.oversampling_amount = 3, 2
    box = dlib.rectangle(38, 38, 253, 253)
    shapes = [
        [dlib.full_object_detection(box, [dlib.point(int(x), int(y)) for x, y in points])]
        for points in drawn_examples.points
    ]
    dlib.train_shape_predictor(list(drawn_examples.crops), shapes, settings).save(str(path))
    return path


def test_a_packed_file_is_a_third_smaller_and_finds_the_same(drawn_examples, tmp_path):
    full = predictor_of_dlib(drawn_examples, tmp_path / "full.dat")
    packed = tmp_path / "packed.dat"
    packed.write_bytes(pack_predictor(full.read_bytes()))
    assert packed.stat().st_size < 0.72 * full.stat().st_size
    errors = [landmark_error_iod(path, drawn_examples)["all"] for path in (full, packed)]
    assert errors[1] == pytest.approx(errors[0], rel=0.02)


def test_a_packed_file_is_packed_already(drawn_examples, tmp_path):
    full = predictor_of_dlib(drawn_examples, tmp_path / "full.dat")
    packed = pack_predictor(full.read_bytes())
    assert pack_predictor(packed) == packed


@pytest.mark.parametrize("data", [b"", b"\x01\x02", b"some text that is no predictor", b"\x01\x01"])
def test_other_files_are_no_predictors(data):
    with pytest.raises(InputError, match="data must be the file of a dlib shape predictor"):
        pack_predictor(data)


# Renders


def test_n_must_be_even():
    with pytest.raises(InputError, match="n must be an even number above 0, got 3"):
        render_examples("no matter", 3)


def test_heads_turn_up_to_the_limits(evaluation_data):
    model = read_face_model(evaluation_data / "face_model" / "ict_facekit.npz")
    people = draw_turned_people(model, 400, 0)
    for angles in (people.neutral_angles, people.apex_angles):
        yaw = np.abs(np.degrees(angles[:, 1]))
        assert (np.abs(np.degrees(angles)) <= np.add(LIMITS_DEG, 1e-9)).all()
        assert (yaw > 30).mean() > 0.04
        assert (yaw < 10).mean() > 0.4


def test_rendered_examples_show_faces_on_the_template(evaluation_data):
    face_model = evaluation_data / "face_model" / "ict_facekit.npz"
    examples = render_examples(face_model, 4, random_state=1)
    assert len(examples) == 10
    assert set(examples.subject) == {0}
    iod = interocular_distance_px(examples.points) / FIT_CROP.iod_px
    assert ((iod > 0.6) & (iod < 1.4)).all()
    center = examples.points[:, STABLE_POINTS].mean(axis=1)
    assert (np.abs(center - FIT_CROP.template.mean(axis=0)) < 0.4 * FIT_CROP.iod_px).all()
    again = render_examples(face_model, 4, random_state=1)
    np.testing.assert_array_equal(again.crops, examples.crops)
