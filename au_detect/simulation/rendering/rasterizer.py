"""A small z-buffer rasteriser, compiled by numba: triangles to pixels, normals and shadows.

Coordinates are camera axes (x right, y down, z away) for points and pixels for the picture.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, fastmath=True, nogil=True)
def _opaque(
    mask: NDArray[np.float32], uvs: NDArray[np.float32], wa: float, wb: float, wc: float
) -> bool:
    """Return whether a mask is at least 0.5 at the weighted mean of a triangle's corners."""
    u = wa * uvs[0, 0] + wb * uvs[1, 0] + wc * uvs[2, 0]
    v = wa * uvs[0, 1] + wb * uvs[1, 1] + wc * uvs[2, 1]
    return bool(mask[int(v * len(mask)), int(u * len(mask))] >= 0.5)


@njit(cache=True, fastmath=True, nogil=True)
def rasterize(
    pixels: NDArray[np.float32],
    depth: NDArray[np.float32],
    triangles: NDArray[np.int32],
    two_sided: NDArray[np.bool_],
    cutout: NDArray[np.int8],
    corner_uvs: NDArray[np.float32],
    masks: NDArray[np.float32],
    nearest: NDArray[np.float32],
    owner: NDArray[np.int32],
) -> None:
    """Write the nearest triangle of every pixel into `owner` and its depth into `nearest`.

    Parameters
    ----------
    pixels : ndarray of float32, shape (n_vertices, 2)
        x and y of the vertices in the picture.
    depth : ndarray of float32, shape (n_vertices,)
        Distance along the camera's axis; triangles with a vertex nearer than 0.1 are skipped.
    triangles : ndarray of int32, shape (n_triangles, 3)
        Corner vertices, clockwise in the picture when seen from outside.
    two_sided : ndarray of bool, shape (n_triangles,)
        Whether a triangle is drawn when it faces away.
    cutout : ndarray of int8, shape (n_triangles,)
        Layer of `masks` whose value below 0.5 makes a pixel transparent, or -1.
    corner_uvs : ndarray of float32, shape (n_triangles, 3, 2)
        Texture coordinates in [0, 1] for `masks`.
    masks : ndarray of float32, shape (n_layers, size, size)
        Cutout masks, rows along v.
    nearest : ndarray of float32, shape (height, width)
        Depth buffer, filled with infinity before the first call.
    owner : ndarray of int32, shape (height, width)
        Index of the visible triangle; left as it is where none is.
    """
    height, width = nearest.shape
    one, edge = np.float32(1.0), np.float32(-1e-4)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        xa, ya, xb, yb = pixels[a, 0], pixels[a, 1], pixels[b, 0], pixels[b, 1]
        xc, yc = pixels[c, 0], pixels[c, 1]
        area = (xb - xa) * (yc - ya) - (yb - ya) * (xc - xa)
        if area == 0.0 or (area > 0.0 and not two_sided[t]):
            continue
        left, right = max(int(np.ceil(min(xa, xb, xc))), 0), min(int(max(xa, xb, xc)), width - 1)
        top, bottom = max(int(np.ceil(min(ya, yb, yc))), 0), min(int(max(ya, yb, yc)), height - 1)
        if left > right or top > bottom or min(depth[a], depth[b], depth[c]) < 0.1:
            continue
        inverse = one / area
        step_a, step_b = (yb - yc) * inverse, (yc - ya) * inverse
        inv_a, inv_b, inv_c = one / depth[a], one / depth[b], one / depth[c]
        fx = np.float32(left)
        for y in range(top, bottom + 1):
            fy = np.float32(y)
            wa = ((xb - fx) * (yc - fy) - (yb - fy) * (xc - fx)) * inverse
            wb = ((xc - fx) * (ya - fy) - (yc - fy) * (xa - fx)) * inverse
            for x in range(left, right + 1):
                wc = one - wa - wb
                if wa >= edge and wb >= edge and wc >= edge:
                    z = one / (wa * inv_a + wb * inv_b + wc * inv_c)
                    seen = z < nearest[y, x]
                    if seen and cutout[t] >= 0:
                        seen = _opaque(masks[cutout[t]], corner_uvs[t], wa, wb, wc)
                    if seen:
                        nearest[y, x] = z
                        owner[y, x] = t
                wa += step_a
                wb += step_b


@njit(cache=True, fastmath=True, nogil=True)
def vertex_normals(
    points: NDArray[np.float32], triangles: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Return unit normals of the vertices, area-weighted over their triangles, (n_vertices, 3)."""
    normals = np.zeros_like(points)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = (
            points[b, 0] - points[a, 0],
            points[b, 1] - points[a, 1],
            points[b, 2] - points[a, 2],
        )
        vx, vy, vz = (
            points[c, 0] - points[a, 0],
            points[c, 1] - points[a, 1],
            points[c, 2] - points[a, 2],
        )
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for k in (a, b, c):
            normals[k, 0] += nx
            normals[k, 1] += ny
            normals[k, 2] += nz
    for k in range(len(normals)):
        length = np.sqrt(normals[k, 0] ** 2 + normals[k, 1] ** 2 + normals[k, 2] ** 2)
        if length > 0.0:
            for axis in range(3):
                normals[k, axis] /= length
    return normals


@njit(cache=True, fastmath=True, nogil=True)
def texture_gradients(
    points: NDArray[np.float32],
    triangles: NDArray[np.int32],
    corner_uvs: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the gradients of u and of v along every triangle's surface, (n_triangles, 2, 3).

    A height h(u, v) then has the surface gradient ``dh/du * g[0] + dh/dv * g[1]``
    (Mikkelsen 2010), by which the normal is bent.
    """
    gradients = np.zeros((len(triangles), 2, 3), dtype=np.float32)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ex, ey, ez = (
            points[b, 0] - points[a, 0],
            points[b, 1] - points[a, 1],
            points[b, 2] - points[a, 2],
        )
        fx, fy, fz = (
            points[c, 0] - points[a, 0],
            points[c, 1] - points[a, 1],
            points[c, 2] - points[a, 2],
        )
        ee, ff, ef = (
            ex * ex + ey * ey + ez * ez,
            fx * fx + fy * fy + fz * fz,
            ex * fx + ey * fy + ez * fz,
        )
        det = ee * ff - ef * ef
        if det <= 1e-12:
            continue
        for k in range(2):
            first = (corner_uvs[t, 1, k] - corner_uvs[t, 0, k]) / det
            second = (corner_uvs[t, 2, k] - corner_uvs[t, 0, k]) / det
            along_e, along_f = first * ff - second * ef, second * ee - first * ef
            gradients[t, k, 0] = along_e * ex + along_f * fx
            gradients[t, k, 1] = along_e * ey + along_f * fy
            gradients[t, k, 2] = along_e * ez + along_f * fz
    return gradients


@njit(cache=True, fastmath=True, nogil=True)
def interpolate(
    pixels: NDArray[np.float32],
    triangles: NDArray[np.int32],
    values: NDArray[np.float32],
    picture: NDArray[np.float32],
    covered: NDArray[np.bool_],
) -> None:
    """Paint `values` (n_vertices of `triangles` in order, n_values) linearly into `picture`.

    Every triangle has its own corners: `pixels` and `values` have shape (n_triangles, 3, ...).
    """
    height, width = covered.shape
    for t in range(len(pixels)):
        (xa, ya), (xb, yb), (xc, yc) = pixels[t, 0], pixels[t, 1], pixels[t, 2]
        area = (xb - xa) * (yc - ya) - (yb - ya) * (xc - xa)
        if area == 0.0:
            continue
        left, right = max(int(np.ceil(min(xa, xb, xc))), 0), min(int(max(xa, xb, xc)), width - 1)
        top, bottom = max(int(np.ceil(min(ya, yb, yc))), 0), min(int(max(ya, yb, yc)), height - 1)
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                wa = ((xb - x) * (yc - y) - (yb - y) * (xc - x)) / area
                wb = ((xc - x) * (ya - y) - (yc - y) * (xa - x)) / area
                wc = 1.0 - wa - wb
                if wa < -1e-6 or wb < -1e-6 or wc < -1e-6:
                    continue
                covered[y, x] = True
                for k in range(values.shape[1]):
                    picture[y, x, k] = (
                        wa * values[triangles[t, 0], k]
                        + wb * values[triangles[t, 1], k]
                        + wc * values[triangles[t, 2], k]
                    )


@njit(cache=True, fastmath=True, nogil=True)
def lit_fraction(
    points: NDArray[np.float32],
    nearest: NDArray[np.float32],
    pixels: NDArray[np.float32],
    depth: NDArray[np.float32],
    bias: float,
    radius_px: float,
) -> NDArray[np.float32]:
    """Return how much of a light every vertex sees, in [0, 1], from its depth map `nearest`.

    The share of 4 x 4 samples within `radius_px` that lie no nearer to the light than the
    vertex less `bias` (percentage-closer filtering, Reeves et al. 1987).
    """
    height, width = nearest.shape
    lit = np.ones(len(points), dtype=np.float32)
    for k in range(len(points)):
        passed = 0
        for i in range(4):
            y = int(pixels[k, 1] + (i - 1.5) * 0.67 * radius_px + 0.5)
            for j in range(4):
                x = int(pixels[k, 0] + (j - 1.5) * 0.67 * radius_px + 0.5)
                inside = 0 <= y < height and 0 <= x < width
                if not inside or nearest[y, x] >= depth[k] - bias:
                    passed += 1
        lit[k] = passed / 16.0
    return lit
