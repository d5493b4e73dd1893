"""The edges of lips and lids as a picture shows them: apart, or on one line where they meet.

The mesh lets closed lips and lids pass through each other, and the model's landmarks of the inner
lips lie a little off the edge that is seen. A person marks what is seen.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from au_detect.landmarks import N_LANDMARKS
from au_detect.simulation.face.model import PARTS
from au_detect.simulation.rendering.surface import Surface

Points = NDArray[np.floating]

UPPER_LIP, LOWER_LIP = (61, 62, 63), (67, 66, 65)
"""Landmarks of the inner lips, of which those at the same place meet."""
_LIDS = (
    *((37, 41), (38, 40), (43, 47), (44, 46)),
    *((N_LANDMARKS + i, N_LANDMARKS + i + 3) for i in (2, 3, 4, 8, 9, 10)),
)
"""Upper and lower point of lids; the further points come last."""
_CORNERS = tuple((N_LANDMARKS + i, N_LANDMARKS + i + 2) for i in (14, 15))
"""The same of lips near the corners."""
_LIP_REACH_CM, _HALF_STRIP_CM, _INSIDE_CM = 1.2, 0.12, 0.25
_ON_LASHES, _ON_NOSE, _ON_LIPS = 0.12, 0.03, 0.1
"""How far edges' dark lines are from where they begin: parts of the opening of the eyes, of the
length of the nose, and of the height of either lip."""
_IN_FRONT_CM = 0.3
"""By how much one lip must be nearer to the camera for its edge alone to be seen."""

LipStrips = tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]
"""Vertices of upper and lower lip, at the places of `UPPER_LIP`."""


def lip_strips(surface: Surface, marks_x_cm: NDArray[np.floating]) -> LipStrips:
    """Return the strips of the lips, from the outside to a little inside, that cross a landmark.

    Parameters
    ----------
    surface : Surface
    marks_x_cm : ndarray, shape (68,)
        Where landmarks lie on the mesh, to the subject's left.
    """
    upper, lower = _lips(surface)
    x, _, z = surface.model.neutral[: PARTS["face"].stop].T
    strips = []
    for mark in UPPER_LIP:
        deepest_cm = z[surface.model.landmark_vertices[mark]] - _INSIDE_CM
        strip = (np.abs(x - marks_x_cm[mark]) < _HALF_STRIP_CM) & (z > deepest_cm)
        strips.append((np.flatnonzero(upper & strip), np.flatnonzero(lower & strip)))
    return tuple(strips)


@lru_cache(maxsize=1)
def _lips(surface: Surface) -> NDArray[np.bool_]:
    """Return which vertices of the face are on the upper and on the lower lip, (2, n_vertices).

    They are those within reach of the lip's middle along edges; all people share them.
    """
    n = PARTS["face"].stop
    triangles = surface.triangles[surface.triangles.max(axis=1) < n]
    first, second = (
        np.concatenate([triangles[:, corner] for corner in order])
        for order in ((0, 1, 2), (1, 2, 0))
    )
    # An edge is a side of two triangles, but lengths of the same entry would be added up.
    first, second = np.unique(np.sort([first, second], axis=0), axis=1)
    length = np.linalg.norm(surface.model.neutral[first] - surface.model.neutral[second], axis=1)
    edges = coo_array((length, (first, second)), shape=(n, n)).tocsr()
    middles = surface.model.landmark_vertices[[UPPER_LIP[1], LOWER_LIP[1]]]
    distance_cm = dijkstra(edges, directed=False, indices=middles, limit=_LIP_REACH_CM)
    return np.asarray(distance_cm < _LIP_REACH_CM)


def as_seen(
    points: Points,
    strips: LipStrips,
    pixels: Points,
    depth_cm: NDArray[np.floating],
    down: NDArray[np.floating],
) -> Points:
    """Return landmarks and further points with the edges of lips and lids where they are seen.

    Parameters
    ----------
    points : ndarray, shape (n_points, 2)
        The 68 landmarks and the further points, px.
    strips : LipStrips
    pixels : ndarray, shape (n_vertices, 2)
        The projected mesh.
    depth_cm : ndarray, shape (n_vertices,)
        How far its vertices are from the camera.
    down : ndarray, shape (2,)
        Where the head's y axis reversed points in the picture.
    """
    seen, down = points.copy(), down / np.linalg.norm(down)
    for upper, lower, (above, below) in zip(UPPER_LIP, LOWER_LIP, strips, strict=True):
        edge = above[np.argmax(pixels[above] @ down)], below[np.argmin(pixels[below] @ down)]
        nearer_cm = depth_cm[edge[0]] - depth_cm[edge[1]]
        pair = seen[[upper, lower]]
        pair += np.outer(((pixels[list(edge)] - pair) * down).sum(axis=1), down)
        share = np.clip(0.5 + nearer_cm / (2 * _IN_FRONT_CM), 0, 1)
        seen[[upper, lower]] = _apart_or_on_a_line(pair, down, share)
    for rows in map(list, (*_LIDS, *_CORNERS)):
        seen[rows] = _apart_or_on_a_line(seen[rows], down, 0.5)
    return seen


def on_dark_lines(points: Points) -> Points:
    """Move points from where edges begin to where people mark them: onto the edges' dark lines.

    In pictures an upper lid's edge is the line of its lashes, a nose ends in its shadow, and lips
    are outlined by the border of the red above and by the fold below.

    Parameters
    ----------
    points : ndarray, shape (..., n_points, 2)
        The 68 landmarks and the further points. The lids of closed eyes stay where they are.
    """
    marked = np.array(points)
    upper, lower = (list(lids) for lids in zip(*_LIDS, strict=True))
    marked[..., upper, :] += _ON_LASHES * (points[..., lower, :] - points[..., upper, :])
    to_root = points[..., 27, :] - points[..., 33, :]
    marked[..., 31:36, :] += _ON_NOSE * to_root[..., None, :]
    for outer, inner, way in ((51, 62, 1), (57, 66, -1)):
        down = way * _ON_LIPS * (points[..., inner, :] - points[..., outer, :])
        for beside, share in ((0, 1.0), (1, 1.0), (2, 0.5)):
            for place in {outer - beside, outer + beside}:
                marked[..., place, :] += share * down
    return marked


def _apart_or_on_a_line(pair: Points, down: NDArray[np.floating], share: float) -> Points:
    """Return an upper and a lower point (2, 2), moved to one height if the lower is above.

    It is `share` of the way from the upper to the lower point.
    """
    overlap = (pair[0] - pair[1]) @ down
    if overlap <= 0:
        return pair
    return pair + overlap * np.outer([-share, 1 - share], down)
