import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.landmarks.points import STABLE_POINTS
from au_detect.simulation.collections.landmark_error import (
    LandmarkErrorModel,
    fit_landmark_error,
    load_landmark_error,
    registered,
)

N = 600
IOD_PX = 100.0


@pytest.fixture
def faces(mean_face):
    """Return true landmarks (neutral, apex) in pixels: people differ, and their mouths move."""
    rng = np.random.default_rng(0)
    mean = mean_face[:, :2]
    moving = np.ones(68, bool)
    moving[STABLE_POINTS] = False
    person = rng.normal(0, 0.05, (N, 68, 2)) * moving[:, None]
    motion = rng.normal(0, 0.05, (N, 68, 2)) * moving[:, None]
    return IOD_PX * (mean + person), IOD_PX * (mean + person + motion)


def noise(size_iod, seed, shared=False):
    """Return residuals (2, n, 68, 2) in pixels of points that registration does not use."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, size_iod * IOD_PX, (2, N, 68, 2))
    values[:, :, STABLE_POINTS] = 0
    return np.stack([values[0], values[0]]) if shared else values


def test_registered_shapes_lie_on_the_mean_face_in_iod(mean_face):
    turned = np.array([[0.0, -1.0], [1.0, 0.0]])
    points = 37.0 * mean_face[None, :, :2] @ turned.T + (100, 50)
    np.testing.assert_allclose(registered(points)[0], mean_face[:, :2], atol=1e-9)


def test_registered_refuses_other_shapes():
    with pytest.raises(InputError, match=r"points must have shape \(n, 68, 2\), got \(68, 2\)"):
        registered(np.zeros((68, 2)))


def test_a_shrinking_predictor_has_its_gain_measured(faces, mean_face):
    center = IOD_PX * mean_face[:, :2]
    seen = tuple(center + 0.6 * (points - center) for points in faces)
    model = fit_landmark_error(faces, seen, "shrinking")
    moving = [i for i in range(68) if i not in set(np.asarray(STABLE_POINTS).tolist())]
    gain = np.diag(model.gain).reshape(68, 2)[moving]
    np.testing.assert_allclose(gain, 0.6, atol=0.02)
    assert model.landmark_model == "shrinking"


def test_a_perfect_predictor_has_no_residual(faces):
    model = fit_landmark_error(faces, faces, "perfect")
    assert np.abs(model.person_modes).max() < 0.005
    assert np.abs(model.picture_modes).max() < 0.005
    neutral, apex = model.distort(*faces, np.random.default_rng(0))
    np.testing.assert_allclose(apex - neutral, faces[1] - faces[0], atol=1.0)


@pytest.mark.parametrize("shared", [True, False])
def test_residuals_are_told_apart_by_whether_the_person_keeps_them(faces, shared):
    errors = noise(0.03, 1, shared)
    model = fit_landmark_error(faces, (faces[0] + errors[0], faces[1] + errors[1]), "noisy")
    person, picture = (np.sum(m**2) for m in (model.person_modes, model.picture_modes))
    stronger, weaker = (person, picture) if shared else (picture, person)
    assert stronger > 5 * weaker


def test_distorted_faces_scatter_as_the_predictor_does(faces):
    rng = np.random.default_rng(4)
    pattern = rng.normal(0, 1, (68, 2))
    pattern[STABLE_POINTS] = 0
    weights = rng.normal(0, 2.0, (2, N, 1, 1))  # one mode, 2 px
    seen = tuple(points + w * pattern for points, w in zip(faces, weights, strict=True))
    model = fit_landmark_error(faces, seen, "one mode")
    drawn = model.distort(*faces, np.random.default_rng(5))
    expected = np.std((seen[1] - seen[0]) - (faces[1] - faces[0]), axis=0)
    got = np.std((drawn[1] - drawn[0]) - (faces[1] - faces[0]), axis=0)
    strong = np.abs(pattern) > 0.5
    np.testing.assert_allclose(got[strong], expected[strong], rtol=0.2)


def test_the_generator_decides_the_draw(faces):
    model = fit_landmark_error(faces, (faces[0] + noise(0.02, 1)[0], faces[1]), "noisy")
    pair = faces[0][:5], faces[1][:5]
    one, same, other = (model.distort(*pair, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one[0], same[0])
    assert not np.array_equal(one[0], other[0])


def test_save_and_load(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    model = LandmarkErrorModel(
        "mine", rng.random((136, 136)), rng.random(136), rng.random((3, 136)), rng.random((4, 136))
    )
    (tmp_path / "landmark_error").mkdir()
    model.save(tmp_path / "landmark_error" / "mine.npz")
    monkeypatch.setattr(
        "au_detect.simulation.collections.landmark_error.packaged_folder", lambda kind: tmp_path
    )
    loaded = load_landmark_error("mine")
    assert loaded.landmark_model == "mine"
    for name in ("gain", "offset", "person_modes", "picture_modes"):
        np.testing.assert_allclose(getattr(loaded, name), getattr(model, name), rtol=1e-6)


def test_the_shipped_model_keeps_a_face_a_face(faces):
    model = load_landmark_error()
    assert model.landmark_model == "open"
    assert model.gain.shape == (136, 136)
    for seen, true in zip(
        model.distort(faces[0][:200], faces[1][:200], np.random.default_rng(0)), faces, strict=True
    ):
        assert np.isfinite(seen).all()
        offset_iod = registered(seen).mean(axis=0) - registered(true[:200]).mean(axis=0)
        assert np.linalg.norm(offset_iod, axis=1).max() < 0.3


def test_an_unknown_landmark_model_is_named():
    with pytest.raises(InputError, match=r"nobody\.npz must hold the error model of nobody"):
        load_landmark_error("nobody")
