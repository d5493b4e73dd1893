import numpy as np
import pytest

from au_detect.features import geometry
from au_detect.features.extraction import (
    LOWER_DISTANCES,
    LOWER_FURROW_INDICES,
    LOWER_FURROW_NAMES,
    LOWER_INDICES,
    LOWER_NAMES,
    OPENINGS,
    POSE_NAMES,
    UPPER_DISTANCES,
    UPPER_FURROW_INDICES,
    UPPER_FURROW_NAMES,
    UPPER_INDICES,
    UPPER_NAMES,
    extract_features,
    furrow_features,
    geometric_features,
    mirror_columns,
    symmetric_furrows,
    symmetric_pose,
)
from au_detect.features.furrows import FURROW_NAMES, MIRROR_FURROWS, N_FURROWS, WINDOW_NAMES
from au_detect.features.neutral import NeutralFace, mean_neutral
from au_detect.landmarks.points import LEFT_POINTS, MIRROR, POINTS, REGIONS, STABLE_POINTS, mirror
from au_detect.landmarks.pose import estimate_pose, rotation_matrix

IOD_PX = 100.0
WIDTH_PX = 400

# What to move, where to (x, y in IOD, or away from another point, in IOD), and the change
# that the distance must show. {} stands for right or left.
SIDED_CASES = {
    "inner_brow_motion": (["{}_brow_inner"], (0.0, -0.1), 0.1),
    "middle_brow_motion": (["{}_brow_middle"], (0.0, -0.1), 0.1),
    "outer_brow_motion": (["{}_brow_outer"], (0.0, -0.1), 0.1),
    "eye_height": (["{}_upper_lid_inner", "{}_upper_lid_outer"], (0.0, 0.05), -0.05),
    "upper_lid_motion": (["{}_upper_lid_inner", "{}_upper_lid_outer"], (0.0, 0.05), -0.05),
    "lower_lid_motion": (["{}_lower_lid_inner", "{}_lower_lid_outer"], (0.0, -0.03), 0.03),
    "lip_corner_motion": (["{}_lip_corner"], (0.0, -0.1), 0.1),
    "lip_corner_over_lips": (["{}_lip_corner"], (0.0, 0.1), -0.1),
    "nostril_motion": (["{}_nostril"], (0.0, -0.05), 0.05),
    "nasolabial_length": (["{}_lip_corner"], ("{}_nostril", 0.1), 0.1),
    "eye_to_lip_corner": (["{}_lip_corner"], ("{}_eye_outer", -0.1), -0.1),
}
MIDDLE_CASES = {
    "brow_distance": (["right_brow_inner"], (0.05, 0.0), -0.05),
    "lip_height": (["lower_lip_bottom"], (0.0, 0.1), 0.1),
    "lip_width": (["left_lip_corner"], (0.1, 0.0), 0.1),
    "lip_opening": (["lower_lip_top"], (0.0, 0.1), 0.1),
    "upper_lip_thickness": (["upper_lip_top"], (0.0, -0.05), 0.05),
    "lower_lip_thickness": (["lower_lip_bottom"], (0.0, 0.05), 0.05),
    "upper_lip_to_nose": (["upper_lip_top"], (0.0, -0.05), -0.05),
    "lower_lip_to_nose": (["lower_lip_bottom"], (0.0, 0.1), 0.1),
    "chin_to_nose": (["chin"], (0.0, 0.1), 0.1),
    "chin_to_lower_lip": (["chin"], (0.0, -0.05), -0.05),
}
CASES = MIDDLE_CASES | {
    f"{side}_{name}": (
        [point.format(side) for point in points],
        tuple(part.format(side) if isinstance(part, str) else part for part in where),
        change,
    )
    for side in ("right", "left")
    for name, (points, where, change) in SIDED_CASES.items()
}
DISTANCES = [*dict.fromkeys([*UPPER_DISTANCES, *LOWER_DISTANCES])]


def features_of(points, neutral_points):
    """Return upper and lower features by name, each of shape (n,)."""
    now, neutral = estimate_pose(points), estimate_pose(neutral_points[None])
    upper, lower = geometric_features(now, neutral)
    return dict(zip(UPPER_NAMES, upper.T, strict=True)), dict(
        zip(LOWER_NAMES, lower.T, strict=True)
    )


def moved(face_px, names, where):
    """Return the face with the named points moved by (x, y) IOD or away from another point."""
    points = face_px.copy()
    for name in names:
        if isinstance(where[0], str):
            away = face_px[POINTS[name]] - face_px[POINTS[where[0]]]
            points[POINTS[name]] += away / np.linalg.norm(away) * where[1] * IOD_PX
        else:
            points[POINTS[name]] += np.array(where) * IOD_PX
    return points


def expressive(mean_face, angles_deg=(0, 0, 0), seed=0):
    """Return neutral and apex (68, 2) px of a face that is not symmetric, turned by the angles."""
    noise = np.random.default_rng(seed).normal(0, 0.03, (2, 68, 3))
    noise[1] += noise[0]
    faces = (mean_face + noise) @ rotation_matrix(np.radians(angles_deg)).T
    return faces[:, :, :2] * IOD_PX + 200.0


def changes_only(features):
    """Return the features without the openings, which are no changes, and without the pose."""
    return {
        name: values
        for name, values in features.items()
        if not name.endswith("_now") and name not in POSE_NAMES
    }


def other_side(name):
    side, _, rest = name.partition("_")
    return {"right": f"left_{rest}", "left": f"right_{rest}"}.get(side, name)


@pytest.mark.parametrize("name", DISTANCES)
def test_distance_changes_by_what_was_moved(face_px, name):
    assert name in CASES, f"say in CASES what must change {name}"
    points, where, change = CASES[name]
    upper, lower = features_of(moved(face_px, points, where)[None], face_px)
    for features, distances in ((upper, UPPER_DISTANCES), (lower, LOWER_DISTANCES)):
        if name in distances:
            # Points of a lid are not quite one over the other: 0.2 %.
            np.testing.assert_allclose(features[name], change, atol=5e-4)
            if other_side(name) != name and other_side(name) in distances:
                np.testing.assert_allclose(features[other_side(name)], 0.0, atol=1e-6)


def test_raised_right_lip_corner(face_px):
    upper, lower = features_of(moved(face_px, ["right_lip_corner"], (0.0, -0.1))[None], face_px)
    assert lower["right_lip_corner_motion"] == pytest.approx(0.1, abs=1e-6)
    assert lower["left_lip_corner_motion"] == pytest.approx(0.0, abs=1e-6)
    assert lower["outer_lip_0_y"] == pytest.approx(-0.1, abs=1e-6)  # point 48; y is down
    changed = {n for n, value in changes_only(upper | lower).items() if abs(value[0]) > 1e-6}
    assert changed == {
        "outer_lip_0_y", "right_lip_corner_motion", "right_lip_corner_over_lips", "lip_width",
        "right_nasolabial_length", "right_eye_to_lip_corner",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "indices"), [(UPPER_NAMES, UPPER_INDICES), (LOWER_NAMES, LOWER_INDICES)]
)
def test_displacements_are_those_of_the_points_in_their_names(face_px, names, indices):
    for column, index in enumerate(indices):
        if index in STABLE_POINTS:
            continue
        points = face_px[None].copy()
        points[0, index] += (7.0, -4.0)
        features = dict(zip(("upper", "lower"), features_of(points, face_px), strict=True))
        found = features["upper" if names is UPPER_NAMES else "lower"]
        region = next(r for r in REGIONS if names[2 * column].startswith(r))
        number = int(names[2 * column].removeprefix(f"{region}_").removesuffix("_x"))
        assert REGIONS[region].start + number == index
        assert found[names[2 * column]] == pytest.approx(0.07, abs=1e-6)
        assert found[names[2 * column + 1]] == pytest.approx(-0.04, abs=1e-6)


def test_names_are_unique_and_the_parts_are_in_order():
    for names, indices, distances, openings in (
        (UPPER_NAMES, UPPER_INDICES, UPPER_DISTANCES, OPENINGS["upper"]),
        (LOWER_NAMES, LOWER_INDICES, LOWER_DISTANCES, OPENINGS["lower"]),
    ):
        assert len(set(names)) == len(names)
        now = [f"{name}_now" for name in openings]
        assert names[2 * len(indices) :] == (*distances, *now, *POSE_NAMES)
    assert UPPER_NAMES[0] == "right_brow_0_x"
    assert set(UPPER_INDICES) == {*range(17, 27), *range(36, 48)}
    assert set(LOWER_INDICES) == {*range(31, 36), *range(48, 68), *range(5, 12)}


def test_the_neutral_against_itself_is_zero(mean_face):
    neutral, _ = expressive(mean_face, (5, 10, 3))
    upper, lower = features_of(neutral[None], neutral)
    for features in (upper, lower):
        turns = [features[name] for name in POSE_NAMES]
        assert max(abs(value[0]) for value in changes_only(features).values()) == 0.0
        assert turns[:2] == turns[2:]


def test_openings_are_those_of_the_face_whatever_its_neutral(mean_face, face_px):
    points = moved(face_px, ["lower_lip_top"], (0.0, 0.08))
    points = moved(points, ["left_lower_lid_inner", "left_lower_lid_outer"], (0.0, 0.05))
    shape = estimate_pose(points[None]).frontal
    for neutral in (face_px, expressive(mean_face)[0]):
        upper, lower = features_of(points[None], neutral)
        assert lower["lip_opening_now"] == pytest.approx(geometry.lip_opening(shape)[0])
        for side in ("right", "left"):
            height = geometry.eye_height(shape, side)[0]
            assert upper[f"{side}_eye_height_now"] == pytest.approx(height)
    upper, _ = features_of(points[None], face_px)
    before, _ = features_of(face_px[None], face_px)
    change = upper["left_eye_height_now"] - before["left_eye_height_now"]
    assert change == pytest.approx(0.05, abs=5e-4)


@pytest.mark.parametrize("roll_deg", [0, 20, -75, 90, 170])
@pytest.mark.parametrize("scale", [0.25, 3.0])
def test_shift_scale_and_rotation_in_the_picture_vanish(mean_face, roll_deg, scale):
    neutral, apex = expressive(mean_face, (8, -20, 0))
    c, s = scale * np.cos(np.radians(roll_deg)), scale * np.sin(np.radians(roll_deg))
    elsewhere = apex @ np.array([[c, s], [-s, c]]) + (900.0, -50.0)
    expected = features_of(apex[None], neutral)
    for found, features in zip(features_of(elsewhere[None], neutral), expected, strict=True):
        for name in features:
            np.testing.assert_allclose(found[name], features[name], atol=1e-4, err_msg=name)


@pytest.mark.parametrize("angles_deg", [(20, 0, 0), (0, 35, 0), (-10, -25, 15)])
def test_a_head_that_turns_does_not_move_its_face(mean_face, face_px, angles_deg):
    turned = mean_face @ rotation_matrix(np.radians(angles_deg)).T
    upper, lower = features_of(turned[None, :, :2] * IOD_PX, face_px)
    for features in (upper, lower):
        pitch, yaw, *neutral_turn = [features[name][0] for name in POSE_NAMES]
        assert max(abs(value[0]) for value in changes_only(features).values()) < 1e-4
        np.testing.assert_allclose(neutral_turn, 0.0, atol=1e-4)
        if angles_deg[2] == 0:
            np.testing.assert_allclose(np.degrees([pitch, yaw]), angles_deg[:2], atol=0.01)
        assert np.sign(yaw) == np.sign(angles_deg[1]) or angles_deg[1] == 0


def mirrored_features(names, features):
    """Return what the mirrored picture must give: sides exchanged, x and yaw turned over."""
    displacements = {}
    indices = UPPER_INDICES if names is UPPER_NAMES else LOWER_INDICES
    for column, index in enumerate(indices):
        other = indices.index(MIRROR[index])
        displacements[names[2 * column]] = -features[names[2 * other]]
        displacements[names[2 * column + 1]] = features[names[2 * other + 1]]
    rest = {n: features[other_side(n)] for n in names[2 * len(indices) :]}
    rest |= {name: -features[name] for name in ("yaw", "neutral_yaw")}
    return displacements | rest


def test_mirroring_exchanges_right_and_left(mean_face):
    neutral, apex = expressive(mean_face, (8, 20, -10))
    expected = features_of(apex[None], neutral)
    found = features_of(mirror(apex[None], WIDTH_PX), mirror(neutral, WIDTH_PX))
    for names, now, before in zip((UPPER_NAMES, LOWER_NAMES), found, expected, strict=True):
        mirrored = mirrored_features(names, before)
        for name in names:
            # The mean face itself is symmetric to 1e-4 IOD.
            np.testing.assert_allclose(now[name], mirrored[name], atol=1e-3, err_msg=name)


def test_rows_without_a_face_are_nan_and_leave_the_others_alone(face_px):
    points = np.stack([face_px, np.full_like(face_px, np.nan), face_px])
    for features in features_of(points, face_px):
        for name, values in features.items():
            if not name.startswith("neutral"):
                assert np.isnan(values[1]), name
        for values in changes_only(features).values():
            np.testing.assert_allclose(values[[0, 2]], 0.0, atol=1e-6)


def test_each_row_may_have_its_own_neutral(mean_face):
    pairs = [expressive(mean_face, seed=seed) for seed in range(3)]
    neutrals, faces = (estimate_pose(np.stack(part)) for part in zip(*pairs, strict=True))
    upper, lower = geometric_features(faces, neutrals)
    for row, (neutral, apex) in enumerate(pairs):
        alone = features_of(apex[None], neutral)
        np.testing.assert_allclose(upper[row], [v[0] for v in alone[0].values()], atol=1e-9)
        np.testing.assert_allclose(lower[row], [v[0] for v in alone[1].values()], atol=1e-9)


def neutral_of(points, furrows):
    return NeutralFace(estimate_pose(points[None]), furrows, "frame 7")


def test_features_of_landmarks_alone_have_no_furrow_columns(face_px):
    pose = estimate_pose(np.stack([face_px] * 3))
    neutral = neutral_of(face_px, np.full(N_FURROWS, np.nan, np.float32))
    features = extract_features(pose, None, neutral)
    assert features.upper_names == UPPER_NAMES
    assert features.lower_names == LOWER_NAMES
    assert features.upper.shape == (3, len(UPPER_NAMES))
    assert features.lower.shape == (3, len(LOWER_NAMES))
    assert features.upper.dtype == features.lower.dtype == np.float32
    assert features.neutral == "frame 7"


def test_furrow_columns_are_last_and_change_against_the_neutral(face_px):
    pose = estimate_pose(np.stack([face_px] * 2))
    now = np.random.default_rng(0).random((2, N_FURROWS)).astype(np.float32)
    before = np.random.default_rng(1).random(N_FURROWS).astype(np.float32)
    features = extract_features(pose, now, neutral_of(face_px, before))
    assert features.upper_names == UPPER_NAMES + UPPER_FURROW_NAMES
    assert features.lower_names == LOWER_NAMES + LOWER_FURROW_NAMES
    for values, names in (
        (features.upper, features.upper_names),
        (features.lower, features.lower_names),
    ):
        assert values.shape == (2, len(names))
        for name in ("nasal_root_wrinkles_edges", "left_infraorbital_furrows_contrast"):
            i = FURROW_NAMES.index(name)
            expected = now[:, i] - before[i]
            np.testing.assert_allclose(values[:, names.index(name)], expected, atol=1e-6)


def test_furrow_changes_take_one_neutral_or_one_for_each_row():
    now = np.random.default_rng(0).random((3, N_FURROWS))
    upper, lower = furrow_features(now, now[0])
    rows_upper, rows_lower = furrow_features(now, np.stack([now[0]] * 3))
    np.testing.assert_array_equal(upper, rows_upper)
    np.testing.assert_array_equal(lower, rows_lower)
    assert not upper[0].any()
    assert upper[1].all()


def test_every_furrow_window_is_read_by_a_network_on_both_sides():
    for indices in (UPPER_FURROW_INDICES, LOWER_FURROW_INDICES):
        assert len(set(indices)) == len(indices)
        assert {MIRROR_FURROWS[i] for i in indices} == set(indices)
    assert set(UPPER_FURROW_INDICES) | set(LOWER_FURROW_INDICES) == set(range(N_FURROWS))
    assert not any("glabella" in name for name in LOWER_FURROW_NAMES)
    assert not any("nasolabial" in name for name in UPPER_FURROW_NAMES)
    assert len(FURROW_NAMES) == 5 * len(WINDOW_NAMES)


@pytest.mark.parametrize("side", ["right", "left"])
def test_symmetric_furrows_have_the_values_of_one_side_on_both(side):
    furrows = np.arange(2.0 * N_FURROWS).reshape(2, N_FURROWS)
    both = symmetric_furrows(furrows, side)
    np.testing.assert_array_equal(both, both[:, MIRROR_FURROWS])
    kept = [i for i, name in enumerate(FURROW_NAMES) if name.startswith(side)]
    middle = [i for i, name in enumerate(FURROW_NAMES) if other_side(name) == name]
    np.testing.assert_array_equal(both[:, kept], furrows[:, kept])
    np.testing.assert_array_equal(both[:, middle], furrows[:, middle])


def test_the_halves_of_the_mirrored_face_are_exchanged(mean_face):
    neutral, apex = expressive(mean_face, (8, 20, -10))

    def features(points, neutral_points, half):
        faces = (estimate_pose(p[None]) for p in (points, neutral_points))
        return np.hstack(geometric_features(*(symmetric_pose(face, half) for face in faces)))

    left, right = (features(apex, neutral, half) for half in ("left", "right"))
    flipped = mirror(apex, WIDTH_PX), mirror(neutral, WIDTH_PX)
    assert np.abs(left - right).max() > 0.05
    np.testing.assert_allclose(features(*flipped, "right"), left, atol=1e-3)
    np.testing.assert_allclose(features(*flipped, "left"), right, atol=1e-3)


def test_a_half_keeps_what_moved_in_it(face_px):
    points = moved(face_px, ["left_lip_corner"], (0.0, -0.1))
    pose, neutral = estimate_pose(points[None]), estimate_pose(face_px[None])
    column = LOWER_NAMES.index("right_lip_corner_motion")
    for half, motion in (("left", 0.1), ("right", 0.0)):
        halves = symmetric_pose(pose, half), symmetric_pose(neutral, half)
        assert geometric_features(*halves)[1][0, column] == pytest.approx(motion, abs=1e-4)
    assert POINTS["left_lip_corner"] in LEFT_POINTS


def test_the_mean_face_stands_in_for_an_unknown_neutral(face_px):
    neutral = mean_neutral()
    assert not neutral.personal
    assert neutral.furrows.shape == (N_FURROWS,)
    columns = geometric_features(estimate_pose(face_px[None]), neutral.pose)
    for names, values in zip((UPPER_NAMES, LOWER_NAMES), columns, strict=True):
        for change in changes_only(dict(zip(names, values.T, strict=True))).values():
            np.testing.assert_allclose(change, 0.0, atol=1e-9)


def test_mirror_columns_say_what_a_mirror_does_to_features(mean_face):
    rng = np.random.default_rng(3)
    points, neutral = (
        mean_face[None, :, :2] * 100 + rng.normal(0, 3, (n, 68, 2)) + 200 for n in (4, 1)
    )
    furrows, rest = rng.random((4, N_FURROWS)), rng.random(N_FURROWS)
    seen = extract_features(
        estimate_pose(points), furrows, NeutralFace(estimate_pose(neutral), rest, "")
    )
    in_mirror = extract_features(
        estimate_pose(mirror(points, 400)),
        furrows[:, MIRROR_FURROWS],
        NeutralFace(estimate_pose(mirror(neutral, 400)), rest[MIRROR_FURROWS], ""),
    )
    for face in ("upper", "lower"):
        order, signs = mirror_columns(getattr(seen, f"{face}_names"))
        np.testing.assert_allclose(
            signs * getattr(seen, face)[:, order], getattr(in_mirror, face), atol=2e-4
        )


def test_mirror_columns_leave_unknown_names_as_they_are():
    order, signs = mirror_columns(("a", "right_b", "left_b", "yaw"))
    assert order.tolist() == [0, 2, 1, 3]
    assert signs.tolist() == [1, 1, 1, -1]
