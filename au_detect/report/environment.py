"""Fills the page templates: values become text, never markup, and a missing one is an error."""

from __future__ import annotations

import base64
import hashlib
import os
from functools import cache
from math import isnan
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from au_detect.facs import ACTION_UNITS, au_label
from au_detect.results.files import write_atomically

FOLDER = Path(__file__).with_name("templates")


@cache
def environment(*folders: Path) -> Environment:
    """Return what fills the templates of these folders, and the shared ones of this room.

    Parameters
    ----------
    *folders : Path
        Folders with templates of another room; they may extend and import the shared ones.

    Returns
    -------
    jinja2.Environment
        Filters: ``number|fixed(decimals)``, ``number|shown(decimals)`` (a dash for NaN: not
        visible), ``au|au_label`` ("AU12") and ``au|facs_name`` ("Lip
        Corner Puller"); ``value|tojson`` is safe within a script. Functions: `source` and
        `source_hash`.
    """
    made = Environment(
        loader=FileSystemLoader([*folders, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"allow_nan": False}
    made.filters |= {
        "fixed": lambda number, decimals: f"{number:.{decimals}f}",
        "shown": lambda number, decimals: "-" if isnan(number) else f"{number:.{decimals}f}",
        "au_label": au_label,
        "facs_name": lambda au: ACTION_UNITS[au].name,
    }
    made.globals |= {"source": source, "source_hash": source_hash}
    return made


def source(name: str) -> Markup:
    """Return a shared style sheet or script as it stands in its file, to be embedded."""
    return Markup((FOLDER / name).read_text(encoding="utf-8").strip())


def source_hash(name: str) -> str:
    """Return the hash by which a content security policy allows what `source` returns."""
    digest = hashlib.sha256(source(name).encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def write_page(path: str | os.PathLike[str], template: str, **values: Any) -> None:
    """Fill a shared template and write it as UTF-8; an older file is replaced whole.

    Parameters
    ----------
    path : path
    template : str
        Name of the file, such as ``"report.html"``.
    **values
        What the template names; undecodable parts of file names become escapes.
    """
    page = environment().get_template(template).render(values)
    write_atomically(path, page.encode("utf-8", "backslashreplace"))
