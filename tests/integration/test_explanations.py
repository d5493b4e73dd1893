import pickle

import numpy as np
import pytest

from au_detect import AUDetector, read_result, sample_sequences
from au_detect.errors import InputError
from au_detect.results.writing import write_settings


@pytest.fixture(scope="module")
def detector():
    return AUDetector()


@pytest.fixture(scope="module")
def smile(detector):
    return detector.run(sample_sequences()["happiness"])


def of_au(result, au, frame=9):
    return next(found for found in result.explain(frame) if found.au == au)


def test_a_smile_is_explained_by_the_lip_corners(smile):
    found = of_au(smile, 12)
    assert found.reasons[0].part == "lip corners"
    assert found.reasons[0].change.value > 0
    assert found.probability == smile.probabilities[9, smile.aus.index(12)]
    assert "lip corners higher" in str(found)


def test_surprise_is_explained_by_the_brows_and_the_open_mouth(detector):
    surprise = detector.run(sample_sequences()["surprise"])
    assert of_au(surprise, 1).reasons[0].part == "inner brows"
    assert {"lower lip", "lip opening", "chin"} >= {r.part for r in of_au(surprise, 26).reasons[:2]}


def test_what_is_on_is_explained_and_nothing_else(smile):
    for frame in (0, 9):
        on = [au for au, is_on in zip(smile.aus, smile.active[frame], strict=True) if is_on]
        assert [found.au for found in smile.explain(frame)] == on


def test_shares_are_sorted_and_at_most_one(smile):
    for found in smile.explain(9):
        shares = [reason.share for reason in found.reasons]
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 1 + 1e-9


def test_explanations_are_the_same_every_time(smile):
    assert [str(a) for a in smile.explain(9)] == [str(a) for a in smile.explain(9)]


def test_rows_of_one_face_keep_their_evidence(smile):
    assert str(of_au(smile.face(0), 12)) == str(of_au(smile, 12))


def test_landmarks_alone_are_explained_without_furrows(detector, smile):
    result = detector.run(landmarks=smile.points, neutral="first")
    parts = {reason.part for found in result.explain(9) for reason in found.reasons}
    assert "lip corners" in parts
    assert not any("skin" in part or "fold" in part or "forehead" in part for part in parts)


def test_a_json_file_and_a_copy_in_another_process_can_be_explained(smile, tmp_path):
    smile.to_json(tmp_path / "smile.json")
    for copy in (read_result(tmp_path / "smile.json"), pickle.loads(pickle.dumps(smile))):
        assert copy.evidence.model is None
        assert of_au(copy, 12).reasons[0].part == "lip corners"
        shares = [r.share for r in of_au(copy, 12).reasons]
        np.testing.assert_allclose(shares, [r.share for r in of_au(smile, 12).reasons], atol=0.02)


@pytest.mark.parametrize("landmarks", ["ibug300w", "open"])
def test_a_json_file_is_explained_by_the_networks_of_its_landmark_model(landmarks, tmp_path):
    result = AUDetector(landmark_model=landmarks).run(sample_sequences()["happiness"])
    result.to_json(tmp_path / "smile.json")
    again = read_result(tmp_path / "smile.json")
    assert {a.au: a.probability for a in again.explain(9)} == pytest.approx(
        {a.au: a.probability for a in result.explain(9)}, abs=1e-5
    )
    assert 12 in {a.au for a in again.explain(9)}


def test_a_table_cannot_be_explained_and_says_so(smile, tmp_path):
    smile.to_csv(tmp_path / "smile.csv")
    write_settings(smile, tmp_path / "smile.settings.json")
    with pytest.raises(InputError, match="result must come from a detector or a JSON file"):
        read_result(tmp_path / "smile.csv").explain(9)


def test_another_model_is_refused(smile):
    other = pickle.loads(pickle.dumps(smile))
    other.settings["model_sha256"] = "0" * 64
    with pytest.raises(InputError, match=r"model must be the one that made the result .open"):
        other.explain(9)


def test_a_frame_that_is_not_there_is_named(smile):
    with pytest.raises(InputError, match="frame must be among 0 to 9 and show face 0, got 10"):
        smile.explain(10)


def test_a_frame_without_a_face_has_nothing_to_explain(detector):
    black = np.zeros((2, 64, 64, 1), np.uint8)
    assert detector.run(black).explain(1) == []
