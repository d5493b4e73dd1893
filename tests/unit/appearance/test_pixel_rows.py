import numpy as np
import pytest

from au_detect.appearance.grids import grid_rows
from au_detect.appearance.pixel_rows import at_rest, has_pixels, with_pixels
from au_detect.datasets.loading import load_labelled_sequences
from au_detect.errors import InputError
from au_detect.features.extraction import UPPER_FURROW_NAMES, UPPER_NAMES
from au_detect.paths import packaged_folder

KINDS = ("frame", "flow", "steps", "features")


@pytest.fixture(scope="module")
def sequences():
    found, _ = load_labelled_sequences(packaged_folder("data"), cache=False)
    return with_pixels(found.rows(np.arange(2)), KINDS, n_steps=3)


def test_pixels_are_of_the_labelled_and_the_neutral_face(sequences):
    assert has_pixels(sequences, KINDS)
    assert sequences.attributes["crop"].shape == (2, 96, 96)
    assert sequences.attributes["flow"].shape == (2, 20, 96, 96)
    steps = sequences.attributes["step_crop"]
    assert steps.shape == (2, 3, 96, 96)
    np.testing.assert_array_equal(steps[:, 0], sequences.attributes["neutral_crop"])
    np.testing.assert_array_equal(steps[:, -1], sequences.attributes["crop"])
    assert (steps[:, 1] != steps[:, 0]).any()
    assert np.abs(sequences.attributes["flow"]).max() > 3  # the face moves


def test_what_is_measured_on_the_way_ends_with_the_labelled_face(sequences):
    points = sequences.attributes["step_points"]
    np.testing.assert_array_equal(points[:, -1], sequences.points)
    np.testing.assert_array_equal(points[:, 0], sequences.neutral_points)
    rows, shape = grid_rows(sequences, "features", "upper", uses_neutral=True)
    assert shape == (3, len(UPPER_NAMES) + len(UPPER_FURROW_NAMES))
    steps = rows.reshape(2, *shape)
    still = [i for i, name in enumerate(UPPER_NAMES) if name.endswith(("_x", "_y"))]
    np.testing.assert_allclose(steps[:, 0, still], 0, atol=1e-6)
    last = sequences.features(uses_neutral=True, uses_furrows=True).upper
    np.testing.assert_allclose(steps[:, -1], last, rtol=1e-5)


def test_grids_hold_what_each_network_reads(sequences):
    rows, shape = grid_rows(sequences, "frame and flow", "lower", uses_neutral=True)
    assert shape == (48, 48, 22)
    grid = rows.reshape(2, *shape)
    np.testing.assert_array_equal(
        grid[..., 0], sequences.attributes["crop"][:, 40:88, 24:72].astype(np.float32)
    )
    assert grid[..., 2:].max() < 13
    assert grid_rows(sequences, "frames", None, uses_neutral=False)[1] == (3, 48, 48, 1)


def test_a_face_at_rest_is_compared_with_itself(sequences):
    rest = at_rest(sequences)
    assert len(rest) == sequences.n_subjects
    np.testing.assert_array_equal(rest.attributes["crop"], rest.attributes["neutral_crop"])
    assert (rest.attributes["flow"] == 0).all()
    steps = rest.attributes["step_points"]
    assert (steps == steps[:, :1]).all()
    assert np.nanmax(rest.intensity) == 0


def test_landmarks_alone_have_no_pixels(make_labelled):
    with pytest.raises(InputError, match="sequences must say where their pictures are"):
        with_pixels(make_labelled(), ("frame",))
