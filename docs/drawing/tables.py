"""Tables: read from reStructuredText, and written as it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docutils import nodes
from docutils.core import publish_doctree


@dataclass(frozen=True)
class Table:
    """A table of a document.

    Attributes
    ----------
    section : str
        Title of the section that it stands in.
    text : str
        The paragraphs of that section.
    heads : tuple of str
    rows : tuple of tuple of str
    """

    section: str
    text: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(text: str) -> list[Table]:
    """Return the tables of a document that have a head, in order."""
    document = publish_doctree(
        text, settings_overrides={"report_level": 5, "doctitle_xform": False}
    )
    found = []
    for table in document.findall(nodes.table):
        head = next(iter(table.findall(nodes.thead)), None)
        if head is None:
            continue
        section = table.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        inside = [] if section is None else section.children
        title = "".join(n.astext() for n in inside if isinstance(n, nodes.title))
        text = "\n".join(n.astext() for n in inside if isinstance(n, nodes.paragraph))
        body = next(iter(table.findall(nodes.tbody)))
        found.append(Table(title, text, _rows(head)[0], tuple(_rows(body))))
    return found


def _rows(part: nodes.Element) -> list[tuple[str, ...]]:
    return [tuple(map(_text, row.findall(nodes.entry))) for row in part.findall(nodes.row)]


def _text(entry: nodes.Element) -> str:
    parts = [p.astext() for p in entry.children if not isinstance(p, nodes.system_message)]
    return " ".join(parts).replace("\n", " ").strip()


def list_table(heads: Sequence[str], rows: Sequence[Sequence[str]], widths: str = "auto") -> str:
    """Return a table as a directive; cells are one line of reStructuredText each."""
    lines = [".. list-table::", f"   :widths: {widths}", "   :header-rows: 1", ""]
    for row in (heads, *rows):
        lines += [f"   {'*' if i == 0 else ' '} - {cell}" for i, cell in enumerate(row)]
    return "\n".join(lines) + "\n"
