import dataclasses

import numpy as np
import pytest

from au_detect.datasets.augmentation import augmented_pairs, measured_pairs, mirrored
from au_detect.datasets.pose_range import pose_range_deg
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.features.extraction import LOWER_NAMES, UPPER_NAMES
from au_detect.features.furrows import FURROW_NAMES, N_FURROWS
from au_detect.landmarks import POINTS

N = 4


@pytest.fixture
def make(face_px):
    """Return a function that makes four sequences of two people whose mouth opens."""

    def make_sequences(pictures=True, **changes):
        rng = np.random.default_rng(0)
        neutral = face_px + rng.normal(0, 0.5, (N, 68, 2))
        points = neutral.copy()
        points[:, POINTS["lower_lip_top"], 1] += np.arange(N) * 10.0  # 0.1 IOD a step
        values = {
            "neutral_points": neutral.astype(np.float32),
            "points": points.astype(np.float32),
            "neutral_furrows": np.full((N, N_FURROWS), 0.25, np.float32) if pictures else None,
            "furrows": rng.random((N, N_FURROWS)).astype(np.float32) if pictures else None,
            "aus": (12, 25),
            "intensity": np.array([[0, 0], [0, 2], [1, 3], [np.nan, 4]], np.float32),
            "subject": np.array([3, 3, 8, 8]),
            "landmark_model": "made-up",
            "attributes": {"glasses": np.array([True, True, False, False])},
            "source": {"seed": 1},
        }
        return LabelledSequences(**values | changes)

    return make_sequences


def assert_same(one, other):
    for field in dataclasses.fields(LabelledSequences):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name == "attributes":
            assert a.keys() == b.keys()
            for name in a:
                np.testing.assert_array_equal(a[name], b[name])
        elif isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype
        else:
            assert a == b


@pytest.mark.parametrize("furrows", [True, False])
def test_save_and_load(tmp_path, make, furrows):
    sequences = make(furrows)
    sequences.save(tmp_path / "table.sequences")  # whatever the ending
    assert_same(LabelledSequences.load(tmp_path / "table.sequences"), sequences)


def test_names_of_people_survive(tmp_path, make):
    sequences = make(subject=np.array(["S1", "S1", "Ö", "Ö"]))
    sequences.save(str(tmp_path / "a.npz"))
    assert LabelledSequences.load(str(tmp_path / "a.npz")).subject.tolist() == [
        "S1",
        "S1",
        "Ö",
        "Ö",
    ]


def test_length_people_and_rows(make):
    sequences = make()
    assert len(sequences) == N
    assert sequences.n_subjects == 2
    chosen = sequences.rows(np.array([False, True, True, False]))
    np.testing.assert_array_equal(chosen.points, sequences.points[1:3])
    np.testing.assert_array_equal(chosen.furrows, sequences.furrows[1:3])
    assert chosen.subject.tolist() == [3, 8]
    assert chosen.attributes["glasses"].tolist() == [True, False]
    assert make(pictures=False).rows(np.array([0])).furrows is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": np.zeros((N, 67, 2))}, r"points must have shape \(4, 68, 2\), got"),
        ({"neutral_points": np.zeros((3, 68, 2))}, r"neutral_points must have shape \(4, 68, 2\)"),
        ({"intensity": np.zeros((N, 3))}, r"intensity must have shape \(4, 2\), got \(4, 3\)"),
        ({"subject": np.zeros(5)}, r"subject must have shape \(4,\), got \(5,\)"),
        ({"furrows": None}, "furrows and neutral_furrows must both be given or both be None"),
        ({"furrows": np.zeros((N, 2))}, r"furrows must have shape \(4, \d+\), got \(4, 2\)"),
    ],
)
def test_shapes_must_fit(make, changes, message):
    with pytest.raises(InputError, match=message):
        make(**changes)


def test_features_are_changes_against_the_own_neutral(make):
    features = make().features()
    assert features.upper_names == UPPER_NAMES
    assert features.lower_names == LOWER_NAMES
    assert features.uses_neutral
    assert not features.uses_furrows
    assert features.landmark_model == "made-up"
    np.testing.assert_array_equal(features.subject, [3, 3, 8, 8])
    moving = [not name.endswith(("pitch", "yaw", "_now")) for name in LOWER_NAMES]
    np.testing.assert_allclose(features.lower[0, moving], 0, atol=1e-5)  # apex is neutral
    opening = features.lower[:, LOWER_NAMES.index("lip_opening")]
    np.testing.assert_allclose(opening, np.arange(N) * 0.1, atol=0.02)


def test_without_neutral_the_neutral_pictures_do_not_matter(make):
    sequences = make()
    other = make(
        neutral_points=sequences.neutral_points * 1.1, neutral_furrows=sequences.furrows * 0
    )
    one, two = (s.features(uses_neutral=False, uses_furrows=True) for s in (sequences, other))
    np.testing.assert_array_equal(one.lower, two.lower)
    np.testing.assert_array_equal(one.upper, two.upper)
    assert not one.uses_neutral
    assert np.abs(one.lower[0]).max() > 0  # nobody is the mean face


def test_furrow_columns_come_after_the_geometry(make):
    plain, furrowed = make().features(), make().features(uses_furrows=True)
    for half in ("upper", "lower"):
        names, all_names = getattr(plain, f"{half}_names"), getattr(furrowed, f"{half}_names")
        assert all_names[: len(names)] == names
        assert len(all_names) > len(names)
        np.testing.assert_array_equal(
            getattr(furrowed, half)[:, : len(names)], getattr(plain, half)
        )


def test_furrows_that_were_not_measured_are_refused(make):
    with pytest.raises(InputError, match="furrows must be measured on pictures"):
        make(pictures=False).features(uses_furrows=True)


def test_mirrored_twice_is_what_it_was(make):
    sequences = make()
    once = mirrored(sequences)
    assert not np.array_equal(once.points, sequences.points)
    assert not np.array_equal(once.furrows, sequences.furrows)
    twice = mirrored(once)
    np.testing.assert_allclose(twice.points, sequences.points, atol=1e-3)
    np.testing.assert_array_equal(twice.furrows, sequences.furrows)
    np.testing.assert_array_equal(once.intensity, sequences.intensity)


def test_mirrored_features_exchange_left_and_right(make):
    features, other = make().features(), mirrored(make()).features()
    right, left = (LOWER_NAMES.index(f"{side}_lip_corner_motion") for side in ("right", "left"))
    np.testing.assert_allclose(other.lower[:, right], features.lower[:, left], atol=1e-4)
    width = LOWER_NAMES.index("lip_width")
    np.testing.assert_allclose(other.lower[:, width], features.lower[:, width], atol=1e-4)


def test_augmented_adds_other_neutrals_faces_at_rest_and_mirror_images(make):
    subject = make().subject  # each person has two sequences
    pairs = augmented_pairs(subject, random_state=3)
    assert len(pairs) == 6 * N
    rows, others = np.arange(N), [1, 0, 3, 2]
    np.testing.assert_array_equal(pairs.face, np.tile(rows, 6))
    np.testing.assert_array_equal(pairs.neutral, np.tile([*rows, *others, *others], 2))
    np.testing.assert_array_equal(pairs.at_rest, np.tile(np.repeat([0, 0, 1], N), 2))
    np.testing.assert_array_equal(pairs.mirrored, np.repeat([0, 1], 3 * N))
    np.testing.assert_array_equal(pairs.is_measured, np.arange(6 * N) < N)


def test_with_one_sequence_a_person_each_meets_its_own_neutral():
    pairs = augmented_pairs(np.arange(N))
    np.testing.assert_array_equal(pairs.neutral, np.tile(np.arange(N), 6))


def test_the_seed_chooses_the_other_neutrals():
    subject = np.zeros(N, dtype=int)
    one, same, other = (augmented_pairs(subject, seed).neutral for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_of_too_many_pairs_the_measured_ones_stay():
    pairs = augmented_pairs(np.repeat(np.arange(50), 2), max_pairs=250)
    assert len(pairs) == 250
    assert pairs.is_measured[:100].all()
    assert 40 < pairs.at_rest.sum() < 80  # a third of 150, by chance 60
    np.testing.assert_array_equal(measured_pairs(3).face, [0, 1, 2])


def test_pose_range_covers_the_faces(make):
    pitch, yaw, roll = pose_range_deg([make(), make(pictures=False)])
    assert 0 <= pitch <= 15  # they look at the camera
    assert 0 <= yaw <= 15
    assert roll == 45


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"missing\.npz must be a table of labelled sequences"):
        LabelledSequences.load(tmp_path / "missing.npz")


@pytest.mark.parametrize("content", [b"", b"not a table", b"PK\x03\x04 cut short"])
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"x\.npz must be a table of labelled sequences"):
        LabelledSequences.load(tmp_path / "x.npz")


def test_a_file_cut_short_is_refused(tmp_path, make):
    make().save(tmp_path / "x.npz")
    whole = (tmp_path / "x.npz").read_bytes()
    (tmp_path / "x.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"x\.npz must be a table of labelled sequences"):
        LabelledSequences.load(tmp_path / "x.npz")


@pytest.mark.parametrize("missing", ["points", "text", "aus", "subject"])
def test_files_that_lack_an_array_are_refused(tmp_path, make, missing):
    make().save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as data:
        arrays = {name: data[name] for name in data.files if name != missing}
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(InputError, match=r"x\.npz must be a table of labelled sequences"):
        LabelledSequences.load(tmp_path / "x.npz")


def test_pickles_are_refused(tmp_path, make):
    make().save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as data:
        arrays = {name: data[name] for name in data.files}
    np.savez(tmp_path / "x.npz", **arrays | {"subject": np.array([{}] * N, dtype=object)})
    with pytest.raises(InputError, match="labelled sequences: Object arrays cannot be loaded"):
        LabelledSequences.load(tmp_path / "x.npz")


def test_furrows_of_another_version_are_refused(tmp_path, make, monkeypatch):
    make().save(tmp_path / "x.npz")
    monkeypatch.setattr("au_detect.datasets.sequences.FURROW_NAMES", FURROW_NAMES[::-1])
    with pytest.raises(InputError, match="holds furrows of another version: measure them again"):
        LabelledSequences.load(tmp_path / "x.npz")


def test_only_the_last_row_of_each_sequence_is_the_apex(make):
    names = np.array(["a", "a", "a", "b"])  # of people 3, 3, 8, 8
    sequences = make(attributes={"name": names, "weight": np.array([0.2, 1, 1, 1])})
    np.testing.assert_array_equal(sequences.is_apex, [False, True, True, True])
    np.testing.assert_array_equal(make().is_apex, [True] * 4)
