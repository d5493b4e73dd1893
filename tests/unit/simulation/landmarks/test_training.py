import csv
import importlib.util

import cv2
import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")
if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("training needs TensorFlow (extra: train)", allow_module_level=True)

from au_detect.errors import InputError
from au_detect.landmarks.crop import NETWORK_CROP
from au_detect.landmarks.points import STABLE_POINTS, apply_affine, interocular_distance_px
from au_detect.simulation.face.displays import STRONG
from au_detect.simulation.face.model import read_face_model
from au_detect.simulation.landmarks import examples as landmark_examples
from au_detect.simulation.landmarks.examples import (
    EXAMPLE_CROP,
    LIMITS_DEG,
    LandmarkExamples,
    draw_turned_people,
    joined_people,
    render_examples,
)
from au_detect.simulation.landmarks.options import NetworkOptions, Size
from au_detect.simulation.landmarks.parts import FACE, LIPS, PARTS, RIGHT_EYE, TEACHER
from au_detect.simulation.landmarks.points import (
    MIRROR_ALL,
    N_POINTS,
    PAIRS,
    WEIGHTS,
    mirror_all,
)
from au_detect.simulation.landmarks.training import (
    couples,
    draw_example,
    landmark_error_iod,
    train_landmark_model,
)

SMALL = NetworkOptions(
    sizes={
        FACE: Size((8, 12, 16), (0, 1, 1), 12),
        RIGHT_EYE: Size((4, 8, 8), (0, 0, 1), 12),
        LIPS: Size((4, 8, 8), (0, 0, 1), 10),
        TEACHER: Size((4, 8, 8), (0, 0, 1), 5),
    },
    batch=8,
    learning_rate=0.01,
)


def draw_face(points):
    """Draw a face of bright spots, one for every point."""
    side = EXAMPLE_CROP.side_px
    image = np.zeros((side, side), np.uint8)
    for x, y in points:
        cv2.circle(image, (round(float(x)), round(float(y))), 3, 255, -1)
    return cv2.GaussianBlur(image, (0, 0), 1.5)


@pytest.fixture(scope="module")
def drawn_examples(mean_face):
    """Faces of spots of 24 people whose mouths are at different places."""
    rng = np.random.default_rng(0)
    face = apply_affine(EXAMPLE_CROP.matrix(mean_face[:, :2]), mean_face[:, :2])
    drawn = []
    for _ in range(96):
        points = np.concatenate([face, np.repeat(face[[36, 45, 48]], 6, axis=0)])
        points[48:68] += rng.normal(0, 6, 2)
        drawn.append((draw_face(points), points))
    crops, points = (np.stack(column) for column in zip(*drawn, strict=True))
    return LandmarkExamples(crops, points.astype(np.float32), np.arange(96) // 4)


def test_examples_check_their_shapes():
    crops = np.zeros((2, EXAMPLE_CROP.side_px, EXAMPLE_CROP.side_px), np.uint8)
    points = np.zeros((2, N_POINTS, 2), np.float32)
    with pytest.raises(InputError, match=r"points must have shape \(2, 86, 2\)"):
        LandmarkExamples(crops, points[:1], np.zeros(2, int))
    with pytest.raises(InputError, match="crops must have shape"):
        LandmarkExamples(crops[:, 1:], points, np.zeros(2, int))


@pytest.mark.parametrize("part", [*PARTS, TEACHER], ids=lambda part: part.name)
def test_what_a_network_is_shown_has_its_points_on_the_spots(part, drawn_examples):
    lit, n = 0, 40
    height, width = part.height_px, part.width_px
    for seed in range(n):
        rng = np.random.default_rng(seed)
        crop, points = drawn_examples.crops[seed], drawn_examples.points[seed]
        seen, points = draw_example(part, crop, points, rng, mirrored=seed % 2 == 1)
        assert seen.shape == (height, width)
        assert points.shape == (len(part.points), 2)
        places = points[: len(part.found)] + np.array([width - 1, height - 1]) / 2
        columns, rows = np.rint(places).astype(int).T
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        assert inside.mean() > 0.6
        lit += seen[rows[inside], columns[inside]].mean() > np.median(seen) + 0.5
    assert lit > 0.9 * n  # things before the face and deep shadows hide some


def test_mirrored_examples_have_the_points_of_the_mirror_image(drawn_examples):
    crop, points = drawn_examples.crops[0], drawn_examples.points[0]
    found = [
        draw_example(FACE, crop, points, np.random.default_rng(5), mirrored=mirrored)[1]
        for mirrored in (False, True)
    ]
    assert found[1] == pytest.approx(mirror_all(found[0] + 55.5, 112) - 55.5, abs=1e-3)


def test_every_part_is_taught_all_that_lies_in_it():
    assert FACE.points.tolist() == TEACHER.points.tolist() == list(range(N_POINTS))
    closely = {*RIGHT_EYE.points.tolist(), *MIRROR_ALL[RIGHT_EYE.points].tolist()}
    assert sorted(closely) == [*range(36, 48), *range(68, 82)]
    assert sorted(LIPS.points) == [*range(48, 68), *range(82, 86)]
    assert sorted(LIPS.points) == sorted(MIRROR_ALL[LIPS.points])
    for part in (*PARTS, TEACHER):
        assert len(part.weights) == len(part.points)
        assert part.points[part.pairs].tolist() == [
            pair for pair in PAIRS.tolist() if set(pair) <= set(part.points.tolist())
        ]
        assert len(part.pair_weights) == len(part.pairs) > 2


# Training


def test_faces_of_a_person_are_shown_together():
    assert couples(np.array([4, 4, 7, 7, 7, 7, 9])).tolist() == [[0, 1], [2, 3], [4, 5], [6, 6]]
    assert couples(np.array([4, 7, 4, 7])).tolist() == [[0, 2], [1, 3]]


def test_batches_hold_both_faces_of_a_couple_at_the_same_places():
    from au_detect.simulation.landmarks.network import Batches

    rows = np.arange(12).reshape(6, 2)
    batches = Batches(rows, 4, lambda chosen, rng: (chosen, chosen), 0)
    assert len(batches) == 3
    shown = np.concatenate([batches[index][0].reshape(2, 2).T for index in range(3)])
    assert sorted(shown.tolist()) == rows.tolist()
    few = Batches(rows, 128, lambda chosen, rng: (chosen, chosen), 0)
    assert len(few) == 1
    assert sorted(few[0][0].tolist()) == list(range(12))


def test_errors_that_both_faces_share_count_less():
    """All points of one face 1 IOD off to the right, those of the other to the right or left."""
    from au_detect.simulation.landmarks.network import DISPLACEMENTS, loss_of

    loss = loss_of(FACE)
    truth = np.zeros((2, N_POINTS, 4), np.float32)

    def of(first, second):
        found = np.zeros((2, N_POINTS, 4), np.float32)
        found[0, :, 0], found[1, :, 0] = NETWORK_CROP.iod_px * np.array([first, second])
        found[..., 2] = NETWORK_CROP.iod_px * np.abs([first, second])[:, None]
        return float(loss(truth, found))

    mean_weight = WEIGHTS.mean()
    assert of(1, -1) - of(1, 1) == pytest.approx(DISPLACEMENTS * 200 * mean_weight, rel=0.01)
    assert of(1, 1) - of(0, 0) == pytest.approx(100 * mean_weight, rel=0.01)


def test_a_displacement_that_is_missed_costs_more_than_one_that_is_made_up():
    """One nostril has moved by 6 % of the IOD from one face to the other, the other one has not."""
    from au_detect.simulation.landmarks.network import loss_of

    loss = loss_of(FACE)
    moved, still = 31, 35
    truth = np.zeros((2, N_POINTS, 4), np.float32)
    truth[1, moved, 0], truth[1, moved, 2] = 0.06 * NETWORK_CROP.iod_px, 6.0

    def of(*found_px):
        found = np.zeros((2, N_POINTS, 4), np.float32)
        found[1, [moved, still], 0] = found_px
        return float(loss(truth, found))

    px = 0.06 * NETWORK_CROP.iod_px
    right, missed, made_up = of(px, 0), of(0, 0), of(px, px)
    assert missed - right > 1.3 * (made_up - right) > 0


@pytest.mark.slow
def test_a_run_that_was_cut_off_goes_on_and_finds_the_landmarks_of_others(
    drawn_examples, tmp_path, monkeypatch
):
    from au_detect.simulation.landmarks.network import Batches

    out, begun = tmp_path / "new" / "mine.tflite", []

    def cut_off_in_the_second_epoch(batches, index):
        begun.extend([index] * (index == 0))
        if len(begun) > 1:
            raise ConnectionError("the machine went away")
        return made(batches, index)

    made = Batches.__getitem__
    with monkeypatch.context() as patch:
        patch.setattr(Batches, "__getitem__", cut_off_in_the_second_epoch)
        with pytest.raises(Exception, match="the machine went away"):
            train_landmark_model(drawn_examples, out, SMALL)
    assert not out.exists()
    error = train_landmark_model(drawn_examples, out, SMALL)
    with open(tmp_path / "new" / "mine.training" / "progress.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(SMALL.sizes[FACE].epochs))
    losses = [float(row["loss"]) for row in rows]
    assert losses[-1] < 0.5 * losses[0]
    assert error["all"] < 0.12
    assert error.keys() >= {"all", "jaw", "left_eye", "inner_lip"}
    assert landmark_error_iod(out, drawn_examples)["all"] == pytest.approx(error["all"], rel=0.3)


@pytest.mark.slow
def test_a_teacher_labels_photographs_for_the_others(drawn_examples, tmp_path, monkeypatch):
    """Who is shown what; how networks learn is tested above."""
    from au_detect.simulation.landmarks import network as networks
    from au_detect.simulation.landmarks import photographs, training

    few = drawn_examples.take(drawn_examples.subject < 6)
    crops, runs, asked = few.crops[:4], [], []

    def cut(folder, teacher):
        asked.append((folder, teacher.input.shape))
        return crops

    monkeypatch.setattr(training, "cut_photographs", cut)
    monkeypatch.setattr(photographs, "MOST_APART_IOD", 1.0)

    def train(network, part, batches, options, folder):
        seen, points = batches[len(batches) - 1]
        assert np.isfinite(network.predict_on_batch(seen)).all()
        assert points.shape == (SMALL.batch, len(part.points), 4)
        folder.mkdir(parents=True, exist_ok=True)
        runs.append((part, len(batches.couples), folder))

    monkeypatch.setattr(networks, "train_network", train)
    photographs_folder = tmp_path / "portraits"
    error = train_landmark_model(few, tmp_path / "a.tflite", SMALL, photographs=photographs_folder)
    n, work = int((~few.is_kept_out).sum()), tmp_path / "a.training"
    more = n + training.N_COPIES * len(crops)
    assert runs == [
        (TEACHER, n // 2, work / "teacher"),
        (FACE, more // 2, work),
        (RIGHT_EYE, more // 2, work / "eyes"),
        (LIPS, more // 2, work / "mouth"),
    ]
    assert asked == [(photographs_folder, (None, 160, 160, 1))]
    assert error == landmark_error_iod(tmp_path / "a.tflite", few.take(few.is_kept_out))
    assert sorted(path.name for path in tmp_path.glob("a.*tflite")) == [
        "a.eyes.tflite", "a.mouth.tflite", "a.tflite",
    ]  # fmt: skip
    assert not list(tmp_path.rglob(training.TRAINED))


def test_one_person_cannot_be_kept_out(drawn_examples, tmp_path):
    one = drawn_examples.take(drawn_examples.subject == 0)
    with pytest.raises(InputError, match="examples must show two people at least, got one"):
        train_landmark_model(one, tmp_path / "mine.tflite", SMALL)


def test_the_file_must_be_a_network_s(drawn_examples, tmp_path):
    with pytest.raises(InputError, match=r"out must be a .tflite file, got .*mine.dat"):
        train_landmark_model(drawn_examples, tmp_path / "mine.dat", SMALL)


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


def test_strong_actions_are_drawn_in_place_of_life_s_displays(evaluation_data):
    model = read_face_model(evaluation_data / "face_model" / "ict_facekit.npz")
    usual, strong = (draw_turned_people(model, 400, 0, strong) for strong in (False, True))
    assert set(strong.display) <= {display.name for display in STRONG}
    largest = strong.strengths.max(axis=(1, 2))
    assert np.quantile(largest, 0.05) > 2.0  # single actions stray from their display
    assert np.median(largest) > np.median(usual.strengths.max(axis=(1, 2))) + 0.5


def test_people_of_several_renderings_stay_apart(drawn_examples):
    both = joined_people(drawn_examples, drawn_examples)
    people = np.unique(drawn_examples.subject)
    assert len(np.unique(both.subject)) == 2 * len(people)
    half = len(drawn_examples)
    np.testing.assert_array_equal(both.subject[:half], drawn_examples.subject)
    np.testing.assert_array_equal(both.points[half:], drawn_examples.points)


@pytest.mark.slow
def test_rendered_examples_show_faces_on_the_template(evaluation_data, tmp_path):
    face_model = evaluation_data / "face_model" / "ict_facekit.npz"
    examples = render_examples(face_model, 4, random_state=1, folder=tmp_path)
    assert len(examples) == 4
    assert set(examples.subject) == {0}
    points = examples.points[:, :68]
    iod = interocular_distance_px(points) / EXAMPLE_CROP.iod_px
    assert ((iod > 0.6) & (iod < 1.4)).all()
    center = points[:, STABLE_POINTS].mean(axis=1)
    np.testing.assert_allclose(center, np.tile(EXAMPLE_CROP.template.mean(axis=0), (4, 1)), atol=1)
    again = render_examples(face_model, 4, random_state=1)
    np.testing.assert_array_equal(again.crops, examples.crops)


@pytest.mark.slow
def test_further_points_lie_between_the_landmarks(evaluation_data):
    face_model = evaluation_data / "face_model" / "ict_facekit.npz"
    points = render_examples(face_model, 2, random_state=3).points
    for eye, lids in ((slice(36, 42), slice(70, 76)), (slice(42, 48), slice(76, 82))):
        low, high = points[:, eye].min(axis=1), points[:, eye].max(axis=1)
        inside = (points[:, lids] > low[:, None] - 3) & (points[:, lids] < high[:, None] + 3)
        assert inside.all()
    for iris, eye in ((68, slice(36, 42)), (69, slice(42, 48))):
        width = np.ptp(points[:, eye, 0], axis=1)
        offset = points[:, iris] - points[:, eye].mean(axis=1)
        assert (np.abs(offset[:, 0]) < 0.4 * width).all()
    low, high = points[:, 60:68].min(axis=1), points[:, 60:68].max(axis=1)
    lips = points[:, 82:86]
    assert ((lips > low[:, None] - 2) & (lips < high[:, None] + 2)).all()
    assert (lips[:, 0, 0] < lips[:, 1, 0]).all()  # the subject's right is on the left
    assert (lips[:, 3, 0] < lips[:, 2, 0]).all()


@pytest.mark.slow
def test_what_is_rendered_is_not_rendered_again(evaluation_data, tmp_path, monkeypatch):
    face_model = evaluation_data / "face_model" / "ict_facekit.npz"
    first = render_examples(face_model, 2, random_state=1, folder=tmp_path)
    monkeypatch.setattr(landmark_examples, "_render_part", None)
    again = render_examples(face_model, 2, random_state=1, folder=tmp_path)
    np.testing.assert_array_equal(again.crops, first.crops)
    np.testing.assert_array_equal(again.points, first.points)
