"""The rooms of the package as a picture, read from the list in ``docs/architecture.rst``."""

from __future__ import annotations

import re
from pathlib import Path

from au_detect.plots.style import BLUE, GREEN, INK, LINE, ORANGE, SOFT, new_figure

PAGE = Path(__file__).parents[1] / "architecture.rst"
DETECTING = (
    "frames", "landmarks", "features", "classifiers", "scoring", "results", "emotions", "detect.py",
    "detecting.py",
)  # fmt: skip
LEARNING = ("datasets", "simulation", "training", "evaluation", "appearance")


def rooms() -> list[tuple[str, str]]:
    """Return name and purpose of the lines of the list, from top to bottom."""
    listed = re.findall(r"^    (\S+(?: \S+)*?)(?:  +(\S.*))?$", PAGE.read_text("utf-8"), re.M)
    return [(name, text) for name, text in listed if "→" not in name]


def draw_architecture(folder: Path) -> None:
    """Draw the rooms above one another, those that detect and those that learn in colours."""
    listed = rooms()
    figure = new_figure(7.4, 0.34 * len(listed) + 0.7)
    ax = figure.add_subplot()
    from matplotlib.patches import FancyBboxPatch

    for row, (name, text) in enumerate(listed):
        y = -row
        plain = name.rstrip("/")
        colour = BLUE if plain in DETECTING else GREEN if plain in LEARNING else ORANGE
        width = max(2.6, 0.135 * len(name) + 0.25)
        box = FancyBboxPatch(
            (0, y - 0.36), width, 0.72, boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=colour, alpha=0.18, edgecolor=colour, linewidth=1,
        )  # fmt: skip
        ax.add_patch(box)
        ax.text(0.12, y, name, va="center", fontsize=8, color=INK, family="monospace")
        ax.text(width + 0.15, y, text, va="center", fontsize=8, color=SOFT)
    ax.annotate(
        "", (-0.28, 0.3), (-0.28, -len(listed) + 0.7),
        arrowprops={"arrowstyle": "-|>", "color": LINE, "linewidth": 2},
    )  # fmt: skip
    ax.text(
        -0.42, -len(listed) / 2, "may import from what is below", rotation=90, va="center",
        ha="right", fontsize=8, color=SOFT,
    )  # fmt: skip
    keys = (("detecting", BLUE), ("learning and judging", GREEN), ("around it", ORANGE))
    for i, (label, colour) in enumerate(keys):
        ax.text(2.75 * i, 0.85, f"■ {label}", color=colour, fontsize=8, va="center")
    ax.set_xlim(-0.8, 8.6)
    ax.set_ylim(-len(listed) + 0.4, 1.2)
    ax.set_axis_off()
    figure.savefig(folder / "architecture.png", dpi=160)
