"""Collections on disk become tables of measurements: the packaged samples, measured for real."""

import os
import shutil
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from au_detect.datasets.ckplus import read_ckplus
from au_detect.datasets.frame_files import read_landmarks
from au_detect.datasets.loading import load_labelled_sequences
from au_detect.datasets.measuring import measure_collection
from au_detect.datasets.sequence_table import read_sequence_table
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.facs import NETWORK_AUS
from au_detect.features.furrows import measure_furrows
from au_detect.frames.pictures import read_picture
from au_detect.landmarks.models import find_landmark_model
from au_detect.landmarks.points import interocular_distance_px
from au_detect.landmarks.tracking import FaceTracker
from au_detect.paths import packaged_folder

ATTRIBUTES = {"name", "picture", "neutral_picture", "emotion", "strengths", "weight"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return a cache folder that all tests of this module may fill and use."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def samples(kept):
    return load_labelled_sequences(packaged_folder("data"), cache=kept)[0]


@pytest.fixture
def two_people(tmp_path):
    """Return a copy of the first two sample sequences, with three frames each."""
    root = tmp_path / "collection"
    for subject in ("S001", "S002"):
        for folder in ("cohn-kanade-images", "FACS", "Emotion", "Landmarks"):
            place = f"{folder}/{subject}"
            shutil.copytree(packaged_folder("data") / place, root / place)
        for number in range(2, 9):
            picture = f"{subject}_001_{number:08d}.png"
            (root / "cohn-kanade-images" / subject / "001" / picture).unlink()
    return root


@pytest.fixture
def counted(monkeypatch):
    """Return a list that grows by one with every frame that is tracked in this process."""
    tracked, track = [], FaceTracker.track

    def count(self, image):
        tracked.append(image.shape)
        return track(self, image)

    monkeypatch.setattr(FaceTracker, "track", count)
    return tracked


def picture_of(root, subject, number):
    name = f"{subject}_001_{number:08d}.png"
    return root / "cohn-kanade-images" / subject / "001" / name


def assert_same(one, other):
    for name in ("neutral_points", "points", "neutral_furrows", "furrows", "intensity", "subject"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert one.attributes.keys() == other.attributes.keys()
    for name, values in one.attributes.items():
        np.testing.assert_array_equal(values, other.attributes[name], err_msg=name)
    assert one.landmark_model == other.landmark_model


def test_samples_have_a_row_for_each_sequence(samples):
    records = read_ckplus(packaged_folder("data")).records
    assert samples.aus == NETWORK_AUS
    assert samples.attributes.keys() == ATTRIBUTES
    assert samples.subject.tolist() == [record.subject for record in records]
    assert samples.attributes["name"].tolist() == [record.name for record in records]
    assert samples.attributes["emotion"].tolist() == [record.emotion for record in records]
    assert samples.attributes["picture"].tolist() == [str(r.frames[-1]) for r in records]
    assert samples.attributes["neutral_picture"].tolist() == [str(r.frames[0]) for r in records]
    assert samples.attributes["weight"].tolist() == [1.0] * len(records)
    for row, record in enumerate(records):
        np.testing.assert_array_equal(samples.intensity[row], record.intensity(NETWORK_AUS))


def test_points_are_where_the_landmarks_truly_are(samples):
    for row, record in enumerate(read_ckplus(packaged_folder("data")).records):
        for points, file in (
            (samples.neutral_points[row], record.landmarks[0]),
            (samples.points[row], record.landmarks[-1]),
        ):
            truth = read_landmarks(file)
            off = np.linalg.norm(points - truth, axis=1).mean() / interocular_distance_px(truth)
            assert off < 0.1


def test_a_row_is_what_detection_measures_on_its_picture(samples):
    image = read_picture(samples.attributes["picture"][0])
    (face,) = FaceTracker().track(image)
    np.testing.assert_array_equal(samples.points[0], face.points)
    np.testing.assert_array_equal(samples.furrows[0], measure_furrows(image, face.points))


def test_a_table_can_be_saved_and_its_features_taken(samples, tmp_path):
    samples.save(tmp_path / "samples.npz")
    loaded, collection = load_labelled_sequences(tmp_path / "samples.npz")
    assert collection is None
    assert_same(loaded, samples)
    assert np.isfinite(loaded.features(uses_furrows=True).upper).all()


def test_a_second_run_tracks_nothing(two_people, tmp_path, counted):
    first, _ = load_labelled_sequences(two_people, cache=tmp_path / "kept")
    assert len(counted) == 4  # neutral and apex of two sequences, and nothing in between
    counted.clear()
    second, _ = load_labelled_sequences(two_people, cache=tmp_path / "kept")
    assert counted == []
    assert_same(first, second)


@pytest.mark.slow
def test_a_second_run_takes_no_time(samples, kept):
    start = time.process_time()
    load_labelled_sequences(packaged_folder("data"), cache=kept)
    from_cache_s = time.process_time() - start  # of the processor: others may be busy
    start = time.process_time()
    load_labelled_sequences(packaged_folder("data"), cache=False)
    assert from_cache_s < (time.process_time() - start) / 2


def test_what_is_known_is_used_for_another_choice_of_frames(two_people, tmp_path, counted):
    load_labelled_sequences(two_people, cache=tmp_path / "kept")
    counted.clear()
    rows, _ = load_labelled_sequences(two_people, cache=tmp_path / "kept", frames="last3")
    assert len(counted) == 2  # of three frames the neutral and the last were known
    assert rows.attributes["name"].tolist() == ["S001_001"] * 2 + ["S002_001"] * 2


def test_only_the_changed_frame_is_measured_again(two_people, tmp_path, counted):
    first, _ = load_labelled_sequences(two_people, cache=tmp_path / "kept")
    counted.clear()
    changed = picture_of(two_people, "S001", 10)
    cv2.imwrite(str(changed), cv2.flip(read_picture(changed), 1))
    second, _ = load_labelled_sequences(two_people, cache=tmp_path / "kept")
    assert len(counted) == 1
    assert (first.points[0] != second.points[0]).any()
    np.testing.assert_array_equal(first.points[1], second.points[1])


def test_without_a_cache_nothing_is_kept(two_people, tmp_path, counted, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    for _ in range(2):
        load_labelled_sequences(two_people, cache=False)
    assert len(counted) == 8
    assert not list(tmp_path.glob("home/**/measurements"))


def test_a_damaged_cache_is_measured_again(two_people, tmp_path, counted):
    first, _ = load_labelled_sequences(two_people, cache=tmp_path / "kept")
    for path in (tmp_path / "kept").rglob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    counted.clear()
    assert_same(first, load_labelled_sequences(two_people, cache=tmp_path / "kept")[0])
    assert len(counted) == 4
    load_labelled_sequences(two_people, cache=tmp_path / "kept")
    assert len(counted) == 4


@pytest.mark.slow
def test_processes_give_the_same_rows(two_people, samples, tmp_path):
    rows, _ = load_labelled_sequences(two_people, cache=tmp_path / "kept", n_jobs=2)
    np.testing.assert_array_equal(rows.points, samples.points[:2])
    np.testing.assert_array_equal(rows.furrows, samples.furrows[:2])
    assert len(list((tmp_path / "kept").rglob("*.npz"))) == 2


def test_a_cache_that_cannot_be_written(two_people, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cache must be a folder that can be written"):
        load_labelled_sequences(two_people, cache=tmp_path / "file" / "x")
    monkeypatch.setattr(
        "au_detect.datasets.measured_frames.default_cache_folder", lambda: tmp_path / "file" / "x"
    )
    rows, collection = load_labelled_sequences(two_people)
    assert len(rows) == 2
    assert [problem.kind for problem in collection.problems] == ["no cache"]


def test_the_last_three_frames_have_the_labels_of_the_apex(kept):
    rows, _ = load_labelled_sequences(packaged_folder("data"), cache=kept, frames="last3")
    assert len(rows) == 21
    assert rows.attributes["weight"].tolist() == [1.0] * 21
    np.testing.assert_array_equal(rows.intensity[0], rows.intensity[2])
    assert [name[-6:] for name in rows.attributes["picture"][:3]] == ["08.png", "09.png", "10.png"]


@pytest.mark.slow
def test_all_frames_move_away_from_the_neutral_face(kept):
    rows, _ = load_labelled_sequences(packaged_folder("data"), cache=kept, frames="all-weighted")
    assert len(rows) == 63
    first = rows.attributes["name"] == "S001_001"
    np.testing.assert_allclose(rows.attributes["weight"][first], (np.arange(1, 10) / 9) ** 2)
    moved = np.linalg.norm(rows.points - rows.neutral_points, axis=2).mean(axis=1)
    for name in np.unique(rows.attributes["name"]):
        of_sequence = moved[rows.attributes["name"] == name]
        assert of_sequence[-1] > 2 * of_sequence[0]


def test_the_landmarks_of_the_collection_are_used_as_they_are(kept, counted):
    rows, collection = load_labelled_sequences(
        packaged_folder("data"), cache=kept, landmarks="ckplus"
    )
    assert counted == []
    assert rows.landmark_model == "ckplus"
    for row, record in enumerate(collection.records):
        np.testing.assert_array_equal(rows.points[row], read_landmarks(record.landmarks[-1]))
        np.testing.assert_array_equal(
            rows.neutral_furrows[row],
            measure_furrows(read_picture(record.frames[0]), rows.neutral_points[row]),
        )


def test_landmarks_of_another_picture_or_none_are_problems(two_people, kept, face_px):
    folder = two_people / "Landmarks"
    np.savetxt(folder / "S001" / "001" / "S001_001_00000010_landmarks.txt", face_px + 9000)
    (folder / "S002" / "001" / "S002_001_00000001_landmarks.txt").unlink()
    with pytest.raises(InputError, match="must hold a sequence that can be measured, got none"):
        load_labelled_sequences(two_people, cache=kept, landmarks="ckplus")
    shutil.copytree(two_people / "FACS" / "S001" / "001", two_people / "FACS" / "S001" / "002")
    for name in ("FACS", "Landmarks", "cohn-kanade-images"):
        source = packaged_folder("data") / name / "S003"
        shutil.copytree(source, two_people / name / "S003")
    rows, collection = load_labelled_sequences(two_people, cache=kept, landmarks="ckplus")
    assert rows.attributes["name"].tolist() == ["S003_001"]
    texts = [str(problem) for problem in collection.problems]
    assert any("must hold points inside the picture of 320 x 320 px" in text for text in texts)
    assert any("has no landmark file: its neutral face" in text for text in texts)


def test_frames_that_cannot_be_used_are_problems_and_the_rest_goes_on(two_people, tmp_path):
    picture_of(two_people, "S001", 10).write_bytes(
        picture_of(two_people, "S001", 9).read_bytes()[:99]
    )
    cv2.imwrite(str(picture_of(two_people, "S002", 9)), np.full((200, 200), 90, np.uint8))
    cache = tmp_path / "kept"
    rows, collection = load_labelled_sequences(two_people, cache=cache, frames="last3")
    assert [name[-15:] for name in rows.attributes["picture"]] == [
        "01_00000009.png", "01_00000010.png",
    ]  # fmt: skip
    found = {problem.kind: str(problem) for problem in collection.problems}
    assert "S001_001_00000010.png cannot be decoded" in found["unreadable frames"]
    assert "no face found in" in found["frames without a face"]
    assert all(text.endswith(": left out") for text in found.values())


def test_a_neutral_face_that_is_not_found_leaves_the_sequence_out(two_people, kept):
    cv2.imwrite(str(picture_of(two_people, "S001", 1)), np.full((200, 200), 90, np.uint8))
    rows, collection = load_labelled_sequences(two_people, cache=kept)
    assert rows.subject.tolist() == ["S002"]
    assert str(collection.problems[0]).endswith("its neutral face: sequence left out")


def write_video(path, pictures):
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 320))
    for picture in pictures:
        video.write(cv2.imread(str(picture)))
    video.release()


def test_tables_of_folders_pictures_and_videos(two_people, tmp_path, kept, samples):
    folder = two_people / "cohn-kanade-images" / "S001" / "001"
    pictures = sorted(folder.iterdir())
    write_video(two_people / "film.avi", pictures)
    first, last = (path.relative_to(two_people) for path in (pictures[0], pictures[-1]))
    (two_people / "sequences.csv").write_text(
        "path,subject,neutral,frame,aus,emotion\n"
        f"{folder.relative_to(two_people)},a,,,4:5 7,anger\n"
        f"{last},a,{first},,4:5 7,\n"
        "film.avi,a,,,4:5 7,\n"
        "film.avi,a,0,2,4:5 7,\n"
        f"film.avi,a,{first},1,12,\n"
        "film.avi,a,0,99,12,\n"
    )
    rows, collection = load_labelled_sequences(two_people, cache=kept)
    names = [str(folder.relative_to(two_people)), str(last), "film.avi", "film.avi#2", "film.avi#1"]
    assert rows.attributes["name"].tolist() == names
    np.testing.assert_array_equal(rows.points[:2], samples.points[[0, 0]])
    np.testing.assert_array_equal(rows.neutral_furrows[:2], samples.neutral_furrows[[0, 0]])
    np.testing.assert_array_equal(rows.points[2], rows.points[3])
    np.testing.assert_allclose(rows.points[2], samples.points[0], atol=3)  # JPEG
    assert rows.attributes["picture"][3] == f"{two_people / 'film.avi'}#2"
    assert rows.attributes["emotion"].tolist() == ["anger", "", "", "", ""]
    np.testing.assert_array_equal(rows.intensity[0, :3], [0, 0, 5])
    assert rows.source["collection"] == two_people.name  # not the path: it ends in a model
    (problem,) = collection.problems
    assert str(problem) == "film.avi#99: the video has only 3 frames: left out"


def test_a_video_is_measured_once_for_all_its_rows(tmp_path, counted):
    frames = sorted((packaged_folder("data") / "cohn-kanade-images" / "S006" / "001").iterdir())
    write_video(tmp_path / "film.avi", frames)
    table = tmp_path / "sequences.csv"
    rows = "".join(f"film.avi,a,{frame},{frame / 2:g}\n" for frame in range(1, 10))
    table.write_text("path,subject,frame,AU12\n" + rows)
    options = {"cache": tmp_path / "kept"}
    first, _ = measure_collection(read_sequence_table(table), **options)
    assert len(counted) == 10
    np.testing.assert_allclose(first.intensity[:, NETWORK_AUS.index(12)], np.arange(1, 10) / 2)
    assert np.isnan(first.intensity[:, NETWORK_AUS.index(25)]).all()
    counted.clear()
    second, _ = measure_collection(read_sequence_table(table), **options)
    assert_same(first, second)
    assert counted == []


def test_a_second_run_decodes_no_video(tmp_path, counted, monkeypatch):
    frames = sorted((packaged_folder("data") / "cohn-kanade-images" / "S006" / "001").iterdir())
    write_video(tmp_path / "film.avi", frames[::3])
    (tmp_path / "sequences.csv").write_text("path,subject,aus\nfilm.avi,a,1\n")
    collection = read_sequence_table(tmp_path / "sequences.csv")
    first, _ = measure_collection(collection, cache=tmp_path / "kept")
    counted.clear()
    monkeypatch.setattr("au_detect.frames.sources.open_video", None)
    second, _ = measure_collection(collection, cache=tmp_path / "kept")
    assert_same(first, second)
    assert counted == []


def test_large_groups_are_kept_in_parts(kept, tmp_path, samples, monkeypatch, counted):
    monkeypatch.setattr("au_detect.datasets.measuring.LARGEST_GROUP", 2)
    collection = read_ckplus(packaged_folder("data"))
    some = replace(collection, records=collection.records[:1])
    rows, _ = measure_collection(some, cache=tmp_path / "kept", frames="last3")
    assert len(list((tmp_path / "kept").rglob("*.npz"))) == 2
    np.testing.assert_array_equal(rows.points[-1], samples.points[0])
    counted.clear()
    again, _ = measure_collection(some, cache=tmp_path / "kept", frames="last3")
    assert counted == []
    assert_same(rows, again)


def test_another_landmark_model_under_the_same_name_is_measured_again(two_people, tmp_path):
    model, options = tmp_path / "model.tflite", {"cache": tmp_path / "kept"}
    for file in find_landmark_model("open").files:
        shutil.copy(file, tmp_path / file.name.replace("open", "model"))
    load_labelled_sequences(two_people, landmark_model=model, **options)
    model.write_bytes(b"no longer a model")
    with pytest.raises(InputError, match="landmark_model must be a landmark network"):
        load_labelled_sequences(two_people, landmark_model=model, **options)


def test_a_damaged_landmark_model_is_said_and_not_taken_for_a_damaged_picture(two_people, tmp_path):
    (tmp_path / "model.dat").write_bytes(b"not a model")
    for cache in (False, tmp_path / "kept"):
        with pytest.raises(InputError, match="landmark_model must be a dlib shape predictor"):
            load_labelled_sequences(two_people, cache=cache, landmark_model=tmp_path / "model.dat")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"landmarks": "mine"}, "landmarks must be one of 'dlib', 'ckplus', got 'mine'"),
        ({"frames": "every"}, "frames must be one of 'apex', 'last3', 'all-weighted'"),
        ({"landmark_model": "none.dat"}, "landmark_model must be a readable landmark model"),
    ],
)
def test_options_that_there_are_not(two_people, options, message):
    with pytest.raises(InputError, match=message):
        load_labelled_sequences(two_people, cache=False, **options)


@pytest.mark.slow
def test_a_rendered_collection_goes_the_same_way(tmp_path, evaluation_data):
    from au_detect.simulation.collections.ckplus_folders import write_collection

    model = evaluation_data / "face_model" / "ict_facekit.npz"
    n = write_collection(model, tmp_path / "rendered", 2, n_frames=2, size_px=200)
    collection = read_ckplus(tmp_path / "rendered")
    assert len(collection) == n == 2
    assert not [p for p in collection.problems if p.kind != "empty label files"]
    rows, after = measure_collection(collection, cache=False)
    assert len(rows) + sum(p.kind == "frames without a face" for p in after.problems) == 2


def test_simulated_tables_have_the_emotion_of_their_display(samples, tmp_path):
    table = LabelledSequences(
        **{
            name: getattr(samples, name)
            for name in (
                "neutral_points", "points", "neutral_furrows", "furrows", "aus", "intensity",
                "subject", "landmark_model",
            )
        },
        attributes={"display": np.array(["anger", "AU12"] + ["happiness"] * 5)},
    )  # fmt: skip
    table.save(tmp_path / "x.npz")
    loaded, _ = load_labelled_sequences(tmp_path / "x.npz")
    assert loaded.attributes["emotion"].tolist() == ["anger", ""] + ["happiness"] * 5


@pytest.mark.parametrize(
    ("name", "message"),
    [("none", "got nothing of that name"), ("x.png", "got another file"), (".", "cohn-kanade")],
)
def test_other_sources_are_refused(tmp_path, name, message):
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(InputError, match=message):
        load_labelled_sequences(tmp_path / name, cache=False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_picture_without_permission_is_a_problem(two_people, kept):
    picture_of(two_people, "S001", 10).chmod(0)
    rows, collection = load_labelled_sequences(two_people, cache=kept)
    assert rows.subject.tolist() == ["S002"]
    assert "cannot be read" in str(collection.problems[0])


def test_neutral_faces_out_of_several_frames_and_pictures_without_one(two_people, kept, tmp_path):
    places = [picture_of(two_people, s, n) for s in ("S001", "S002") for n in (1, 9, 10)]
    rows = [
        f"{os.path.relpath(place, tmp_path)},{place.name[:4]},auto,x,"
        for place in places
        if place.name.endswith("1.png") or place.name.endswith("9.png")
    ]
    lone = os.path.relpath(picture_of(two_people, "S001", 10), tmp_path)
    (tmp_path / "t.csv").write_text(
        "path,subject,neutral,AU12,AU25\n" + "\n".join([*rows, f"{lone},lone,none,x,0"]) + "\n"
    )
    sequences, collection = measure_collection(read_sequence_table(tmp_path / "t.csv"), cache=kept)
    assert not collection.problems
    np.testing.assert_array_equal(sequences.has_neutral, sequences.subject != "lone")
    for subject in ("S001", "S002"):
        chosen = sequences.attributes["neutral_picture"][sequences.subject == subject]
        assert len(set(chosen)) == 1
        assert chosen[0] in sequences.attributes["picture"]
    assert np.isfinite(sequences.features(uses_neutral=False).upper).all()
