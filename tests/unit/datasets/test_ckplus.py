import math

import numpy as np
import pytest

from au_detect.datasets.ckplus import EMOTIONS, read_ckplus, read_emotion
from au_detect.datasets.labelled_features import PRESENT
from au_detect.errors import InputError

FACS = "   1.2000000e+01   4.0000000e+00\n\n   2.5000000e+01   0.0000000e+00\n"
LANDMARKS = "   1.0000000e+01   2.0000000e+01\n" * 68


def add_sequence(
    root, subject, number, facs=FACS, emotion="   5.0000000e+00\n", n_frames=3, landmarks=False
):
    """Write a sequence as CK+ has it; `facs` or `emotion` None leaves the file out."""
    place = f"{subject}/{number}"
    stem = f"{subject}_{number}_{n_frames:08d}"
    for folder in ("cohn-kanade-images", "FACS", "Emotion", "Landmarks"):
        (root / folder / place).mkdir(parents=True)
    for frame in range(1, n_frames + 1):
        name = f"{subject}_{number}_{frame:08d}"
        (root / "cohn-kanade-images" / place / f"{name}.png").write_bytes(b"")
        if landmarks:
            (root / "Landmarks" / place / f"{name}_landmarks.txt").write_text(LANDMARKS)
    if facs is not None:
        (root / "FACS" / place / f"{stem}_facs.txt").write_text(facs, encoding="utf-8")
    if emotion is not None:
        (root / "Emotion" / place / f"{stem}_emotion.txt").write_text(emotion)
    if not landmarks:
        (root / "Landmarks" / place).rmdir()


def read_one(root):
    """Return the only record of a collection."""
    (record,) = read_ckplus(root).records
    return record


def problems(root, kind):
    """Return the texts of the problems of one kind."""
    return [str(p) for p in read_ckplus(root).problems if p.kind == kind]


@pytest.fixture
def ckplus(tmp_path):
    """Return a folder with one whole sequence of three frames, and nothing to complain of."""
    add_sequence(tmp_path, "S005", "001", landmarks=True)
    assert read_ckplus(tmp_path).problems == ()
    return tmp_path


def test_a_sequence_has_its_frames_labels_and_landmarks(ckplus):
    record = read_one(ckplus)
    assert record.folder == ckplus / "cohn-kanade-images" / "S005" / "001"
    assert [path.name for path in record.frames] == [
        f"S005_001_{frame:08d}.png" for frame in (1, 2, 3)
    ]
    assert (record.name, record.subject) == ("S005_001", "S005")
    assert record.aus.keys() == {12, 25}
    assert record.aus[12] == 4.0
    assert math.isnan(record.aus[25])  # CK+'s 0: there, but nobody said how strongly
    assert record.emotion == "happiness"
    assert (record.neutral, record.apex) == (0, None)
    assert [path.name for path in record.landmarks] == [
        f"S005_001_{frame:08d}_landmarks.txt" for frame in (1, 2, 3)
    ]


def test_intensities_of_aus_that_are_not_listed_are_absent(ckplus):
    np.testing.assert_array_equal(read_one(ckplus).intensity([4, 12, 25]), [0, 4, PRESENT])


def test_sequences_are_ordered_by_subject_and_number(tmp_path):
    for subject, number in (("S010", "002"), ("S005", "001"), ("S010", "001")):
        add_sequence(tmp_path, subject, number)
    names = [record.name for record in read_ckplus(tmp_path).records]
    assert names == ["S005_001", "S010_001", "S010_002"]


def test_frames_are_in_natural_order(tmp_path):
    add_sequence(tmp_path, "S005", "001", n_frames=3)
    folder = tmp_path / "cohn-kanade-images" / "S005" / "001"
    for frame in (1, 2, 3):
        old = folder / f"S005_001_{frame:08d}.png"
        old.rename(folder / f"S005_001_{frame * 5}.png")
    label = tmp_path / "FACS" / "S005" / "001" / "S005_001_00000003_facs.txt"
    label.rename(label.with_name("S005_001_15_facs.txt"))
    assert [p.stem[9:] for p in read_one(tmp_path).frames] == ["5", "10", "15"]


RENAMED = {
    "cohn-kanade-images": "extended-cohn-kanade-images/cohn-kanade-images",
    "FACS": "FACS_labels/FACS",
    "Emotion": "Emotion_labels/Emotion",
    "Landmarks": "Landmarks/Landmarks",
}


@pytest.mark.parametrize("name", RENAMED)
def test_folders_may_be_called_as_in_the_archives(ckplus, name):
    expected = read_one(ckplus)
    (ckplus / name).rename(ckplus / "moved")
    (ckplus / RENAMED[name]).parent.mkdir()
    (ckplus / "moved").rename(ckplus / RENAMED[name])
    collection = read_ckplus(ckplus)
    assert collection.problems == ()
    (record,) = collection.records
    assert record.name == expected.name
    assert record.emotion == expected.emotion
    assert len(record.frames) == len(record.landmarks) == 3


def test_everything_may_be_one_folder_deeper(tmp_path):
    add_sequence(tmp_path / "CK+", "S005", "001")
    assert read_one(tmp_path).name == "S005_001"


@pytest.mark.parametrize("place", ["", "S005", "S005/001"])
def test_files_of_the_system_do_not_matter(ckplus, place):
    for folder in ("cohn-kanade-images", "FACS", "Emotion", "Landmarks"):
        for name in (".DS_Store", "._S005_001_00000009.png", "._x_facs.txt", "Thumbs.db"):
            (ckplus / folder / place / name).write_bytes(b"\0")
    collection = read_ckplus(str(ckplus))
    assert collection.problems == ()
    assert len(collection) == 1
    assert len(collection.records[0].frames) == 3


def test_a_missing_emotion_is_no_problem(tmp_path):
    add_sequence(tmp_path, "S005", "001", emotion=None)  # its folder is there, and empty
    assert read_one(tmp_path).emotion == ""
    assert not problems(tmp_path, "damaged emotions")


@pytest.mark.parametrize("name", ["FACS", "Emotion"])
def test_a_missing_folder_is_said_once(tmp_path, name):
    for number in ("001", "002"):
        add_sequence(tmp_path, "S005", number, landmarks=True)
    (tmp_path / name).rename(tmp_path / "elsewhere")
    collection = read_ckplus(tmp_path)
    assert [str(p) for p in collection.problems] == [f"{tmp_path}: there is no folder {name}"]
    assert len(collection) == (0 if name == "FACS" else 2)


def test_frames_without_labels_are_left_out_and_named(ckplus):
    add_sequence(ckplus, "S005", "002", facs=None, landmarks=True)
    assert read_one(ckplus).name == "S005_001"
    assert problems(ckplus, "frames without labels") == ["S005_002: no FACS file: left out"]


def test_labels_without_frames_are_named(ckplus):
    for folder, ending in (("FACS", "facs"), ("Emotion", "emotion")):
        place = ckplus / folder / "S006" / "001"
        place.mkdir(parents=True)
        (place / f"S006_001_00000009_{ending}.txt").write_text("1 1\n")
    assert read_one(ckplus).name == "S005_001"
    found = problems(ckplus, "labels without frames")
    assert len(found) == 2
    assert all("S006/001: there are no frames" in text for text in found)


def test_a_folder_without_pictures_is_named(ckplus):
    (ckplus / "cohn-kanade-images" / "S007" / "001").mkdir(parents=True)
    assert problems(ckplus, "no frames") == ["S007_001: no pictures in its folder: left out"]


def test_one_frame_is_not_enough(tmp_path):
    add_sequence(tmp_path, "S005", "001", n_frames=1)
    assert len(read_ckplus(tmp_path)) == 0
    assert len(problems(tmp_path, "too few frames")) == 1


def test_a_face_at_rest_has_an_empty_facs_file(tmp_path):
    add_sequence(tmp_path, "S005", "001", facs="\n")
    assert read_one(tmp_path).aus == {}
    assert "taken as a face at rest" in problems(tmp_path, "empty label files")[0]


def test_frames_after_the_labelled_one_are_not_used(ckplus):
    folder = ckplus / "cohn-kanade-images" / "S005" / "001"
    for frame in (4, 5):
        (folder / f"S005_001_{frame:08d}.png").write_bytes(b"")
    assert len(read_one(ckplus).frames) == 3
    (text,) = problems(ckplus, "frames after the peak")
    assert text == "S005_001: 2 after S005_001_00000003: not used"


def test_without_the_labelled_frame_nothing_shows_the_peak(ckplus):
    (ckplus / "cohn-kanade-images" / "S005" / "001" / "S005_001_00000003.png").unlink()
    assert len(read_ckplus(ckplus)) == 0
    (text,) = problems(ckplus, "labelled frame missing")
    assert "S005_001_00000003_facs.txt has no such frame: left out" in text


def test_missing_landmark_files_are_counted(ckplus):
    (ckplus / "Landmarks" / "S005" / "001" / "S005_001_00000002_landmarks.txt").unlink()
    assert [path is None for path in read_one(ckplus).landmarks] == [False, True, False]
    (text,) = problems(ckplus, "missing landmarks")
    assert text == "S005_001: 1 of 3 frames have no landmark file"


@pytest.mark.parametrize(("number", "name"), EMOTIONS.items())
def test_emotions_have_the_numbers_of_ck_plus(tmp_path, number, name):
    add_sequence(tmp_path, "S005", "001", emotion=f"   {number:.7e}\n")
    assert read_one(tmp_path).emotion == name
    assert read_emotion(name.upper()) == name


@pytest.mark.parametrize("text", ["", "happy", "8", "-1", "nan", "inf", "5 6", "5.5", "\0"])
def test_a_damaged_emotion_is_unknown_and_named(tmp_path, text):
    add_sequence(tmp_path, "S005", "001", emotion=text)
    assert read_one(tmp_path).emotion == ""
    (problem,) = problems(tmp_path, "damaged emotions")
    assert "S005_001_00000003_emotion.txt: " in problem


@pytest.mark.parametrize(
    "line",
    ["12", "12 4 1", "smile 4", "12.5 4", "0 4", "-1 4", "nan 4", "inf 4", "12 6", "12 nan",
     "12 é", "1.2000000e+01   4.00e", "1e999 2", "12 -1"],
)  # fmt: skip
def test_a_sequence_with_damaged_labels_is_left_out_and_the_rest_goes_on(tmp_path, line):
    add_sequence(tmp_path, "S005", "001", facs=f"4 3\n{line}\n")
    add_sequence(tmp_path, "S006", "001")
    assert read_one(tmp_path).name == "S006_001"
    (problem,) = problems(tmp_path, "damaged labels")
    assert "S005_001_00000003_facs.txt: " in problem
    assert problem.endswith(": left out")


def test_aus_beyond_the_list_are_kept_and_named(tmp_path):
    add_sequence(tmp_path, "S005", "001", facs="12 3\n31 0\n64.0 2\n6.1e+01 2\n")
    assert read_one(tmp_path).aus.keys() == {12, 31, 61, 64}
    (text,) = problems(tmp_path, "unknown AUs")
    assert "AU31, AU61, AU64 not among those that can be detected" in text


def test_one_sided_and_duplicate_aus_are_read_and_named(tmp_path):
    add_sequence(tmp_path, "S005", "001", facs="L14 2\nR12 1\nL12 3\n4 2\n4 0\n")
    record = read_one(tmp_path)
    assert record.aus == {14: 2.0, 12: 3.0, 4: 2.0}
    halves = record.strengths([4, 12, 14, 25])
    np.testing.assert_array_equal(halves, [[np.nan, np.nan], [1, 3], [0, 2], [0, 0]])
    assert "AU14 coded for one side" in problems(tmp_path, "one-sided AUs")[0]
    assert "AU4 more than once" in problems(tmp_path, "duplicate AUs")[0]


@pytest.mark.parametrize("folder", ["FACS", "Emotion"])
def test_of_several_label_files_the_last_is_taken(ckplus, folder):
    place = ckplus / folder / "S005" / "001"
    ending = "facs" if folder == "FACS" else "emotion"
    (place / f"S005_001_00000002_{ending}.txt").write_text("1 1\n")
    record = read_one(ckplus)
    assert record.aus.keys() == {12, 25}
    assert record.emotion == "happiness"
    assert len(problems(ckplus, "several label files")) == 1


@pytest.mark.parametrize("place", ["missing", "."])
def test_another_folder_is_refused(tmp_path, place):
    with pytest.raises(InputError, match="must hold the folder cohn-kanade-images, but it does"):
        read_ckplus(tmp_path / place)
