import cv2
import numpy as np
import pytest

from au_detect.appearance.flow import STEP_PX, face_ellipse, flow_stack
from au_detect.errors import InputError


def textured(side=96, seed=0):
    noise = np.random.default_rng(seed).normal(128, 60, (side, side))
    return cv2.GaussianBlur(noise, (0, 0), 2.5) * 3 - 256


def moving(shifts):
    picture = np.clip(textured(), 0, 255).astype(np.uint8)
    moved = []
    for down in shifts:
        matrix = np.array([[1, 0, 0], [0, 1, down]], dtype=float)
        lower = cv2.warpAffine(picture, matrix, (96, 96), borderMode=cv2.BORDER_REFLECT)
        frame = picture.copy()
        frame[48:] = lower[48:]
        moved.append(frame)
    return np.stack(moved)


def test_a_lower_half_that_moves_down_flows_down_against_the_upper():
    stack = flow_stack(moving(np.arange(11) * 1.0)).astype(float) * STEP_PX
    assert stack.shape == (20, 96, 96)
    chin, brow = (slice(62, 80), slice(35, 60)), (slice(16, 34), slice(35, 60))
    for ahead in range(5):
        down = stack[2 * ahead + 1]
        assert down[chin].mean() - down[brow].mean() == pytest.approx(1.0, abs=0.25)
    for back in range(5, 10):
        down = stack[2 * back + 1]
        assert down[chin].mean() - down[brow].mean() == pytest.approx(-1.0, abs=0.25)


def test_the_mean_is_taken_away_and_nothing_is_left_outside_the_face():
    stack = flow_stack(moving(np.arange(11) * 1.0)).astype(float) * STEP_PX
    mask = face_ellipse(96)
    assert np.abs(stack[:, mask].mean(axis=1)).max() < STEP_PX / 2
    assert (stack[:, ~mask] == 0).all()
    assert 0.3 < mask.mean() < 0.7


def test_nothing_moves_in_a_still_window():
    assert (flow_stack(np.repeat(moving([0]), 11, axis=0)) == 0).all()


def test_a_window_has_eleven_frames():
    with pytest.raises(InputError, match=r"window must have shape \(11, side, side\)"):
        flow_stack(np.zeros((10, 96, 96), dtype=np.uint8))
