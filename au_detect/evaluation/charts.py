"""Charts of an evaluation as inline SVG; they read the document that `document` makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

SIDE = 150.0
LEFT, TOP = 30.0, 22.0
CELL, LABEL = 26.0, 48.0


def roc_charts(aus: Mapping[str, Any]) -> str:
    """Return a small ROC chart for each AU, with the point that its threshold stands for."""
    charts = []
    for label, au in aus.items():
        tpr, fpr = au["rates"]["tpr"][0], au["rates"]["fpr"][0]
        auc = au["rates"]["auc"][0]
        points = list(zip(au["roc"]["fpr"], au["roc"]["tpr"], strict=True))
        dot = ""
        if tpr is not None and fpr is not None:
            dot = f'<circle class="apex" cx="{_x(fpr):.1f}" cy="{_y(tpr):.1f}" r="4"/>'
        shown = "undefined" if auc is None else f"{auc:.3f}"
        title = f"{label}, AUC {shown}"
        charts.append(_square(title, f"{_line(points)}{dot}", diagonal=True))
    return f'<div class="charts">{"".join(charts)}</div>'


def reliability_chart(reliability: Mapping[str, Any]) -> str:
    """Return how often AUs were there against the probability that they were given."""
    rows = zip(reliability["predicted"], reliability["observed"], reliability["n"], strict=True)
    points = [(p, o, n) for p, o, n in rows if n]
    dots = "".join(
        f'<circle class="apex" cx="{_x(p):.1f}" cy="{_y(o):.1f}" r="4">'
        f"<title>probability {p:.2f}: {o:.2f} of {n} present</title></circle>"
        for p, o, n in points
    )
    line = _line([(p, o) for p, o, _ in points])
    return f'<div class="charts">{_square("Reliability", line + dots, diagonal=True)}</div>'


def matrix_chart(matrix: Sequence[Sequence[float | None]], labels: Sequence[str]) -> str:
    """Return a matrix with values in [0, 1] as shaded cells, in per cent."""
    n = len(labels)
    side = LABEL + CELL * n
    parts = []
    for i, label in enumerate(labels):
        middle = LABEL + CELL * (i + 0.5)
        parts.append(f'<text x="0" y="{middle + 4:g}">{escape(label)}</text>')
        parts.append(f'<text class="tick" x="{middle:g}" y="{LABEL - 8:g}">{label[2:]}</text>')
        for j, value in enumerate(matrix[i]):
            parts.append(_cell(LABEL + CELL * j, LABEL + CELL * i, value, label, labels[j]))
    return (
        f'<svg class="matrix" viewBox="0 0 {side:g} {side:g}" style="max-width:{side * 1.4:g}px" '
        f'role="img" aria-label="Matrix of action units">{"".join(parts)}</svg>'
    )


def history_charts(history: Sequence[Mapping[str, Any]]) -> str:
    """Return the losses by epoch: solid training, dashed held-out subjects; a line per fold."""
    charts = []
    for face in dict.fromkeys(face for fold in history for face in fold):
        curves = [network for fold in history for network in fold.get(face, ())]
        highest = max((max(c["loss"] + c["val_loss"]) for c in curves), default=1.0) or 1.0
        longest = max((len(c["loss"]) for c in curves), default=1)
        lines = []
        for curve in curves:
            for name, kind in (("loss", "curve"), ("val_loss", "curve dashed")):
                points = [
                    (epoch / max(longest - 1, 1), value / highest)
                    for epoch, value in enumerate(curve[name])
                ]
                lines.append(_line(points, kind))
        title = f"{face}: loss to {highest:.2f}, {longest} epochs"
        charts.append(_square(title, "".join(lines), ticks=False))
    return f'<div class="charts">{"".join(charts)}</div>'


def _square(title: str, inside: str, *, diagonal: bool = False, ticks: bool = True) -> str:
    frame = f'<rect class="frame" x="{LEFT:g}" y="{TOP:g}" width="{SIDE:g}" height="{SIDE:g}"/>'
    if diagonal:
        frame += f'<line class="grid" x1="{_x(0):g}" y1="{_y(0):g}" x2="{_x(1):g}" y2="{_y(1):g}"/>'
    if ticks:
        frame += "".join(
            f'<text class="tick" x="{_x(v):g}" y="{TOP + SIDE + 15:g}">{v:g}</text>'
            f'<text class="value" x="{LEFT - 5:g}" y="{_y(v) + 4:g}">{v:g}</text>'
            for v in (0.0, 0.5, 1.0)
        )
    return (
        f'<svg viewBox="0 0 {LEFT + SIDE + 12:g} {TOP + SIDE + 20:g}" role="img" '
        f'aria-label="{escape(title)}"><text class="on" x="{LEFT:g}" y="14">{escape(title)}</text>'
        f"{frame}{inside}</svg>"
    )


def _line(points: Sequence[tuple[float, float]], kind: str = "curve") -> str:
    listed = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return f'<polyline class="{kind}" points="{listed}"/>'


def _cell(x: float, y: float, value: float | None, row: str, column: str) -> str:
    if value is None:
        return f'<rect class="track" x="{x:g}" y="{y:g}" width="{CELL - 1}" height="{CELL - 1}"/>'
    text = f"{100 * value:.0f}" if value >= 0.005 else ""
    ink = "full" if value > 0.55 else "faint"
    return (
        f'<rect class="track" x="{x:g}" y="{y:g}" width="{CELL - 1}" height="{CELL - 1}"/>'
        f'<rect class="shade" x="{x:g}" y="{y:g}" width="{CELL - 1}" height="{CELL - 1}" '
        f'fill-opacity="{value:.2f}"><title>{row}, {column}: {value:.3f}</title></rect>'
        f'<text class="tick {ink}" x="{x + CELL / 2 - 0.5:g}" y="{y + 17:g}">{text}</text>'
    )


def _x(value: float) -> float:
    return LEFT + SIDE * value


def _y(value: float) -> float:
    return TOP + SIDE * (1 - value)
