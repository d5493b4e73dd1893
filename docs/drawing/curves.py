"""Learning curves of emotion networks that were measured, as ``appearance_curves.csv`` has them."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from au_detect.plots.style import BLUE, GREEN, INK, NORMAL, ORANGE, RED, SOFT, new_figure, tidy

CURVES = Path(__file__).parents[1] / "appearance_curves.csv"


def draw_curves(folder: Path) -> None:
    """Write ``appearance_curves.png``: accuracy in training (dashed) and validation, by epoch."""
    curves: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with open(CURVES, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            curves[row["training"]].append((float(row["accuracy"]), float(row["validation"])))
    figure = new_figure(6.2, 3.0)
    ax = figure.subplots()
    for (name, points), colour in zip(
        curves.items(), (BLUE, ORANGE, GREEN, SOFT, RED), strict=True
    ):
        epochs = range(1, len(points) + 1)
        training, validation = zip(*points, strict=True)
        ax.plot(epochs, training, "--", color=colour, linewidth=1)
        ax.plot(epochs, validation, "o-", color=colour, markersize=4, label=name)
    ax.set_xlabel("epoch", fontsize=NORMAL, color=INK)
    ax.set_ylabel("accuracy", fontsize=NORMAL, color=INK)
    ax.legend(frameon=False, fontsize=NORMAL)
    tidy(ax, keep=("left", "bottom"))
    figure.savefig(folder / "appearance_curves.png", dpi=150)
