import re

import cv2
import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.features.furrows import (
    CHANNELS,
    FURROW_CROP,
    FURROW_NAMES,
    MIRROR_FURROWS,
    N_FURROWS,
    WINDOW_NAMES,
    furrow_windows,
    measure_furrows,
)
from au_detect.landmarks.points import POINTS, apply_affine, mirror

HEIGHT, WIDTH = 400, 420
GREY = 160


def measured(image, points):
    """Return furrows as channel -> window -> value."""
    values = measure_furrows(image, points)
    assert values.dtype == np.float32
    assert values.shape == (N_FURROWS,)
    rows = values.reshape(len(CHANNELS), len(WINDOW_NAMES))
    return {
        channel: dict(zip(WINDOW_NAMES, row, strict=True))
        for channel, row in zip(CHANNELS, rows, strict=True)
    }


def place(face_px, names, x_iod, y_iod):
    """Return x, y in pixels of the mean of the named points, moved by so many IOD (100 px)."""
    return face_px[[POINTS[name] for name in names]].mean(axis=0) + np.array([x_iod, y_iod]) * 100


def with_line(center, half_px, *, vertical=True):
    """Return a smooth face with one dark line."""
    image = np.full((HEIGHT, WIDTH), GREY, np.uint8)
    step = np.array([0, half_px] if vertical else [half_px, 0])
    first, last = (np.rint(center + sign * step).astype(int).tolist() for sign in (-1, 1))
    cv2.line(image, first, last, GREY // 3, 3)
    return image


@pytest.fixture
def lined_face(face_px):
    """A picture with soft light, furrows of several directions and some grain."""
    rng = np.random.default_rng(5)
    image = np.tile(np.linspace(110, 190, WIDTH), (HEIGHT, 1)).astype(np.float32)
    for _ in range(60):
        start = rng.uniform((60, 40), (340, 340))
        end = start + rng.uniform(-50, 50, 2)
        cv2.line(image, *(np.rint(p).astype(int).tolist() for p in (start, end)), 80.0, 4)
    image = cv2.GaussianBlur(image, (0, 0), 1.5) + rng.normal(0, 0.5, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def test_a_smooth_face_has_no_furrows(face_px):
    furrows = measured(np.full((HEIGHT, WIDTH), GREY, np.uint8), face_px)
    for channel in ("edges", "vertical_lines", "horizontal_lines", "contrast"):
        assert max(furrows[channel].values()) == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose([*furrows["brightness"].values()], 1.0, atol=1e-5)


def test_light_that_falls_off_slowly_makes_no_edges(face_px):
    image = np.tile(np.linspace(60, 220, WIDTH), (HEIGHT, 1)).astype(np.uint8)
    furrows = measured(image, face_px)
    assert max(furrows["edges"].values()) == 0.0
    assert furrows["brightness"]["left_crows_feet"] > furrows["brightness"]["right_crows_feet"]


def test_a_line_between_the_brows_is_a_glabella_furrow(face_px):
    center = place(face_px, ("right_brow_inner", "left_brow_inner"), 0.0, 0.0)
    furrows = measured(with_line(center, 8), face_px)
    glabella = {channel: furrows[channel].pop("glabella_furrows") for channel in CHANNELS}
    assert glabella["edges"] > 0.05
    assert glabella["vertical_lines"] > 3 * glabella["horizontal_lines"]
    assert glabella["brightness"] < 0.99
    assert max(furrows["edges"].values()) == 0.0
    assert (
        max(furrows["vertical_lines"].values()) < 0.05 * glabella["vertical_lines"]
    )  # of the local mean
    assert max(furrows["contrast"].values()) < 0.1 * glabella["contrast"]


def test_a_line_across_the_forehead_is_horizontal(face_px):
    center = place(face_px, ("right_brow_inner", "left_brow_inner"), 0.0, -0.30)
    furrows = measured(with_line(center, 15, vertical=False), face_px)
    vertical, horizontal = (
        furrows[f"{direction}_lines"]["forehead_inner_furrows"]
        for direction in ("vertical", "horizontal")
    )
    assert furrows["edges"]["forehead_inner_furrows"] > 0.05
    assert horizontal > 3 * vertical


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize(
    ("window", "anchor", "out_iod", "down_iod"),
    [
        ("crows_feet", ("eye_outer",), 0.15, 0.10),
        ("nasolabial_furrows", ("nostril", "lip_corner"), 0.11, -0.05),
        ("mouth_corner_furrows", ("lip_corner",), 0.10, 0.10),
    ],
)
def test_a_furrow_of_one_side_is_not_seen_on_the_other(
    face_px, side, window, anchor, out_iod, down_iod
):
    away = -out_iod if side == "right" else out_iod  # the subject's right is on the left
    center = place(face_px, [f"{side}_{point}" for point in anchor], away, down_iod)
    edges = measured(with_line(center, 4), face_px)["edges"]
    other = {"right": "left", "left": "right"}[side]
    assert edges[f"{side}_{window}"] > 0.03
    assert max(value for name, value in edges.items() if name.startswith(other)) == 0.0


def test_half_the_size_gives_the_same_densities(lined_face, face_px):
    # Pixel centres: pixel i of the small picture covers 2 i and 2 i + 1.
    small = cv2.resize(lined_face, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    large = measured(lined_face, face_px)
    half = measured(small, (face_px - 0.5) / 2)
    for channel, mean_change in (("edges", 0.1), ("vertical_lines", 0.1), ("brightness", 0.01)):
        before, after = (np.array([*f[channel].values()]) for f in (large, half))
        assert np.abs(after - before).mean() < mean_change * before.mean(), channel
    assert np.mean([*large["edges"].values()]) > 0.05


def test_a_large_picture_gives_the_same_densities(lined_face, face_px):
    large = cv2.resize(lined_face, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    before = np.array([*measured(lined_face, face_px)["edges"].values()])
    after = np.array([*measured(large, face_px * 4 + 1.5)["edges"].values()])
    assert np.abs(after - before).mean() < 0.1 * before.mean()


def test_a_face_that_tilts_has_the_same_densities(lined_face, face_px):
    matrix = cv2.getRotationMatrix2D((200.0, 190.0), 15.0, 1.0)
    tilted = cv2.warpAffine(lined_face, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    before = np.array([*measured(lined_face, face_px)["edges"].values()])
    after = np.array([*measured(tilted, apply_affine(matrix, face_px))["edges"].values()])
    assert np.abs(after - before).mean() < 0.1 * before.mean()


def test_half_the_light_leaves_the_edges_alone(lined_face, face_px):
    bright = measured(lined_face, face_px)
    dark = measured((lined_face * 0.5).astype(np.uint8), face_px)
    for channel, mean_change in (("edges", 0.1), ("vertical_lines", 0.1), ("brightness", 0.01)):
        before, after = (np.array([*f[channel].values()]) for f in (bright, dark))
        assert np.abs(after - before).mean() < mean_change * before.mean(), channel


def test_the_mirrored_picture_gives_mirrored_furrows(lined_face, face_px):
    points = face_px + np.random.default_rng(2).normal(0, 2, face_px.shape)
    furrows = measure_furrows(lined_face, points)
    flipped = np.ascontiguousarray(lined_face[:, ::-1])
    mirrored = measure_furrows(flipped, mirror(points, WIDTH))
    assert np.abs(furrows - furrows[MIRROR_FURROWS]).max() > 0.05
    np.testing.assert_allclose(mirrored[MIRROR_FURROWS], furrows, atol=2e-3)


def test_mirror_order_exchanges_names():
    names = np.array(FURROW_NAMES)
    exchanged = names[MIRROR_FURROWS]
    swap = {"right": "left", "left": "right"}
    for name, other in zip(names, exchanged, strict=True):
        side, _, rest = name.partition("_")
        assert other == (f"{swap[side]}_{rest}" if side in swap else name)
    assert len(set(names)) == N_FURROWS == len(CHANNELS) * len(WINDOW_NAMES)


def test_windows_follow_the_landmarks(face_px):
    points = apply_affine(FURROW_CROP.matrix(face_px), face_px)
    windows = dict(zip(WINDOW_NAMES, furrow_windows(points), strict=True))
    moved = points.copy()
    moved[POINTS["left_lip_corner"]] += (3.0, -5.0)
    after = dict(zip(WINDOW_NAMES, furrow_windows(moved), strict=True))
    for name in ("left_mouth_corner_furrows", "left_mentolabial_furrows"):
        np.testing.assert_allclose(after[name] - windows[name], (3, -5, 3, -5))
    np.testing.assert_allclose(
        after["left_nasolabial_furrows"] - windows["left_nasolabial_furrows"],
        (1.5, -2.5, 1.5, -2.5),
    )
    np.testing.assert_allclose(after["lips"] - windows["lips"], (1.5, -2.5, 1.5, -2.5))
    still = {n for n in WINDOW_NAMES if np.array_equal(after[n], windows[n])}
    assert len(still) == len(WINDOW_NAMES) - 4
    for left, top, right, bottom in windows.values():
        assert left < right
        assert top < bottom


@pytest.mark.parametrize("shift_px", [(-180, 0), (0, 200), (190, 190), (5000, 5000), (-900, -80)])
def test_a_face_at_the_border_or_outside_gives_finite_values(lined_face, face_px, shift_px):
    furrows = measure_furrows(lined_face, face_px + shift_px)
    assert np.isfinite(furrows).all()
    edges = furrows[: len(WINDOW_NAMES)]
    assert edges.min() >= 0.0
    assert edges.max() <= 1.0


@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_pictures_give_finite_values(face_px, level):
    assert np.isfinite(measure_furrows(np.full((HEIGHT, WIDTH), level, np.uint8), face_px)).all()


@pytest.mark.parametrize("iod_px", [6.0, 2000.0])
def test_tiny_and_huge_faces_give_finite_values(lined_face, mean_face, iod_px):
    points = mean_face[:, :2] * iod_px + (200, 190)
    assert np.isfinite(measure_furrows(lined_face, points)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_points_that_are_not_finite_are_refused(lined_face, face_px, value):
    face_px[40, 1] = value
    with pytest.raises(InputError, match="points must be finite to place furrow windows, got NaN"):
        measure_furrows(lined_face, face_px)


def test_points_of_another_shape_are_refused(lined_face, face_px):
    with pytest.raises(InputError, match=re.escape("points must have shape (68, 2), got (67, 2)")):
        measure_furrows(lined_face, face_px[:67])


def test_a_color_picture_is_refused(lined_face, face_px):
    message = "image must have shape (height, width), got (400, 420, 3)"
    with pytest.raises(InputError, match=re.escape(message)):
        measure_furrows(np.dstack([lined_face] * 3), face_px)
