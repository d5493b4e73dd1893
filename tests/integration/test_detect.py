"""The whole way from pictures to action units, on the packaged sample sequences."""

import json

import cv2
import numpy as np
import pytest
from made_results import on

from au_detect import AUDetector, detect_aus, sample_sequences
from au_detect.classifiers.storage import NetworkKind
from au_detect.errors import InputError, NoFaceError
from au_detect.features.extraction import extract_features
from au_detect.features.neutral import mean_neutral
from au_detect.frames import Frame, open_frames
from au_detect.frames.pictures import read_picture, select_pictures
from au_detect.landmarks.points import MIRROR, mirror
from au_detect.landmarks.pose import estimate_pose
from au_detect.paths import packaged_folder

COLUMNS = ("aus", "probabilities", "side", "thresholds", "timestamp_s", "points", "pose", "neutral")


@pytest.fixture(scope="module")
def result(detector, folder):
    return detector.run(folder)


def assert_same(one, other):
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def blank(picture):
    return np.full_like(picture, 90)


def write_clip(path, pictures, fps):
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"FFV1"), fps, pictures[0].shape[::-1]
    )
    if not writer.isOpened():
        pytest.skip("OpenCV was built without the lossless FFV1 codec")
    for picture in pictures:
        writer.write(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


# What comes out


def test_the_smile_is_on_at_the_apex_and_off_in_the_neutral_frame(result):
    assert {12, 25} <= on(result)
    assert not on(result, 0)
    assert result.face_found.all()
    assert result.neutral == {0: "median of 2 calm frames"}
    assert result.neutral_frames == {0: (0, 1)}


def test_surprise_opens_the_mouth_and_is_no_smile(detector):
    apex = on(detector.run(sample_sequences()["surprise"]))
    assert 25 in apex
    assert 12 not in apex


def test_settings_say_how_the_result_was_made(result):
    settings = json.loads(json.dumps(result.settings))
    assert settings["neutral"] == "auto"
    assert settings["fps"] == 30.0
    assert settings["landmark_model"] == "open"
    assert len(settings["model_sha256"]) == 64


def test_experimental_aus_are_left_out_unless_asked_for(folder, result):
    usual = detect_aus(folder)
    entries = AUDetector().model.entries(NetworkKind(uses_neutral=True, uses_furrows=True))
    unreliable = {au for entry in entries for au in entry.experimental}
    assert set(result.aus) - set(usual.aus) <= unreliable | {45}
    assert not unreliable & set(usual.aus)
    columns = [result.aus.index(au) for au in usual.aus]
    np.testing.assert_array_equal(usual.probabilities, result.probabilities[:, columns])


def test_a_threshold_of_ones_own_changes_the_decision_and_nothing_else(folder, detector):
    usual = detector.run(folder, smooth="none")
    column = usual.aus.index(12)
    strict = AUDetector(experimental=True, thresholds={12: 0.9999995})
    high = strict.run(folder, smooth="none")
    np.testing.assert_array_equal(high.probabilities, usual.probabilities)
    assert not high.active[:, column].any()
    assert high.thresholds[column] == 0.9999995


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({12: 1.0}, r"threshold of AU12 must be in \(0, 1\), got 1.0"),
        ({12: float("nan")}, r"threshold of AU12 must be in \(0, 1\), got nan"),
        ({99: 0.5}, "each AU of thresholds must be one of 1, 2, .*, got 99"),
    ],
)
def test_thresholds_must_make_sense(thresholds, message):
    with pytest.raises(InputError, match=message):
        AUDetector(thresholds=thresholds)


# The same input by other ways


def test_twice_is_identical(detector, folder, result):
    assert_same(detector.run(folder), result)


def test_list_arrays_generator_and_frames_give_the_same(detector, folder, pictures, result):
    frames = (Frame(image, i, i / 30.0, f"{i}") for i, image in enumerate(pictures))
    color = np.stack([cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) for image in pictures])
    paths = select_pictures(folder.iterdir())
    for source in (paths, [str(p) for p in paths], pictures, color, iter(pictures), frames):
        assert_same(detector.run(source), result)


def test_glob_gives_the_same(detector, folder, result):
    assert_same(detector.run(f"{folder}/*.png"), result)


def test_a_lossless_clip_gives_what_its_frames_give(detector, tmp_path, pictures, result):
    clip = write_clip(tmp_path / "clip.avi", pictures, 30)
    assert_same(detector.run(clip), result)


def test_detect_aus_is_the_same_as_a_detector(folder):
    assert_same(detect_aus(folder), AUDetector().run(folder))


def test_rows_do_not_depend_on_how_many_there_are(detector, pictures):
    whole = detector.run(pictures, neutral="first", smooth="none")
    part = detector.run(pictures[:4], neutral="first", smooth="none")
    shared = [i for i, au in enumerate(whole.aus) if au != 45]
    np.testing.assert_array_equal(part.probabilities[:, shared], whole.probabilities[:4][:, shared])
    np.testing.assert_array_equal(part.side[:, shared], whole.side[:4][:, shared])


def test_frames_per_second_make_the_time_stamps(detector, pictures):
    result = detector.run(pictures[:3], fps=4)
    assert result.timestamp_s.tolist() == [0.0, 0.25, 0.5]


# Neutral faces


def test_a_picture_alone_has_no_neutral(detector, pictures):
    result = detector.run(pictures[-1])
    assert result.neutral == {0: "none"}
    assert 45 not in result.aus
    assert_same(detector.run(pictures[-1], neutral=None), result)


def test_frame_number_and_first_are_the_same_face(detector, pictures):
    first = detector.run(pictures, neutral="first")
    for neutral in (0, np.int64(0)):
        assert_same(detector.run(pictures, neutral=neutral), first)


def test_first_is_the_first_frame_with_a_face(detector, pictures):
    result = detector.run([blank(pictures[0]), *pictures], neutral="first")
    assert result.neutral == {0: "frame 1"}
    assert {12, 25} <= on(result)


def test_another_frame_as_neutral_turns_the_smile_off(detector, pictures):
    result = detector.run(pictures, neutral=len(pictures) - 1)
    assert result.neutral == {0: f"frame {len(pictures) - 1}"}
    assert not on(result)


def test_neutral_picture_by_path_and_by_array(detector, folder, pictures):
    path = select_pictures(folder.iterdir())[0]
    by_path = detector.run(pictures[-1], neutral=path)
    by_array = detector.run(pictures[-1], neutral=pictures[0])
    assert by_path.neutral == {0: str(path)}
    assert by_array.neutral == {0: "array"}
    np.testing.assert_array_equal(by_path.probabilities, by_array.probabilities)
    assert {12, 25} <= on(by_path)
    assert by_path.settings["neutral"] == str(path)
    assert by_array.settings["neutral"] == "ndarray"


def test_median_of_a_resting_sequence_is_a_neutral(detector, pictures):
    mostly_rest = [*[pictures[0]] * 5, pictures[-1]]
    result = detector.run(mostly_rest, neutral="median")
    assert result.neutral == {0: "median of 6 frames"}
    assert {12, 25} <= on(result)
    assert not on(result, 2)


def test_a_neutral_without_a_face_is_named(detector, tmp_path, pictures):
    cv2.imwrite(str(tmp_path / "wall.png"), blank(pictures[0]))
    with pytest.raises(NoFaceError, match=r"neutral .*wall\.png must show a face"):
        detector.run(pictures[-1], neutral=tmp_path / "wall.png")


def test_a_neutral_frame_without_a_face_is_named(detector, pictures):
    with pytest.raises(NoFaceError, match="neutral frame 0 must show the face"):
        detector.run([blank(pictures[0]), pictures[0]], neutral=0)


@pytest.mark.parametrize("number", [2, 99, -1])
def test_a_neutral_frame_that_there_is_not_is_named_with_those_there_are(
    detector, pictures, number
):
    with pytest.raises(NoFaceError, match=f"a frame of .*, 0 to 1, got {number}"):
        detector.run(pictures[:2], neutral=number)


def test_a_neutral_frame_must_show_a_face_even_if_no_frame_does(detector, pictures):
    with pytest.raises(NoFaceError, match="neutral frame 0 must show the face, but no frame"):
        detector.run([blank(pictures[0])] * 2, neutral=0)


def test_bool_is_no_frame_number(detector, pictures):
    with pytest.raises(InputError, match="neutral must not be a bool, got True"):
        detector.run(pictures, neutral=True)


def test_a_neutral_picture_serves_one_face(folder, pictures):
    detector = AUDetector(max_faces=2)
    with pytest.raises(InputError, match=r"serves one face only: max_faces must be 1, got 2"):
        detector.run(folder, neutral=pictures[0])


def test_independent_pictures_are_scored_each_alone(detector, pictures):
    chosen = [pictures[-1], pictures[0], pictures[-1]]
    together = detector.run(chosen, independent=True)
    assert together.neutral == {0: "none"}
    assert 45 not in together.aus
    for row, picture in enumerate(chosen):
        alone = detector.run(picture)
        np.testing.assert_array_equal(together.probabilities[row], alone.probabilities[0])
        np.testing.assert_array_equal(together.points[row], alone.points[0])


def test_independent_pictures_with_a_neutral_picture(detector, pictures):
    result = detector.run(pictures[-2:], independent=True, neutral=pictures[0])
    alone = detector.run(pictures[-1], neutral=pictures[0])
    np.testing.assert_array_equal(result.probabilities[1], alone.probabilities[0])


@pytest.mark.parametrize("neutral", ["first", "median", 0])
def test_independent_pictures_have_no_neutral_among_them(detector, pictures, neutral):
    with pytest.raises(InputError, match="neutral of independent pictures must be another"):
        detector.run(pictures, independent=True, neutral=neutral)


# Several faces


def test_two_people_side_by_side_have_each_their_own_neutral(detector, pictures, result):
    other = [read_picture(p) for p in select_pictures(sample_sequences()["surprise"].iterdir())]
    n = min(len(pictures), len(other))
    both = [np.hstack(pair) for pair in zip(pictures[-n:], other[-n:], strict=True)]
    both = [np.hstack([pictures[0], other[0]]), *both[1:]]
    two = AUDetector(max_faces=2, experimental=True).run(both, neutral="first")
    assert two.face_ids == (0, 1)
    assert len(two) == 2 * n
    assert two.neutral == {0: "frame 0", 1: "frame 0"}
    by_place = sorted((two.face(i) for i in (0, 1)), key=lambda face: face.points[0, 0, 0])
    assert all(face.face_found.all() for face in by_place)
    smiling, surprised = (on(face) for face in by_place)
    assert 12 in smiling
    assert 25 in surprised
    assert 12 not in surprised


def test_a_neutral_may_be_given_by_face(pictures):
    other = [read_picture(p) for p in select_pictures(sample_sequences()["surprise"].iterdir())]
    both = [np.hstack(pair) for pair in zip(pictures, other, strict=False)]
    two = AUDetector(max_faces=2)
    rows = two.measure(open_frames(both))
    found, given = two.score(rows), two.score(rows, neutral={1: 2})
    assert given.neutral == found.neutral | {1: "frame 2"}
    assert given.settings["neutral"] == {"1": 2}
    for face in (0, 1):
        own = two.score(rows, neutral=2) if face else found
        np.testing.assert_array_equal(given.face(face).probabilities, own.face(face).probabilities)
    for wrong in ({2: 0}, {}):
        with pytest.raises(InputError, match="neutral must be given for some of the faces 0, 1"):
            two.score(rows, neutral=wrong)
    with pytest.raises(NoFaceError, match="neutral frame 99 must show the face"):
        two.score(rows, neutral={0: 99})
    with pytest.raises(InputError, match='neutral must be "first", "median", a frame number'):
        two.score(rows, neutral={0: "last"})


def test_only_the_largest_face_is_scored_by_default(detector, pictures):
    small = cv2.resize(pictures[0], None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    both = np.hstack([np.full_like(pictures[0], 90), pictures[0]])
    both[: small.shape[0], : small.shape[1]] = small
    result = detector.run(both)
    assert len(result) == 1
    assert result.points[0, :, 0].min() > pictures[0].shape[1] * 0.9


# Frames without a face


def test_a_frame_without_a_face_is_a_row_with_empty_cells(detector, pictures):
    result = detector.run([pictures[0], blank(pictures[0]), pictures[-1]])
    assert result.face_found.tolist() == [True, False, True]
    table = result.to_dataframe()
    assert table["success"].tolist() == [1, 0, 1]
    empty = table.filter(regex=r"^AU\d\d_|^pose").iloc[1]
    assert empty.isna().all()
    assert {12, 25} <= on(result)


def test_a_clip_without_any_face_is_rows_from_first_to_last(detector, pictures):
    result = detector.run([blank(pictures[0])] * 3)
    assert len(result) == 3
    assert not result.face_found.any()
    assert not result.active.any()
    assert result.neutral == {}
    assert result.events() == []


# Landmarks alone


def test_probabilities_are_counted_from_the_networks_own_thresholds(detector):
    """Odds over odds of the threshold: what is on does not change, and 0.5 decides."""
    pictures = [sorted(folder.iterdir())[-1] for folder in sample_sequences().values()]
    own = detector.run(pictures, neutral=None, independent=True)
    evidence, model = own.evidence, detector.model
    features = extract_features(estimate_pose(own.points), evidence.furrows, mean_neutral())
    raw = model.predict(features.upper, features.lower, evidence.kind, own.aus).astype(float)
    limits = np.array([*model.thresholds(evidence.kind, own.aus).values()])
    np.testing.assert_array_equal(own.active, raw >= limits)
    on, off = raw * (1 - limits), (1 - raw) * limits
    np.testing.assert_allclose(own.probabilities, on / (on + off), atol=1e-5)
    assert own.active.any()


def test_landmarks_alone_are_scored_by_networks_for_landmarks(detector, result):
    own = detector.run(landmarks=result.points)
    assert {12, 25} <= on(own)
    assert not on(own, 0)
    assert own.input == "landmarks"
    assert own.evidence.kind == NetworkKind(uses_neutral=True, uses_furrows=False)
    assert (own.thresholds == 0.5).all()


def test_landmarks_that_are_nan_are_rows_without_a_face(detector, result):
    points = result.points.copy()
    points[3] = np.nan
    own = detector.run(landmarks=points, fps=10)
    assert np.flatnonzero(~own.face_found).tolist() == [3]
    assert own.timestamp_s[-1] == pytest.approx((len(points) - 1) / 10)
    assert own.to_dataframe()["success"].tolist()[3] == 0


def test_landmarks_with_a_neutral_picture(detector, pictures, result):
    own = detector.run(landmarks=result.points[-1:], neutral=pictures[0])
    assert {12, 25} <= on(own)


def test_scaled_shifted_and_turned_landmarks_give_the_same(detector, result):
    turn = 2.5 * np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
    own = detector.run(landmarks=result.points)
    moved = detector.run(landmarks=result.points @ turn.T + (40, 700))
    np.testing.assert_allclose(moved.probabilities, own.probabilities, atol=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give either a source or landmarks, got both or neither"),
        ({"source": "x.png", "landmarks": np.zeros((1, 68, 2))}, "either a source or landmarks"),
        ({"landmarks": np.zeros((68, 2))}, r"must have shape .*68, 2\), got \(68, 2\)"),
        ({"source": "there_is_none.png"}, r"there_is_none\.png does not exist"),
        ({"source": [np.zeros((9, 9), np.uint8)], "fps": 0}, "fps must be a positive number"),
    ],
)
def test_bad_input_is_explained(detector, options, message):
    with pytest.raises(InputError, match=message):
        detector.run(**options)


# Left and right


def test_side_says_which_half_of_the_face_moves(detector):
    points = detector.run(sample_sequences()["surprise"]).points
    neutral = points[0]
    apex = points[-1] + (neutral[27:31] - points[-1, 27:31]).mean(axis=0)
    left = ((np.sign(neutral[:, 0] - neutral[MIRROR, 0]) + 1) / 2)[:, None]  # 0.5 in the middle
    halves = [neutral + part * (apex - neutral) for part in (0, left, 1 - left)]
    result = detector.run(landmarks=np.stack(halves))
    for au in (1, 2):
        rest, left_up, right_up = result.side[:, result.aus.index(au)]
        assert abs(rest) < 0.1
        assert left_up > 0.2
        assert right_up < -0.2


def test_mirrored_landmarks_negate_the_side(detector, result):
    own = detector.run(landmarks=result.points)
    other = detector.run(landmarks=mirror(result.points, 320))
    np.testing.assert_allclose(other.side, -own.side, atol=0.005)
    assert np.abs(other.probabilities - own.probabilities).mean() < 0.08


def test_the_mirrored_pictures_show_the_same_smile(detector, pictures, result):
    mirrored = detector.run([np.ascontiguousarray(image[:, ::-1]) for image in pictures])
    assert {12, 25} <= on(mirrored)
    assert not on(mirrored, 0)
    difference = np.abs(mirrored.probabilities - result.probabilities)
    assert difference.mean() < 0.12


def test_the_one_sided_sample_moves_on_the_side_that_was_rendered(detector):
    folder = sample_sequences()["contempt"]
    files = packaged_folder("data") / "Landmarks" / folder.parent.name / folder.name
    true = np.stack([np.loadtxt(path) for path in sorted(files.iterdir())])
    right, left = np.linalg.norm(np.diff(frontal_lip_corners(true)[[0, -1]], axis=0)[0], axis=1)
    for result in (detector.run(landmarks=true), detector.run(folder)):
        side = result.side[:, result.aus.index(14)]
        strongest = side[np.abs(side).argmax()]
        assert np.sign(left - right) * strongest > 0.1


def frontal_lip_corners(points):
    """Return the right and left lip corner in IOD of faces turned to the camera."""
    return estimate_pose(points).frontal[:, [48, 54], :2]
