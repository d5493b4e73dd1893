import numpy as np
import pytest

from au_detect.appearance.picture_files import (
    emotion_name,
    read_labelled_pictures,
    save_pictures,
)
from au_detect.appearance.pictures import LabelledPictures, seven_or_six, with_share
from au_detect.errors import InputError


def seven(n=70):
    emotions = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    images = np.zeros((n, 48, 48), dtype=np.uint8)
    images[:] = np.arange(n)[:, None, None]
    return LabelledPictures(images, np.arange(n) % 7, emotions)


def test_parts_are_stratified_and_share_no_picture():
    parts = seven(700).divided(random_state=1)
    assert {name: len(part) for name, part in parts.items()} == {
        "training": 560,
        "validation": 70,
        "test": 70,
    }
    assert set(parts["test"].shares().values()) == {10}
    other = seven(700).divided(random_state=2)
    assert not np.array_equal(parts["test"].images, other["test"].images)


def test_people_are_in_one_part_alone():
    subject = np.repeat(np.arange(35), 2)
    pictures = LabelledPictures(**vars(seven()) | {"subject": subject})
    people = [set(part.subject) for part in pictures.divided(0).values()]
    assert sum(map(len, people)) == 35
    assert len(set.union(*people)) == 35


def test_six_classes_count_disgust_as_anger():
    six = seven_or_six(seven(), 6)
    assert six.emotions == ("anger", "fear", "happiness", "sadness", "surprise", "neutral")
    assert six.shares()["anger"] == 20
    assert len(six) == 70
    with pytest.raises(InputError, match=r"classes must be 7, or 6 .* got 5"):
        seven_or_six(seven(), 5)


def test_emotions_that_a_network_does_not_know_are_left_out():
    chosen = seven().with_emotions(("neutral", "happiness"))
    assert chosen.shares() == {"neutral": 10, "happiness": 10}


def test_a_share_leaves_the_test_part_whole():
    fewer = with_share(seven(700), 0.5, random_state=0)
    assert np.array_equal(fewer.divided(0)["test"].images, seven(700).divided(0)["test"].images)
    assert 240 < len(fewer.divided(0)["training"]) < 320
    with pytest.raises(InputError, match=r"share must be in \(0, 1\], got 0"):
        with_share(seven(), 0, 0)


def test_read_fer2013_with_its_split(tmp_path):
    path = tmp_path / "fer2013.csv"
    pixels = " ".join(["7"] * 2304)
    lines = [
        f"{label},{pixels},{usage}"
        for label, usage in ((3, "Training"), (6, "PublicTest"), (0, "PrivateTest"))
    ]
    path.write_text("emotion,pixels,Usage\n" + "\n".join(lines) + "\n")
    pictures = read_labelled_pictures(path)
    assert [pictures.emotions[label] for label in pictures.labels] == [
        "happiness",
        "neutral",
        "anger",
    ]
    parts = pictures.divided(random_state=9)
    assert {name: len(part) for name, part in parts.items()} == dict.fromkeys(parts, 1)
    assert (pictures.images == 7).all()


def test_read_fer2013_says_which_line_is_wrong(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text("emotion,pixels,Usage\n3,1 2 3,Training\n")
    with pytest.raises(InputError, match="line 2 must hold 2304 values in 0-255, got 3, 1 to 3"):
        read_labelled_pictures(path)
    path.write_text(f"emotion,pixels,Usage\n3,{' '.join(['256'] * 2304)},Training\n")
    with pytest.raises(InputError, match=r"line 2 must hold .* got 2304, 256 to 256"):
        read_labelled_pictures(path)


def test_read_folders_of_emotions(tmp_path):
    import cv2

    for part, emotion, grey in (("train", "Happy", 9), ("train", "sad", 50), ("test", "sad", 90)):
        folder = tmp_path / part / emotion
        folder.mkdir(parents=True)
        cv2.imwrite(str(folder / "1.png"), np.full((96, 96), grey, dtype=np.uint8))
    pictures = read_labelled_pictures(tmp_path)
    assert pictures.emotions == ("happiness", "sadness")
    assert pictures.images.mean(axis=(1, 2)).tolist() == [90, 9, 50]
    assert pictures.part.tolist() == ["test", "validation", "training"]


def test_npz_survives(tmp_path):
    pictures = LabelledPictures(**vars(seven()) | {"subject": np.arange(70)})
    save_pictures(pictures, tmp_path / "some.npz")
    again = read_labelled_pictures(tmp_path / "some.npz")
    assert np.array_equal(again.images, pictures.images)
    assert np.array_equal(again.labels, pictures.labels)
    assert again.emotions == pictures.emotions
    assert np.array_equal(again.subject, pictures.subject)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "must be fer2013.csv, a folder .* got nothing of that name"),
        ("some.npz", "must hold images, labels and names"),
    ],
)
def test_other_data_are_refused(tmp_path, name, message):
    if name.endswith(".npz"):
        np.savez(tmp_path / name, images=np.zeros(3))
    with pytest.raises(InputError, match=message):
        read_labelled_pictures(tmp_path / name)


def test_bad_pictures_are_refused():
    images = np.zeros((2, 48, 48), dtype=np.uint8)
    with pytest.raises(InputError, match="labels must be below 2, got 2"):
        LabelledPictures(images, np.array([0, 2]), ("anger", "fear"))
    with pytest.raises(InputError, match="images must be uint8, got float64"):
        LabelledPictures(images.astype(float), np.array([0, 1]), ("anger", "fear"))


def test_names_of_emotions():
    assert [emotion_name(text) for text in ("Happy", " surprised ", "contempt")] == [
        "happiness",
        "surprise",
        "contempt",
    ]
