"""Learning curves of emotion networks that were measured, as ``appearance_curves.csv`` has them."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from au_detect.plots.style import BLUE, GREEN, INK, NORMAL, ORANGE, RED, new_figure, tidy

CURVES = Path(__file__).parents[1] / "appearance_curves.csv"


COLOURS = (BLUE, ORANGE, GREEN, RED)


def draw_curves(folder: Path) -> None:
    """Write ``appearance_curves.png``: accuracy in training (dashed) and validation, by epoch.

    What learnt from FER2013 is on the left, what learnt from renders on the right.
    """
    curves: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with open(CURVES, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            curves[row["training"]].append((float(row["accuracy"]), float(row["validation"])))
    photographs = {name: c for name, c in curves.items() if "FER2013" in name}
    renders = {name: c for name, c in curves.items() if name not in photographs}
    figure = new_figure(8.6, 3.4)
    for ax, shown in zip(figure.subplots(1, 2, sharey=True), (photographs, renders), strict=True):
        for colour, (name, points) in zip(COLOURS[: len(shown)], shown.items(), strict=True):
            epochs = range(1, len(points) + 1)
            training, validation = zip(*points, strict=True)
            ax.plot(epochs, training, "--", color=colour, linewidth=1)
            ax.plot(epochs, validation, "o-", color=colour, markersize=4, label=name)
        ax.set_xlabel("epoch", fontsize=NORMAL, color=INK)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend(frameon=False, fontsize=NORMAL, loc="lower right")
        tidy(ax, keep=("left", "bottom"))
    figure.axes[0].set_ylabel("accuracy", fontsize=NORMAL, color=INK)
    figure.savefig(folder / "appearance_curves.png", dpi=150)
