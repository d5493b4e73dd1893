"""The features as drawings: Tian's distances, furrow windows, movements, and a list of all."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from au_detect import AUDetector
from au_detect.facs import au_label
from au_detect.features import extraction, geometry
from au_detect.features.furrows import CHANNELS, WINDOW_NAMES
from au_detect.landmarks.points import POINTS
from au_detect.landmarks.pose import read_mean_face
from au_detect.plots.face import plot_displacements, plot_landmarks
from au_detect.plots.face_drawing import irises, outlines
from au_detect.plots.style import BLUE, INK, LINE, NORMAL, RED, SOFT, new_figure
from drawing.action_units import NEUTRAL, PICTURES
from drawing.tables import list_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOVED = (1, 4, 12, 26)
HALVES = {"upper": extraction.UPPER_DISTANCES, "lower": extraction.LOWER_DISTANCES}
Place = tuple[float, float]


def draw_features(folder: Path) -> None:
    """Write the drawings and the list of distances."""
    detector = AUDetector()
    _draw_distances(folder / "distances.png")
    _draw_windows(detector, folder / "furrow_windows.png")
    _draw_movements(detector, folder / "movements.png")
    _draw_flow(folder / "flow.png")
    (folder / "distances.inc").write_text(_list_of_distances(), encoding="utf-8")
    counts = [
        f"* {len(WINDOW_NAMES)} furrow windows with {len(CHANNELS)} numbers each: "
        + ", ".join(name.replace("_", " ") for name in CHANNELS),
        f"* {len(extraction.UPPER_NAMES)} geometric features of the upper face and "
        f"{len(extraction.LOWER_NAMES)} of the lower; with furrows "
        f"{len(extraction.UPPER_NAMES) + len(extraction.UPPER_FURROW_NAMES)} and "
        f"{len(extraction.LOWER_NAMES) + len(extraction.LOWER_FURROW_NAMES)}",
    ]
    (folder / "counts.inc").write_text("\n".join(counts) + "\n", encoding="utf-8")


def _list_of_distances() -> str:
    """Return a table of the distances: what each is (its docstring) and who reads it."""
    readers: dict[str, list[str]] = {}
    for half, distances in HALVES.items():
        for name in distances:
            plain = re.sub(r"^(right|left)_", "", name)
            if half not in readers.setdefault(plain, []):
                readers[plain].append(half)
    rows = []
    for name, halves in readers.items():
        text = (getattr(geometry, name).__doc__ or "").splitlines()[0]
        symbol = re.search(r" ?\((?:[Tt]ian's|Tian's) (.*?)\)", text)
        rows.append(
            (
                f"``{name}``",
                f"*{symbol[1]}*" if symbol else " ",
                text.replace(symbol[0], "") if symbol else text,
                ", ".join(halves),
            )
        )
    return list_table(("Feature", "Tian's symbol", "What it is", "Face"), rows, "25 15 45 15")


def _draw_distances(file: Path) -> None:
    """Draw Tian's distances on the mean face."""
    points = read_mean_face()[:, :2]
    figure = new_figure(6.4, 6.0)
    ax = figure.add_subplot()
    for number, curve in enumerate(outlines()):
        ax.plot(*curve.T, color=SOFT if number in (1, 2) else LINE, linewidth=1.3, zorder=1)
    for x, y, radius in irises():
        ax.plot(x, y, "o", color=LINE, markersize=90 * radius, zorder=1)

    def at(name: str) -> Place:
        x, y = points[POINTS[name]]
        return float(x), float(y)

    inner, outer = at("left_brow_inner"), at("left_brow_outer")
    _measure(ax, at("right_brow_inner"), inner, "D", (0, -0.08))
    _measure(ax, (inner[0], at("left_eye_inner")[1]), inner, "bi", (-0.06, 0.0))
    _measure(ax, (outer[0], at("left_eye_outer")[1]), outer, "bo", (0.08, 0.0))
    lid = (at("right_upper_lid_inner")[0] + at("right_upper_lid_outer")[0]) / 2
    line = (at("right_eye_inner")[1] + at("right_eye_outer")[1]) / 2
    upper, lower = at("right_upper_lid_inner")[1], at("right_lower_lid_inner")[1]
    _measure(ax, (lid - 0.03, line), (lid - 0.03, upper), "h1", (-0.1, -0.03))
    _measure(ax, (lid - 0.03, line), (lid - 0.03, lower), "h2", (-0.1, 0.04))
    corners = [at("right_lip_corner"), at("left_lip_corner")]
    below = max(y for _, y in corners) + 0.3
    _measure(ax, (corners[0][0], below), (corners[1][0], below), "w", (0, 0.07))
    for corner, name in zip(corners, ("D_right", "D_left"), strict=True):
        _measure(ax, (corner[0], line), corner, name, (np.sign(corner[0]) * 0.16, 0.1))
    lips = at("upper_lip_top"), at("lower_lip_bottom")
    _measure(ax, lips[0], lips[1], "h1 + h2", (0.0, 0.19))
    ax.axhline(line, color=LINE, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    ax.text(-0.98, line - 0.03, "line of the eyes", fontsize=NORMAL, color=SOFT)
    eyes = [at("right_eye_outer"), at("left_eye_outer")]
    _measure(
        ax, (eyes[0][0], 1.15), (eyes[1][0], 1.15), "1 IOD: outer eye corners", (0, 0.07), SOFT
    )
    ax.set_xlim(-1.0, 1.0)
    ax.set_ylim(1.3, -1.1)
    ax.set_aspect("equal")
    ax.set_axis_off()
    figure.savefig(file, dpi=150)


def _measure(ax: Axes, a: Place, b: Place, name: str, shift: Place, colour: str = RED) -> None:
    style = {"arrowstyle": "<->", "color": colour, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", a, b, arrowprops=style, zorder=4)
    x, y = (a[0] + b[0]) / 2 + shift[0], (a[1] + b[1]) / 2 + shift[1]
    ax.text(x, y, name, color=colour, fontsize=10, ha="center", va="center", zorder=5)


def _draw_windows(detector: AUDetector, file: Path) -> None:
    """Draw the landmarks and the furrow windows on a neutral face."""
    figure = new_figure(4.6, 4.6)
    points = detector.run(NEUTRAL, neutral=None).points[0]
    plot_landmarks(cv2.imread(str(NEUTRAL)), points, windows=True, ax=figure.add_subplot())
    figure.savefig(file, dpi=140)


def _draw_movements(detector: AUDetector, file: Path) -> None:
    """Draw how landmarks move in a few AUs, seen from the front."""
    figure = new_figure(8.4, 2.7)
    for ax, au in zip(figure.subplots(1, len(MOVED)), MOVED, strict=True):
        result = detector.run(PICTURES / f"{au_label(au)}.jpg", neutral=NEUTRAL)
        plot_displacements(result, 0, ax=ax)
        ax.set_title(au_label(au), fontsize=NORMAL, color=INK)
    figure.savefig(file, dpi=150)


def _draw_flow(file: Path) -> None:
    """Draw the way from a frame to a row."""
    steps = (
        ("frame", "grey picture"),
        ("landmarks", f"68 points,\n{len(WINDOW_NAMES)} furrow windows"),
        ("neutral face", "the person's own,\ngiven or found"),
        ("features", "changes in IOD,\nseen from the front"),
        ("networks", "upper face,\nlower face"),
        ("row", "probability, decision,\nside, intensity"),
    )
    figure = new_figure(5.4, 2.5)
    ax = figure.add_subplot()
    from matplotlib.patches import FancyBboxPatch

    places = [(1.6 * (i % 3), -1.4 * (i // 3)) for i in range(len(steps))]
    for (x, y), (name, text) in zip(places, steps, strict=True):
        box = FancyBboxPatch(
            (x, y), 1.3, 1, boxstyle="round,pad=0,rounding_size=0.08", facecolor=BLUE,
            alpha=0.13, edgecolor=BLUE, linewidth=1,
        )  # fmt: skip
        ax.add_patch(box)
        middle = {"ha": "center", "va": "center"}
        ax.text(x + 0.65, y + 0.75, name, fontsize=10, weight="bold", color=INK, **middle)
        ax.text(x + 0.65, y + 0.33, text, fontsize=8, color=SOFT, **middle)
    for before, after in pairwise(places):
        is_beside = before[1] == after[1]
        start = (before[0] + 1.3, before[1] + 0.5) if is_beside else (before[0] + 0.65, before[1])
        end = (after[0], after[1] + 0.5) if is_beside else (after[0] + 0.65, after[1] + 1)
        style = {"arrowstyle": "-|>", "color": BLUE, "shrinkA": 1, "shrinkB": 1}
        ax.annotate("", end, start, arrowprops=style)
    ax.set_xlim(-0.05, 4.55)
    ax.set_ylim(-1.45, 1.05)
    ax.set_axis_off()
    figure.savefig(file, dpi=150)
