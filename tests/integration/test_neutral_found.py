"""Neutral faces that are found in the sequence itself."""

import cv2
import numpy as np
import pytest
from made_results import on

from au_detect import AUDetector, read_result
from au_detect.features.measurement import measure_faces
from au_detect.frames import open_frames
from au_detect.landmarks.tracking import FaceTracker
from au_detect.paths import packaged_folder


@pytest.fixture(scope="module")
def smiles_first(pictures):
    """60 frames: the smile is there from the start, frames 30 to 39 are at rest."""
    return [*[pictures[-1]] * 30, *[pictures[0]] * 10, *[pictures[-1]] * 20]


@pytest.fixture(scope="module")
def found(detector, smiles_first):
    return detector.run(smiles_first)


def test_the_frames_at_rest_are_found_wherever_they_are(found):
    assert len(found.neutral_frames[0]) == 5
    assert set(found.neutral_frames[0]) <= set(range(30, 40))
    assert found.neutral == {0: "median of 5 calm frames"}
    assert {12, 25} <= on(found, 0)
    assert not on(found, 35)


@pytest.mark.slow
def test_the_first_frame_would_have_hidden_the_smile(detector, smiles_first):
    assert 12 not in on(detector.run(smiles_first, neutral="first"), 0)


def test_quality_is_in_the_result_its_settings_and_its_file(found, tmp_path):
    assert 0 < found.neutral_quality[0] <= 1
    assert found.settings["neutral_found"]["0"]["quality"] == found.neutral_quality[0]
    found.to_json(tmp_path / "found.json")
    again = read_result(tmp_path / "found.json")
    assert again.neutral_quality == found.neutral_quality
    assert again.neutral_frames == found.neutral_frames


def test_a_given_neutral_has_no_quality(detector, pictures):
    given = detector.run(pictures, neutral="first")
    assert given.neutral_quality == given.neutral_doubts == given.neutral_others == {}
    assert given.neutral_frames == {0: (0,)}


def test_a_neutral_from_elsewhere_or_of_all_frames_names_none(detector, pictures):
    for neutral in (pictures[0], "median", None):
        assert detector.run(pictures[-2:], neutral=neutral).neutral_frames == {}


def lit_from_the_left(picture):
    """Return a picture in which the subject's left half, right in it, is twice as bright."""
    gain = np.linspace(0.5, 1.0, picture.shape[1]).reshape(1, -1, *[1] * (picture.ndim - 2))
    return (picture * gain).astype(np.uint8)


@pytest.fixture(scope="module")
def light_changes(detector, pictures):
    """60 frames: 32 at rest, then other light: 26 at rest, 2 smiles."""
    rest, smile = lit_from_the_left(pictures[0]), lit_from_the_left(pictures[-1])
    return detector.run([*[pictures[0]] * 32, *[rest] * 26, smile, smile], fps=2)


def test_who_rests_in_other_light_too_is_compared_with_that(light_changes, detector):
    others = light_changes.neutral_others[0]
    assert set(others) == {"front", "front, other light"}
    assert set(others["front"]) <= set(range(32))
    assert set(others["front, other light"]) <= set(range(32, 58))
    assert "front, other light: 5 more" in light_changes.neutral[0]
    evidence = light_changes.evidence
    main, seen = evidence.neutral[0], evidence.neutral_of(40, 0)
    assert evidence.neutral_of(0, 0).description == "front"
    own = np.median(evidence.furrows[list(others["front, other light"])], axis=0)
    np.testing.assert_allclose(seen.furrows, (main.furrows + own) / 2, atol=1e-6)
    assert not on(light_changes, 40)
    assert {12, 25} <= on(light_changes)


def test_files_know_which_neutral_each_row_had(light_changes, tmp_path):
    light_changes.to_json(tmp_path / "light.json")
    again = read_result(tmp_path / "light.json")
    assert again.neutral_others == light_changes.neutral_others
    assert [str(a) for a in again.explain(59)] == [str(a) for a in light_changes.explain(59)]
    assert again.evidence.neutral_of(40, 0).description == "front, other light"
    last = again.of_frame(59)
    assert [str(a) for a in last.explain(59)] == [str(a) for a in again.explain(59)]


def test_who_never_rests_is_told_so(detector, pictures):
    result = detector.run([pictures[-1]] * 40)
    assert result.neutral_quality[0] < 0.3
    assert result.neutral_doubts[0].startswith("no frame at rest was found: ")


def test_a_face_that_never_rests_is_judged_without_a_neutral_too(detector, pictures):
    always = [pictures[-1]] * 40
    against_itself = detector.run(always, neutral="first")
    mixed = detector.run(always)
    column = mixed.aus.index(12)
    assert mixed.probabilities[0, column] > against_itself.probabilities[0, column]


def test_every_face_has_its_own_rest(pictures):
    rest, smile = pictures[0], pictures[-1]
    early, late = [rest] * 8 + [smile] * 32, [smile] * 32 + [rest] * 8
    both = [np.hstack(pair) for pair in zip(early, late, strict=True)]
    result = AUDetector(max_faces=2).run(both)
    places = {i: result.face(i).points[0, 0, 0] for i in result.face_ids}
    left, right = sorted(places, key=lambda i: places[i])
    assert set(result.neutral_frames[left]) <= set(range(8))
    assert set(result.neutral_frames[right]) <= set(range(32, 40))
    assert set(result.face(left).neutral_quality) == {left}


def test_what_was_measured_gives_what_the_frames_give(detector, smiles_first, found):
    rows = measure_faces(open_frames(smiles_first), FaceTracker(detector.tracker.landmark_model))
    scored = detector.score(rows)
    np.testing.assert_array_equal(scored.probabilities, found.probabilities)
    assert scored.neutral_frames == found.neutral_frames


@pytest.mark.slow
def test_a_stream_finds_rest_as_it_comes(detector, pictures):
    frames = [pictures[-1]] * 12 + [pictures[0]] * 12 + [pictures[-1]] * 6
    rows = list(detector.stream(frames))
    assert set(rows[11].neutral_frames[0]) <= set(range(12))
    assert set(rows[-1].neutral_frames[0]) <= set(range(12, 24))
    assert 12 in on(rows[-1])
    assert 12 not in on(rows[20])


def test_the_first_frame_of_a_stream_is_judged_without_a_neutral(detector, pictures):
    row = next(detector.stream(pictures[-1:]))
    assert {12, 25} <= on(row)


def frames_of(subject, *numbers):
    """Return frames of a rendered person, counted from 1 (neutral) to 10 (apex)."""
    folder = packaged_folder("data") / "cohn-kanade-images" / subject / "001"
    return [cv2.imread(str(folder / f"{subject}_001_{number:08d}.png")) for number in numbers]


@pytest.fixture(scope="module")
def cut_to_another_person():
    """Frames 0-9: one person smiles more and more; 10-19: another one rests, then acts."""
    return [*frames_of("S001", *range(1, 11)), *frames_of("S005", *[1] * 8, 9, 10)]


@pytest.mark.parametrize("choice", ["auto", "first", "median", 0, "picture"])
def test_the_neutral_of_one_person_is_never_that_of_another(
    detector, cut_to_another_person, choice
):
    neutral = frames_of("S001", 1)[0] if choice == "picture" else choice
    result = detector.run(cut_to_another_person, neutral=neutral, smooth="none")
    assert result.face_id.tolist() == [0] * 10 + [1] * 10
    assert set(result.neutral) == {0, 1}
    own_choice = "auto" if choice in (0, "picture") else choice  # neither shows the second one
    alone = detector.run(cut_to_another_person[10:], neutral=own_choice, smooth="none")
    np.testing.assert_allclose(result.probabilities[10:], alone.probabilities, atol=1e-5)


def test_a_picture_serves_who_looks_like_it_whoever_comes_first(detector, cut_to_another_person):
    neutral = frames_of("S005", 1)[0]
    result = detector.run(cut_to_another_person, neutral=neutral, smooth="none")
    assert "calm" in result.neutral[0]
    assert "array" in result.neutral[1]
    own = detector.run(cut_to_another_person[10:], neutral=neutral, smooth="none")
    np.testing.assert_allclose(result.probabilities[10:], own.probabilities, atol=1e-5)
