"""Furrows as they lie in one person's skin: slopes and shade of the texture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from au_detect.simulation.rendering.furrow_lines import FURROWS, Furrow
from au_detect.simulation.rendering.surface import TEXTURE_SIZE, Surface


@dataclass(frozen=True)
class PaintedFurrow:
    """One furrow of one half of a face, as it changes a window of the face's texture.

    Parameters
    ----------
    window : tuple of slice
        Rows and columns of the texture.
    slopes : ndarray of float32, shape (rows, columns, 2)
        d height / du and d height / dv at strength 1, cm.
    shade : ndarray of float32, shape (rows, columns)
        Share of the light that the fold swallows at strength 1.
    """

    window: tuple[slice, slice]
    slopes: NDArray[np.float32]
    shade: NDArray[np.float32]


def paint_furrows(
    surface: Surface, rng: np.random.Generator
) -> dict[str, tuple[PaintedFurrow, PaintedFurrow]]:
    """Return every furrow (right, left) as it lies in one person's skin."""
    painted = {}
    for name, furrow in FURROWS.items():
        lines = _own_lines(furrow, rng)
        noise = rng.normal(size=(2, 48, 48)).astype(np.float32) if name == "chin_dimples" else None
        halves = []
        for half, sign in enumerate((-1.0, 1.0)):
            mirrored = [line * [sign, 1.0] + rng.normal(0, 0.03, (1, 2)) for line in lines]
            own_noise = None if noise is None else noise[half]
            halves.append(_paint(surface, furrow, mirrored, own_noise))
        painted[name] = (halves[0], halves[1])
    return painted


def _own_lines(furrow: Furrow, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Return a person's version of the lines: shifted, bent, some left out."""
    lines = []
    for index, line in enumerate(furrow.lines):
        if index > 0 and rng.random() < 0.25:
            continue
        points = np.array(line)
        points = points + rng.normal(0, furrow.spread, 2) * [0.5, 1.0]
        points += rng.normal(0, 0.25 * furrow.spread, points.shape)
        lines.append(points)
    return lines


def _paint(
    surface: Surface,
    furrow: Furrow,
    lines: list[NDArray[np.float64]],
    noise: NDArray[np.float32] | None,
) -> PaintedFurrow:
    size = TEXTURE_SIZE
    windows = [_window(surface, line, 3.5 * furrow.width_cm) for line in lines]
    low = np.min([low for low, _ in windows], axis=0)
    high = np.max([high for _, high in windows], axis=0)
    height = np.zeros((high[1] - low[1], high[0] - low[0]), dtype=np.float32)
    for line, (start, stop) in zip(lines, windows, strict=True):
        place = surface.positions[0][start[1] : stop[1], start[0] : stop[0]]
        column, row = np.rint(surface.texture_points(_dense(line))).astype(int).T
        path = surface.positions[0][row.clip(0, size - 1), column.clip(0, size - 1)]
        part = height[start[1] - low[1] : stop[1] - low[1], start[0] - low[0] : stop[0] - low[0]]
        _carve(place, path, furrow.width_cm, noise is None, part)
    window = (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0])))
    shade = np.clip(-height, 0, 1) * np.float32(0.28)
    if noise is not None:
        rows, columns = np.indices(height.shape) * 0.25
        height *= 1.6 * noise[rows.astype(int) % 48, columns.astype(int) % 48]
        height = cv2.blur(height, (3, 3), borderType=cv2.BORDER_REPLICATE)
        shade = np.clip(-height, 0, 1) * np.float32(0.2)
    along_v, along_u = np.gradient(height * np.float32(furrow.depth_cm * size))
    return PaintedFurrow(window, np.stack([along_u, along_v], axis=-1), shade)


def _window(
    surface: Surface, line: NDArray[np.float64], margin: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first and the last texel (column, row) of a window around a line."""
    around = margin * np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]])
    texels = surface.texture_points((line[:, None] + around).reshape(-1, 2))
    low = np.clip(texels.min(axis=0).astype(int) - 2, 0, TEXTURE_SIZE - 8)
    return low, np.clip(texels.max(axis=0).astype(int) + 3, low + 8, TEXTURE_SIZE)


def _dense(line: NDArray[np.float64], n: int = 9) -> NDArray[np.float64]:
    """Return the line resampled to `n` points along a smooth curve through its own."""
    at = np.linspace(0, len(line) - 1, n)
    degree = min(len(line) - 1, 3)
    knots = np.arange(len(line))
    return np.column_stack([np.polyval(np.polyfit(knots, line[:, k], degree), at) for k in (0, 1)])


@njit(cache=True, fastmath=True, nogil=True)
def _carve(
    place: NDArray[np.float32],
    path: NDArray[np.float32],
    width: float,
    rimmed: bool,
    height: NDArray[np.float32],
) -> None:
    """Lower `height` to -1 along `path`, with raised rims, fading towards both ends."""
    n = len(path)
    for i in range(place.shape[0]):
        for j in range(place.shape[1]):
            best, along = 1e9, 0.0
            for k in range(n - 1):
                ax, ay, az = path[k, 0], path[k, 1], path[k, 2]
                bx, by, bz = path[k + 1, 0] - ax, path[k + 1, 1] - ay, path[k + 1, 2] - az
                dx, dy, dz = place[i, j, 0] - ax, place[i, j, 1] - ay, place[i, j, 2] - az
                part = (dx * bx + dy * by + dz * bz) / (bx * bx + by * by + bz * bz + 1e-9)
                part = min(max(part, 0.0), 1.0)
                dx, dy, dz = dx - part * bx, dy - part * by, dz - part * bz
                squared = dx * dx + dy * dy + dz * dz
                if squared < best:
                    best, along = squared, (k + part) / (n - 1)
            distance = np.sqrt(best) / width
            if distance > 4.0:
                continue
            taper = min(1.0, 4.0 * along + 0.1, 4.0 * (1.0 - along) + 0.1)
            value = -np.exp(-distance * distance)
            if rimmed:
                value += 0.3 * np.exp(-((distance - 2.1) ** 2) * 0.9)
            if abs(value * taper) > abs(height[i, j]):
                height[i, j] = value * taper
