import numpy as np

from au_detect.appearance.copies import changed_pictures, changed_sequences


def test_a_face_and_its_neutral_are_turned_and_mirrored_alike():
    rows = np.zeros((40, 48, 48, 2), dtype=np.float32)
    rows[:, 10:14, 8:12] = 200
    copies = changed_pictures(rows, 2, np.random.default_rng(0))
    weights = copies - copies.min(axis=(1, 2), keepdims=True)
    x = np.arange(48)
    middle = (weights.sum(axis=1) * x[:, None]).sum(axis=1) / weights.sum(axis=(1, 2))
    np.testing.assert_allclose(middle[:, 0], middle[:, 1], atol=0.6)
    assert 8 < (middle[:, 0] > 24).sum() < 32
    heights = copies.max(axis=(1, 2))
    assert not np.allclose(heights[:, 0], heights[:, 1])  # light of each picture


def test_flows_are_turned_with_the_picture():
    rows = np.zeros((60, 48, 48, 3), dtype=np.float32)
    rows[..., 1] = 1.0  # all to the right
    copies = changed_pictures(rows, 1, np.random.default_rng(1))[:, 24, 24, 1:]
    np.testing.assert_allclose(np.hypot(*copies.T), 1, atol=1e-4)
    angles = np.degrees(np.arctan2(copies[:, 1], np.abs(copies[:, 0])))
    assert set(np.round(angles)) == {-6, -3, 0, 3, 6}
    assert 15 < (copies[:, 0] < 0).sum() < 45  # mirrored


def test_frames_of_a_sequence_change_as_one():
    rows = np.full((3, 5, 48, 48, 1), 100, dtype=np.float32)
    rows[:, :, :, :24] = 10
    copies = changed_sequences(rows, np.random.default_rng(2))
    assert copies.shape == rows.shape
    left = copies[:, :, 24, 5, 0] > copies[:, :, 24, 42, 0]
    assert (left == left[:, :1]).all()
