"""Dataclasses whose arrays have one row for each frame, face or sequence: checks, and some rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from au_detect.errors import check_shape

Columns = Mapping[str, tuple[type, tuple[int, ...]]]
"""Name of each column, its type, and the shape of what stands in a row."""


def check_columns(
    arrays: Mapping[str, np.ndarray], columns: Columns, n_rows: int | str = "n_rows"
) -> None:
    """Raise unless every column has the shape (`n_rows`, ...) that `columns` says.

    Raises
    ------
    InputError
        If one has another; a word for `n_rows` stands for any number.
    """
    for name, (_, row_shape) in columns.items():
        check_shape(name, arrays[name], (n_rows, *row_shape))


def not_measured() -> np.ndarray:
    """Return what stands for an optional column until it is filled with NaN."""
    return np.empty(0, dtype=np.float32)


def filled(columns: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], n_rows: int) -> Any:
    """Return those of the columns that are `not_measured`, as NaN, shape (`n_rows`, ...)."""
    return {
        name: np.full((n_rows, *shape), np.nan, dtype=np.float32)
        for name, shape in shapes.items()
        if np.size(columns[name]) == 0
    }


def chosen_rows(table: Any, names: Iterable[str], chosen: Any) -> dict[str, Any]:
    """Return the chosen rows of the named attributes of `table`, for `dataclasses.replace`.

    Parameters
    ----------
    table : object
    names : iterable of str
        Attributes: arrays, mappings of names to arrays, or None (which stays None).
    chosen : ndarray of bool or int, or slice
    """
    return {name: _rows_of(getattr(table, name), chosen) for name in names}


def _rows_of(column: Any, chosen: Any) -> Any:
    if column is None:
        return None
    if isinstance(column, Mapping):
        return {name: values[chosen] for name, values in column.items()}
    return column[chosen]
