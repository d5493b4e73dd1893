"""What pages, cards and the command line say of intensities, and of left and right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from au_detect.evaluation.intensity import LEVEL_NAMES
from au_detect.evaluation.texts import interval_text, number_text, plain_table

INTENSITY_TITLES = {
    "icc": "ICC(3,1)",
    "pearson": "Pearson",
    "mae": "MAE",
    "mse": "MSE",
    "mae_of_zero": "MAE of 0",
}
SIDE_TITLES = {
    "icc_right": "ICC right",
    "icc_left": "ICC left",
    "asymmetry_error": "MAE of left - right",
    "stronger_side": "Stronger side told",
}
WHAT_THEY_ARE = (
    "Intensities from 0 to 5 (E); MAE of 0 is that of who always says 0. Means are over the AUs "
    "whose coded intensities differ."
)
WHAT_SIDES_ARE = (
    "The stronger side counts where the two differ by a level or more (n). Means are over the AUs "
    "of which somebody showed such."
)

Table = tuple[str, list[str], list[list[str]]]


def intensity_tables(intensity: Mapping[str, Any]) -> list[Table]:
    """Return caption, heads and rows of the tables of an evaluation's intensities."""
    tables = [_table("Intensity", intensity, INTENSITY_TITLES, "n", interval_text)]
    if intensity["sides"]:
        sides = intensity["sides"]
        tables.append(_table("Left and right", sides, SIDE_TITLES, "n_sided", interval_text))
    counts = np.sum([au["levels"] for au in intensity["aus"].values()], axis=0)
    rows = [[name, *(str(n) for n in row)] for name, row in zip(LEVEL_NAMES, counts, strict=True)]
    heads = ["Coded", *(f"said {name}" for name in LEVEL_NAMES)]
    return [*tables, ("Levels of all action units together", heads, rows)]


def intensity_text(intensity: Mapping[str, Any]) -> str:
    """Return what the command line says of intensities."""
    _, heads, rows = _table("", intensity, INTENSITY_TITLES, "n", _value)
    parts = [plain_table(heads, rows), WHAT_THEY_ARE]
    if intensity["sides"]:
        _, heads, rows = _table("", intensity["sides"], SIDE_TITLES, "n_sided", _value)
        parts += ["", plain_table(heads, rows), WHAT_SIDES_ARE]
    return "\n".join(parts)


def _table(
    caption: str,
    numbers: Mapping[str, Any],
    titles: Mapping[str, str],
    count: str,
    told: Callable[..., str],
) -> Table:
    rows = [
        [label, str(au[count]), *(told(au[name]) for name in titles)]
        for label, au in numbers["aus"].items()
    ]
    means = [told(numbers["summary"][name]) for name in titles]
    return caption, ["AU", "n", *titles.values()], [*rows, ["mean", "", *means]]


def _value(value: Sequence[float | None]) -> str:
    return number_text(value[0])
