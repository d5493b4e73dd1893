"""How good the models are, as plots: read from their manifests, and from tables of the card."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from au_detect.classifiers.manifest import Manifest, NetworkEntry
from au_detect.classifiers.storage import read_manifest
from au_detect.facs import au_label
from au_detect.plots.style import (
    BLUE,
    GREEN,
    INK,
    LINE,
    NORMAL,
    ORANGE,
    SMALL,
    SOFT,
    au_name,
    new_figure,
    tidy,
)  # fmt: skip
from drawing.tables import Table, list_table, tables_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MODELS = Path(__file__).parents[2] / "models"
CARD = MODELS / "MODEL_CARD.rst"
SHIPPED = ("ibug300w", "open")
RATES = ("tpr", "fpr", "auc")
TITLES = {"tpr": "found (TPR)", "fpr": "false alarms (FPR)", "auc": "ranking (AUC)"}
KINDS = {
    (True, True): "neutral face, landmarks and furrows",
    (True, False): "neutral face, landmarks alone",
    (False, True): "no neutral face, landmarks and furrows",
    (False, False): "no neutral face, landmarks alone",
}
COLOURS = (BLUE, ORANGE, GREEN, SOFT)
MARKERS = ("o", "D", "s", "^")
NUMBER = re.compile(r"(?<![\w.])(?:\d*\.\d+|\d+(?![\w.]))")
ONLY = "as told"
"""Name of the only series of a table; it has no legend."""


def draw_accuracy(folder: Path) -> None:
    """Write plots of manifests and card, and a page part that shows them."""
    shipped = [read_manifest(MODELS / name) for name in SHIPPED]
    manifests = {manifest.landmark_model: manifest for manifest in shipped}
    _draw_aus(manifests, folder / "accuracy_aus.png")
    _draw_kinds(manifests, folder / "accuracy_kinds.png")
    _write_experimental(manifests, folder / "experimental.inc")
    _draw_card(folder)


def entries(manifest: Manifest, kind: tuple[bool, bool]) -> list[NetworkEntry]:
    """Return the networks of one kind, (uses_neutral, uses_furrows)."""
    return [e for e in manifest.networks if (e.uses_neutral, e.uses_furrows) == kind]


def rates_of(manifest: Manifest, kind: tuple[bool, bool], rate: str) -> dict[int, float]:
    """Return AU -> rate on held-out simulated people, by AU; those not measured are left out."""
    found = {
        au: rates[rate]
        for entry in entries(manifest, kind)
        for au, rates in entry.metrics.items()
        if rates.get(rate) is not None
    }
    return {au: float(value) for au, value in sorted(found.items())}  # type: ignore[arg-type]


def _draw_aus(manifests: dict[str, Manifest], file: Path) -> None:
    measured = {
        name: {rate: rates_of(manifest, (True, True), rate) for rate in RATES}
        for name, manifest in manifests.items()
    }
    aus = sorted({au for of in measured.values() for au in of["auc"]})
    series = {
        name: {rate: [of[rate].get(au, np.nan) for au in aus] for rate in RATES}
        for name, of in measured.items()
    }
    _dot_plot([au_name(au) for au in aus], series, file)


def _draw_kinds(manifests: dict[str, Manifest], file: Path) -> None:
    series = {
        name: {
            rate: [
                float(np.mean([*rates_of(manifest, kind, rate).values()] or [np.nan]))
                for kind in KINDS
            ]
            for rate in RATES
        }
        for name, manifest in manifests.items()
    }
    _dot_plot([*KINDS.values()], series, file)


def _dot_plot(labels: Sequence[str], series: dict[str, dict[str, list[float]]], file: Path) -> None:
    """Draw a row for each label, a panel for each rate, a mark for each series."""
    rates = [rate for rate in RATES if any(rate in of for of in series.values())]
    figure = new_figure(8.2, 0.24 * len(labels) + 1.0)
    axes = figure.subplots(1, len(rates), sharey=True, squeeze=False)[0]
    for ax, rate in zip(axes, rates, strict=True):
        for i, (name, of) in enumerate(series.items()):
            rows = np.arange(len(labels)) + 0.12 * (i - (len(series) - 1) / 2)
            ax.plot(
                of[rate], rows, MARKERS[i % 4], color=COLOURS[i % 4], markersize=4.5, alpha=0.85,
                label=name,
            )  # fmt: skip
        _style(ax, TITLES[rate], labels, is_small=rate == "fpr")
    axes[0].set_yticks(range(len(labels)), labels)
    if len(series) > 1:
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(
            handles, names, loc="outside upper left", ncols=len(names), frameon=False,
            fontsize=NORMAL,
        )  # fmt: skip
    figure.savefig(file, dpi=150)


def _style(ax: Axes, title: str, labels: Sequence[str], *, is_small: bool) -> None:
    ax.set_title(title, fontsize=NORMAL, color=INK, loc="left")
    ax.set_ylim(len(labels) - 0.5, -0.5)
    low, high = ax.get_xlim()
    ax.set_xlim((0, max(high, 0.1)) if is_small else (min(low, 0.5) - 0.02, 1.02))
    ax.hlines(range(len(labels)), *ax.get_xlim(), color=LINE, linewidth=0.5, zorder=0)
    tidy(ax, keep=("bottom",))
    ax.tick_params(axis="y", length=0, labelsize=SMALL)


def _write_experimental(manifests: dict[str, Manifest], file: Path) -> None:
    """Write which AUs are left out unless asked for."""
    rows = []
    for name, manifest in manifests.items():
        marked = {au for entry in entries(manifest, (True, True)) for au in entry.experimental}
        rows.append((name, ", ".join(map(au_label, sorted(marked))) or "none"))
    file.write_text(list_table(("Landmarks", "Experimental"), rows), encoding="utf-8")


def _draw_card(folder: Path) -> None:
    """Draw every table of the card whose cells are rates, and write a page part with all."""
    parts, section = [], ""
    for number, table in enumerate(tables_of(CARD.read_text("utf-8"))):
        series = rates_in(table)
        if not series:
            continue
        name = f"card_{number}.png"
        labels = [_label(row[0], table.heads[0]) for row in table.rows]
        _dot_plot(labels, series, folder / name)
        if table.section != section:
            section = table.section
            parts += [section, "~" * len(section), ""]
        alt = f"Found, false alarms and ranking: {table.heads[0]}"
        image = [f".. image:: generated/{name}", f"   :alt: {alt}"]
        parts += [".. container:: wide", "", *(f"   {line}" for line in image), ""]
    if not parts:
        raise ValueError("MODEL_CARD.rst must have tables of TPR, FPR and AUC, found none")
    (folder / "card.inc").write_text("\n".join(parts), encoding="utf-8")


def rates_in(table: Table) -> dict[str, dict[str, list[float]]]:
    """Return the rates of a table: series -> rate -> a value for each row; {} if it has none.

    Columns hold either several rates of one series, named in their head ("open TPR/FPR/AUC"), or
    one rate of several series ("TPR" with cells ".80 / .82"), which the text of the section names
    in the same way ("ibug300w / open").
    """
    series: dict[str, dict[str, list[float]]] = {}
    told = re.search(r"(\w+(?: / \w+)+):", table.text)
    names = told[1].split(" / ") if told else []
    for column, head in enumerate(table.heads):
        named = [rate.lower() for rate in re.findall(r"TPR|FPR|AUC", head)]
        cells = [_numbers(row[column]) for row in table.rows]
        n = max(map(len, cells), default=0)
        if not named or n == 0:
            continue
        if len(named) > 1:
            label = re.sub(r"\s*(TPR|FPR|AUC).*", "", head) or "all"
            for i, rate in enumerate(named):
                series.setdefault(label, {})[rate] = [_nth(c, i) for c in cells]
        else:
            for i in range(n):
                label = names[i] if len(names) == n else f"{i + 1} of {n}" if n > 1 else ONLY
                series.setdefault(label, {})[named[0]] = [_nth(c, i) for c in cells]
    complete = [set(of) for of in series.values()]
    return series if complete and all(of == complete[0] for of in complete) else {}


def _numbers(cell: str) -> list[float]:
    """Return the numbers of a cell, without its interval in brackets."""
    bare = re.sub(r"\[.*?\]", "", cell)
    return [float(number) for number in NUMBER.findall(bare)]


def _nth(numbers: list[float], i: int) -> float:
    return numbers[i] if i < len(numbers) else float("nan")


def _label(text: str, head: str) -> str:
    return f"AU{text}" if head == "AU" and text[:1].isdigit() else text
