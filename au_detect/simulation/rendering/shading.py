"""Light on the visible triangles: one grey value for every pixel, compiled by numba.

Diffuse light wraps a little around the edge of the shadow, as it does in skin; highlights
follow Blinn (1977). All values are linear luminances; 1 is what white paper sends back.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from au_detect.simulation.rendering.surface import (
    CLOTH,
    EYE,
    FRAME,
    GUMS,
    HAIR,
    HELD,
    MOUTH,
    SKIN,
    TEETH,
)

IRIS_RADIUS_RAD = 0.39
PUPIL_RADIUS_RAD = 0.16


@njit(cache=True, fastmath=True, nogil=True, inline="always")
def _hash(x: int, y: int) -> float:
    """Return a fixed pseudo-random number in [0, 1) for a lattice point."""
    n = (x * 374761393 + y * 668265263) & 0x7FFFFFFF
    n = ((n ^ (n >> 13)) * 1274126177) & 0x7FFFFFFF
    return ((n ^ (n >> 16)) & 0xFFFFFF) / 16777216.0


@njit(cache=True, fastmath=True, nogil=True)
def value_noise(x: float, y: float) -> float:
    """Return smooth noise in [0, 1) with features of size 1 (Perlin 1985's value lattice)."""
    column, row = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - column, y - row
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    top = _hash(column, row) * (1 - fx) + _hash(column + 1, row) * fx
    bottom = _hash(column, row + 1) * (1 - fx) + _hash(column + 1, row + 1) * fx
    return top * (1 - fy) + bottom * fy


@njit(cache=True, fastmath=True, nogil=True)
def _eye_reflectance(x: float, y: float, z: float, iris: float, sclera: float) -> float:
    """Return the reflectance of the eyeball in direction (x, y, z) from its middle."""
    angle = np.arctan2(np.sqrt(x * x + y * y), z)
    white = sclera * (1.0 - 0.35 * min(max(angle - 0.6, 0.0) / 0.8, 1.0))
    if angle > IRIS_RADIUS_RAD + 0.05:
        return white
    spoke = np.arctan2(y, x) * 9.0
    fibers = 0.65 + 0.7 * value_noise(spoke * 2.0 + 40.0, angle * 12.0)
    ring = angle / IRIS_RADIUS_RAD
    inner = iris * fibers * (1.0 - 0.55 * max(ring - 0.75, 0.0) / 0.25)
    if angle < PUPIL_RADIUS_RAD:
        inner = 0.008
    edge = min(max((angle - IRIS_RADIUS_RAD + 0.05) / 0.1, 0.0), 1.0)
    return inner * (1.0 - edge) + white * edge


@njit(cache=True, fastmath=True, nogil=True)
def _corner_weights(
    x: int,
    y: int,
    corners: NDArray[np.int32],
    pixels: NDArray[np.float32],
    points: NDArray[np.float32],
) -> tuple[float, float, float]:
    """Return the perspective weights of a triangle's corners at a pixel."""
    a, b, c = corners[0], corners[1], corners[2]
    xa, ya, xb, yb = pixels[a, 0] - x, pixels[a, 1] - y, pixels[b, 0] - x, pixels[b, 1] - y
    xc, yc = pixels[c, 0] - x, pixels[c, 1] - y
    wa = (xb * yc - yb * xc) / points[a, 2]
    wb = (xc * ya - yc * xa) / points[b, 2]
    wc = (xa * yb - ya * xb) / points[c, 2]
    total = wa + wb + wc
    return wa / total, wb / total, wc / total


@njit(cache=True, fastmath=True, nogil=True)
def _sampled(texture: NDArray[np.float32], u: float, v: float) -> tuple[float, float, float, float]:
    """Return the four channels of a texture at u, v in [0, 1], between its texels."""
    size = len(texture)
    column, row = max(u * size - 0.5, 0.0), max(v * size - 0.5, 0.0)
    j, i = min(int(column), size - 2), min(int(row), size - 2)
    fx, fy = column - j, row - i
    w00, w01, w10, w11 = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
    t = texture
    return (
        w00 * t[i, j, 0] + w01 * t[i, j + 1, 0] + w10 * t[i + 1, j, 0] + w11 * t[i + 1, j + 1, 0],
        w00 * t[i, j, 1] + w01 * t[i, j + 1, 1] + w10 * t[i + 1, j, 1] + w11 * t[i + 1, j + 1, 1],
        w00 * t[i, j, 2] + w01 * t[i, j + 1, 2] + w10 * t[i + 1, j, 2] + w11 * t[i + 1, j + 1, 2],
        w00 * t[i, j, 3] + w01 * t[i, j + 1, 3] + w10 * t[i + 1, j, 3] + w11 * t[i + 1, j + 1, 3],
    )


@njit(cache=True, fastmath=True, nogil=True)
def _unpainted(
    kind: int, x: float, y: float, z: float, look: NDArray[np.float32]
) -> tuple[float, float, int, float]:
    """Return reflectance, gloss, sharpness and unevenness of a material without a texture."""
    if kind == EYE:
        return _eye_reflectance(x, y, z, look[0], look[1]), 0.5, 7, 0.0
    if kind == TEETH:
        return look[2] * x, 0.12 * x, 5, 0.0
    if kind == GUMS:
        return look[3] * x, 0.08 * x, 4, 0.0
    if kind == MOUTH:
        return look[3] * x, 0.0, 4, 0.0
    if kind == CLOTH:
        weave = value_noise(x * 7.0, y * 7.0) + value_noise(x * 0.7, y * 0.5)
        stripe = 1.0 if np.sin(y * 4.0) > 0.3 else 0.0
        return look[6] * (0.8 + 0.2 * weave) * (1.0 - look[9] * stripe), 0.0, 4, 0.0
    if kind == HELD:
        return z * (0.86 + 0.28 * value_noise(x * 3.0, y * 3.0)), 0.03, 3, 0.0
    if kind == FRAME:
        return look[5], 0.4, 5, 0.0
    if kind == HAIR:
        strand = value_noise(x * 16.0, y * 0.8) - 0.5
        strand += 0.7 * (value_noise(x * 41.0, y * 1.9) - 0.5)
        strand += 0.8 * (value_noise(x * 4.0, y * 0.35) - 0.5)
        shine = look[10] * max(0.5 + strand, 0.0)
        return look[4] * max(1.0 + look[7] * strand, 0.1), shine, 3, strand
    return look[8], 0.0, 4, 0.0


@njit(cache=True, fastmath=True, nogil=True)
def _blended(
    values: NDArray[np.float32], corners: NDArray[np.int32], wa: float, wb: float, wc: float
) -> tuple[float, float, float]:
    """Return the weighted mean of three values at a triangle's corners."""
    a, b, c = corners[0], corners[1], corners[2]
    return (
        wa * values[a, 0] + wb * values[b, 0] + wc * values[c, 0],
        wa * values[a, 1] + wb * values[b, 1] + wc * values[c, 1],
        wa * values[a, 2] + wb * values[b, 2] + wc * values[c, 2],
    )


@njit(cache=True, fastmath=True, nogil=True)
def _highlight(cosine: float, sharpness: int) -> float:
    """Return the cosine to the power of 2**sharpness."""
    for _ in range(sharpness):
        cosine *= cosine
    return cosine


@njit(cache=True, fastmath=True, nogil=True)
def _received(c: NDArray[np.float32], x: float, y: float, z: float) -> float:
    """Return nine harmonics of the unit vector (x, y, z) weighted by `c`."""
    even = c[4] * x * y + c[5] * y * z + c[6] * (3.0 * z * z - 1.0)
    even += c[7] * x * z + c[8] * (x * x - y * y)
    return float(c[0] + c[1] * x + c[2] * y + c[3] * z + even)


@njit(cache=True, fastmath=True, nogil=True)
def shade(
    owner: NDArray[np.int32],
    triangles: NDArray[np.int32],
    material: NDArray[np.uint8],
    layer: NDArray[np.int8],
    corner_uvs: NDArray[np.float32],
    gradients: NDArray[np.float32],
    pixels: NDArray[np.float32],
    points: NDArray[np.float32],
    normals: NDArray[np.float32],
    ambient: NDArray[np.float32],
    lit: NDArray[np.float32],
    extra: NDArray[np.float32],
    face_skin: NDArray[np.float32],
    head_skin: NDArray[np.float32],
    lights: NDArray[np.float32],
    surroundings: NDArray[np.float32],
    look: NDArray[np.float32],
    picture: NDArray[np.float32],
) -> None:
    """Write the luminance of every pixel that has an `owner` into `picture`.

    Parameters
    ----------
    owner : ndarray of int32, shape (height, width)
        Visible triangle, -1 for none.
    triangles, material, layer, corner_uvs, gradients
        Of the n_triangles triangles; `gradients` as `texture_gradients` gives them.
    pixels, points, normals : ndarrays of float32, shapes (n_vertices, 2 and 3 and 3)
        In the picture and in camera axes.
    ambient : ndarray of float32, shape (n_vertices,)
        Share of the surroundings that is seen.
    lit : ndarray of float32, shape (n_vertices, n_lights)
        Share of every light that is seen.
    extra : ndarray of float32, shape (n_vertices, 3)
        Eye: direction from the eyeball's middle. Hair: across and along the strands. Mouth: x
        is how much light comes in. Cloth: pattern coordinates. Held: pattern coordinates and
        reflectance.
    face_skin, head_skin : ndarray of float32, shape (size, size, 4)
        Reflectance, d height / du, d height / dv (cm), gloss.
    lights : ndarray of float32, shape (n_lights, 7)
        Direction to the light in camera axes, strength, and the unit vector halfway between
        the light and the camera, which is taken as far away.
    surroundings : ndarray of float32, shape (9,)
        Light that a surface receives from the surroundings: factors of 1, x, y, z, xy, yz,
        3z² - 1, xz, x² - y² of its normal.
    look : ndarray of float32, shape (11,)
        Reflectances of iris, sclera, teeth, gums, hair, frame, cloth; contrast of hair;
        reflectance of the lashes; strength of the cloth's stripes; gloss of the hair.
    picture : ndarray of float32, shape (height, width)
    """
    height, width = owner.shape
    for y in range(height):
        for x in range(width):
            t = owner[y, x]
            if t < 0:
                continue
            corners = triangles[t]
            a, b, c = corners[0], corners[1], corners[2]
            wa, wb, wc = _corner_weights(x, y, corners, pixels, points)
            nx, ny, nz = _blended(normals, corners, wa, wb, wc)
            if material[t] == SKIN:
                uv = corner_uvs[t]
                u = wa * uv[0, 0] + wb * uv[1, 0] + wc * uv[2, 0]
                v = wa * uv[0, 1] + wb * uv[1, 1] + wc * uv[2, 1]
                texture = face_skin if layer[t] == 0 else head_skin
                reflectance, along_u, along_v, gloss = _sampled(texture, u, v)
                nx -= along_u * gradients[t, 0, 0] + along_v * gradients[t, 1, 0]
                ny -= along_u * gradients[t, 0, 1] + along_v * gradients[t, 1, 1]
                nz -= along_u * gradients[t, 0, 2] + along_v * gradients[t, 1, 2]
                sharpness, wrap = 3, 0.2
            else:
                ex, ey, ez = _blended(extra, corners, wa, wb, wc)
                reflectance, gloss, sharpness, strand = _unpainted(material[t], ex, ey, ez, look)
                nx, ny, wrap = nx + 0.5 * strand, ny + 0.2 * strand, 0.3
            scale = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
            if material[t] != SKIN and nz > 0.0:
                scale = -scale
            nx, ny, nz = nx * scale, ny * scale, nz * scale
            open_to = wa * ambient[a] + wb * ambient[b] + wc * ambient[c]
            diffuse = open_to * max(_received(surroundings, nx, ny, nz), 0.0)
            shine = 0.0
            for k in range(len(lights)):
                strength = lights[k, 3] * (wa * lit[a, k] + wb * lit[b, k] + wc * lit[c, k])
                toward = nx * lights[k, 0] + ny * lights[k, 1] + nz * lights[k, 2]
                diffuse += strength * max((toward + wrap) / ((1.0 + wrap) * (1.0 + wrap)), 0.0)
                if toward > 0.0 and gloss > 0.0:
                    half = nx * lights[k, 4] + ny * lights[k, 5] + nz * lights[k, 6]
                    shine += strength * _highlight(max(half, 0.0), sharpness)
            picture[y, x] = reflectance * diffuse + gloss * shine


@njit(cache=True, fastmath=True, nogil=True)
def shade_openings(
    owner: NDArray[np.int32],
    material: NDArray[np.uint8],
    px_per_cm: float,
    lid_shadow: float,
    picture: NDArray[np.float32],
) -> None:
    """Darken what lids and lips shade: the eyeballs below the lid, the mouth as it closes.

    Every column is searched for runs of pixels of an eye or of the mouth's inside.
    """
    height, width = owner.shape
    for x in range(width):
        start, inside = 0, 0
        for y in range(height + 1):
            now = 0
            if y < height and owner[y, x] >= 0:
                kind = material[owner[y, x]]
                now = 1 if kind == EYE else 2 if kind in (TEETH, GUMS, MOUTH) else 0
            if now == inside:
                continue
            length = (y - start) / px_per_cm
            for row in range(start, y):
                above = (row - start) / px_per_cm
                below = (y - 1 - row) / px_per_cm
                if inside == 1:
                    picture[row, x] *= 1.0 - lid_shadow * np.exp(-above / 0.22)
                    picture[row, x] *= 1.0 - 0.35 * lid_shadow * np.exp(-below / 0.11)
                elif inside == 2:
                    opened = min(max((length - 0.08) / 0.6, 0.04), 1.0)
                    picture[row, x] *= opened * (1.0 - 0.5 * np.exp(-above / 0.15))
            start, inside = y, now
