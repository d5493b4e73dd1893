"""Edges of lips and lids: where the picture shows them, on one line where they meet."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect.simulation.camera import Camera
from au_detect.simulation.face.model import read_face_model
from au_detect.simulation.landmarks.points import N_POINTS, mirror_all
from au_detect.simulation.rendering.appearance import draw_appearance
from au_detect.simulation.rendering.openings import (
    LOWER_LIP,
    UPPER_LIP,
    as_seen,
    on_dark_lines,
)
from au_detect.simulation.rendering.outline import LandmarkAnchors, visible_points
from au_detect.simulation.rendering.surface import read_surface

DOWN = np.array([0.0, 1.0])
CAMERA = Camera(focal_px=800.0, center_px=(160.0, 160.0), distance_cm=75.0)
LIDS = ([37, 38, 43, 44], [41, 40, 47, 46])


def strips_of(*vertices):
    return ((np.array(vertices[0]), np.array(vertices[1])),) * 3


@pytest.mark.parametrize("tilt_deg", [0, 30])
def test_the_outermost_vertices_are_the_edges_of_open_lips(tilt_deg):
    angle = np.radians(tilt_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    upper, lower = [[5, 1], [5, 3], [5, 2]], [[5, 9], [5, 7], [5, 8]]
    pixels = np.array([*upper, *lower]) @ turn
    strips = strips_of([0, 1, 2], [3, 4, 5])
    points = np.tile([6.0, 4.0], (N_POINTS, 1)) @ turn
    seen = as_seen(points, strips, pixels, np.zeros(6), DOWN @ turn)
    np.testing.assert_allclose(seen[list(UPPER_LIP)] @ turn.T, [[6, 3]] * 3)
    np.testing.assert_allclose(seen[list(LOWER_LIP)] @ turn.T, [[6, 7]] * 3)


@pytest.mark.parametrize(
    ("lower_nearer_cm", "height"), [(0.0, 4.0), (0.15, 3.5), (1.0, 3.0), (-1.0, 5.0)]
)
def test_lips_that_pass_through_each_other_meet_on_the_nearer_ones_edge(lower_nearer_cm, height):
    pixels, depth = np.array([[2.0, 5.0], [4.0, 3.0]]), np.array([70.0, 70.0 - lower_nearer_cm])
    seen = as_seen(np.zeros((N_POINTS, 2)), strips_of([0], [1]), pixels, depth, 7 * DOWN)
    for lip in (UPPER_LIP, LOWER_LIP):
        np.testing.assert_allclose(seen[list(lip)], [[0.0, height]] * 3)


def test_lids_that_cross_meet_half_way_and_open_ones_stay():
    points = np.zeros((N_POINTS, 2))
    points[LIDS[0]], points[LIDS[1]] = (1.0, 8.0), (2.0, 6.0)
    points[[70, 73]] = [[3.0, 1.0], [4.0, 9.0]]
    seen = as_seen(points, strips_of([0], [0]), np.zeros((1, 2)), np.zeros(1), DOWN)
    np.testing.assert_allclose(seen[LIDS[0]], [[1.0, 7.0]] * 4)
    np.testing.assert_allclose(seen[LIDS[1]], [[2.0, 7.0]] * 4)
    np.testing.assert_allclose(seen[[70, 73]], points[[70, 73]])


def edges():
    """Return points of which those of a nose, of lids and of lips are in their places."""
    points = np.random.default_rng(0).uniform(0, 100, (N_POINTS, 2))
    points[27], points[33], points[31] = (50.0, 20.0), (50.0, 60.0), (42.0, 58.0)
    points[LIDS[0]], points[LIDS[1]] = (20.0, 20.0), (20.0, 30.0)
    points[[51, 62, 66, 57]] = [[50.0, 70.0], [50, 76], [50, 78], [50, 88]]
    points[49] = (40.0, 73.0)
    return points


def test_people_mark_dark_lines():
    marked = on_dark_lines(edges())
    np.testing.assert_allclose(marked[[33, 31]], [[50, 58.8], [42, 56.8]])
    np.testing.assert_allclose(marked[LIDS[0]], [[20, 21.2]] * 4)
    np.testing.assert_allclose(marked[LIDS[1]], [[20, 30]] * 4)
    np.testing.assert_allclose(marked[[51, 49, 57]], [[50, 70.6], [40, 73.3], [50, 89]])
    moved = np.flatnonzero((marked != edges()).any(axis=1))
    assert set(moved) & {*range(31), 36, 48, *range(60, 70), *range(82, N_POINTS)} == set()


def test_closed_lids_and_thin_lips_stay_where_they_are():
    points = edges()
    points[LIDS[1]] = points[LIDS[0]]
    points[51], points[57] = points[62], points[66]
    marked = on_dark_lines(points)
    np.testing.assert_array_equal(marked[36:60], points[36:60])


def test_dark_lines_move_and_turn_with_the_face_and_are_mirrored_with_it():
    turn = 1.7 * np.array([[0.8, 0.6], [-0.6, 0.8]])
    np.testing.assert_allclose(on_dark_lines(edges() @ turn + 9), on_dark_lines(edges()) @ turn + 9)
    mirrored = on_dark_lines(mirror_all(edges(), 200))
    np.testing.assert_allclose(mirrored, mirror_all(on_dark_lines(edges()), 200))
    np.testing.assert_allclose(on_dark_lines(np.stack(2 * [edges()]))[1], on_dark_lines(edges()))


@pytest.fixture(scope="module")
def surface(evaluation_data):
    return read_surface(read_face_model(evaluation_data / "face_model" / "ict_facekit.npz"))


@pytest.fixture(scope="module")
def anchors(surface):
    return LandmarkAnchors.of(surface, draw_appearance(np.random.default_rng(0)))


def gap_cm(surface, anchors, pitch_deg=0.0, **weights):
    """Return how far the inner lips are apart in a picture of the mean face, at three places."""
    expression = np.array(
        [weights.get(n.removesuffix("_L").removesuffix("_R"), 0.0)
         for n in surface.model.expression_names]
    )  # fmt: skip
    mesh = surface.model.vertices(np.zeros(surface.model.n_identity), expression)
    cos, sin = np.cos(np.radians(pitch_deg)), np.sin(np.radians(pitch_deg))
    turn = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    pixels, depth_cm = CAMERA.project(mesh, turn, np.zeros(3))
    points, _ = visible_points(anchors, pixels, depth_cm, np.array([1.0, 0.0]), DOWN)
    apart = points[list(LOWER_LIP)] - points[list(UPPER_LIP)]
    return apart[:, 1] / CAMERA.focal_px * (CAMERA.distance_cm - 11)


@pytest.mark.parametrize("pitch_deg", [-20, 0, 20])
@pytest.mark.parametrize(
    "shapes",
    [{}, {"mouthPress": 1.0}, {"mouthPucker": 1.0}, {"mouthShrugLower": 1.0}, {"mouthFrown": 1.0}],
)
def test_closed_lips_are_not_apart(surface, anchors, shapes, pitch_deg):
    assert np.all(gap_cm(surface, anchors, pitch_deg, **shapes) < 0.12)


def test_lips_part_as_far_as_the_jaw_drops(surface, anchors):
    gaps = np.array([gap_cm(surface, anchors, jawOpen=share).mean() for share in (0.1, 0.2, 0.4)])
    assert np.all(gaps > 0.1)
    np.testing.assert_allclose(gaps / gaps[1], [0.5, 1.0, 2.0], rtol=0.25)
