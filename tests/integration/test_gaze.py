"""Where rendered people look and where their heads are, from picture to result."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect import AUDetector, sample_sequences
from au_detect.errors import InputError
from au_detect.features.gaze import direction_angles
from au_detect.landmarks.pose import rotation_matrix
from au_detect.simulation.camera import Camera
from au_detect.simulation.face.model import read_face_model
from au_detect.simulation.rendering.appearance import draw_appearance
from au_detect.simulation.rendering.light import draw_light, draw_sensor
from au_detect.simulation.rendering.renderer import FaceRenderer

pytestmark = pytest.mark.slow

CAMERA = Camera(focal_px=800.0, center_px=(159.5, 159.5), distance_cm=75.0)


@pytest.fixture(scope="module")
def detector():
    return AUDetector(focal_px=800.0)


@pytest.fixture(scope="module")
def render(evaluation_data):
    """Return a function that renders a face whose eyes and head are turned."""
    model = read_face_model(evaluation_data / "face_model" / "ict_facekit.npz")
    renderer = FaceRenderer(model)
    person = replace(draw_appearance(np.random.default_rng(3)), glasses="none", hair="short")
    face = renderer.paint(person, model.neutral)

    def rendered(gaze_rad=(0.0, 0.0), yaw_deg=0.0, shift_cm=(0.0, 0.0, 0.0)):
        rng = np.random.default_rng(1)
        return renderer.render(
            face, model.neutral, CAMERA, draw_light(rng), draw_sensor(rng), rng,
            rotation=rotation_matrix(np.radians([0.0, yaw_deg, 0.0])),
            translation_cm=shift_cm, gaze_rad=gaze_rad,
        )  # fmt: skip

    return rendered


@pytest.mark.parametrize("yaw_deg", [0.0, 20.0])
def test_eyes_are_followed_to_both_sides(render, detector, yaw_deg):
    pictures = [render((turn, 0.0), yaw_deg) for turn in (-0.2, 0.2)]
    found = np.array([detector.run(picture.image).gaze[0] for picture in pictures])
    true = direction_angles(np.stack([picture.direction for picture in pictures]))
    assert np.degrees(np.abs(found - true)).max() < 12
    assert found[1, 0] - found[0, 0] > 0.7 * (true[1, 0] - true[0, 0])


def test_eyes_are_followed_up_and_down(render, detector):
    down, up = (detector.run(render((0.0, turn)).image).gaze[0] for turn in (-0.12, 0.12))
    assert np.degrees(down[1] - up[1]) > 8


def test_a_head_is_found_where_it_is(render, detector):
    middle, aside = (
        detector.run(render(shift_cm=shift).image).translation[0]
        for shift in ((0.0, 0.0, 0.0), (4.0, 0.0, 10.0))
    )
    # The head's origin is in its middle, the place that is found between eyes and nose.
    assert middle[2] == pytest.approx(650, abs=60)
    np.testing.assert_allclose((aside - middle)[[0, 2]], [40, 100], atol=20)


def test_a_longer_lens_puts_the_head_further_away():
    frames = sample_sequences()["happiness"]
    near, far = (AUDetector(focal_px=focal).run(frames) for focal in (500, 1000))
    np.testing.assert_allclose(far.translation[:, 2], 2 * near.translation[:, 2], rtol=1e-5)
    assert near.settings["focal_px"] == 500
    with pytest.raises(InputError, match="focal_px must be a positive number, got 0"):
        AUDetector(focal_px=0)


def test_landmarks_alone_tell_no_gaze():
    points = AUDetector().run(sample_sequences()["happiness"]).points
    alone = AUDetector().run(landmarks=points)
    assert np.isnan(alone.gaze).all()
    assert np.isnan(alone.translation).all()
    assert np.isfinite(alone.pose).all()
