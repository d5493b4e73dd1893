"""One self-contained HTML page about one or more results.

The page needs no network, no script and no other file: its charts are inline SVG, its pictures
are embedded. A page is a list of sections, and a section a list of blocks; each block is one
function that takes a result and returns HTML.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from au_detect.errors import InputError
from au_detect.facs import ACTION_UNITS, au_label
from au_detect.report_pictures import Thumbnail, gallery
from au_detect.report_style import PAGE, STYLE
from au_detect.report_timeline import MAX_COLUMNS, timeline_svg
from au_detect.results import AUResult
from au_detect.tables import write_atomically

__all__ = ["Thumbnail", "write_report"]

NUMBER_COLUMNS = (
    *("Probability", "Threshold", "Frame", "Frames", "Frames on"),
    *("Onset (s)", "Apex (s)", "Offset (s)"),
)
MAX_EVENTS = 500


def write_report(
    results: AUResult | Sequence[AUResult],
    path: str | os.PathLike[str],
    *,
    title: str = "Action units",
    thumbnails: Mapping[str, Sequence[Thumbnail]] | None = None,
) -> None:
    """Write one HTML page about `results`.

    Parameters
    ----------
    results : AUResult or sequence of AUResult
        One section each, in this order.
    path : path
        The HTML file; replaced as a whole if it exists.
    title : str
        Heading of the page.
    thumbnails : mapping of str to sequence of Thumbnail, optional
        Pictures to show, by `AUResult.input`.

    Raises
    ------
    InputError
        If there is no result, or the folder of `path` does not exist.
    """
    listed = [results] if isinstance(results, AUResult) else list(results)
    if not listed:
        raise InputError("results must hold at least one AUResult, got none")
    overview = _overview(listed) if len(listed) > 1 else ""
    sections = [
        _section(number, result, (thumbnails or {}).get(result.input, ()))
        for number, result in enumerate(listed, start=1)
    ]
    page = PAGE.substitute(
        title=escape(title), style=STYLE, overview=overview, sections="\n".join(sections)
    )
    write_atomically(path, page.encode("utf-8", "backslashreplace"))


def _overview(results: list[AUResult]) -> str:
    rows = []
    for number, result in enumerate(results, start=1):
        link = f'<a href="#input-{number}">{escape(result.input)}</a>'
        labels = ", ".join(_labels_on(result)) or "none"
        rows.append([link, str(_n_frames(result)), _found_text(result), labels])
    heads = ["Input", "Frames", "Face found", "Action units on"]
    return f"<section><h2>Overview</h2>{_table('Every input', heads, rows)}</section>"


def _section(number: int, result: AUResult, thumbnails: Sequence[Thumbnail]) -> str:
    blocks = [f"<h2>{escape(result.input)}</h2>", _facts(result), gallery(thumbnails)]
    for face_id in result.face_ids:
        if len(result.face_ids) > 1:
            blocks.append(f"<h3>Face {face_id}</h3>")
        blocks.append(_face(_on_every_frame(result, face_id)))
    blocks.append(_settings(result))
    return f'<section id="input-{number}">{"".join(blocks)}</section>'


def _face(face: AUResult) -> str:
    if not face.face_found.any():
        return '<p class="notice">No face was found.</p>'
    if len(face) == 1:
        return _peaks(face)
    return _timeline(face) + _peaks(face) + _events(face)


def _on_every_frame(result: AUResult, face_id: int) -> AUResult:
    """Return the rows of one face, with an empty row for every frame that has none of it."""
    face = result.face(face_id)
    frames, first_rows = np.unique(result.frame, return_index=True)
    rows = np.searchsorted(frames, face.frame)
    fields: dict[str, Any] = {
        "frame": frames,
        "timestamp_s": result.timestamp_s[first_rows],
        "face_id": np.full(len(frames), face_id),
    }
    for name in ("probabilities", "side", "points", "pose", "face_found", "confidence", "reliable"):
        values = getattr(face, name)
        empty = 0 if values.ndim == 1 else np.nan
        fields[name] = np.full((len(frames), *values.shape[1:]), empty, dtype=values.dtype)
        fields[name][rows] = values
    return replace(face, **fields)


def _facts(result: AUResult) -> str:
    facts = {"Frames": str(_n_frames(result))}
    if _n_frames(result) > 1:
        facts["Duration"] = f"{np.ptp(result.timestamp_s):.2f} s"
    facts["Face found"] = _found_text(result)
    if len(result.face_ids) > 1:
        facts["Faces"] = str(len(result.face_ids))
    facts["Neutral face"] = "; ".join(dict.fromkeys(result.neutral.values())) or "none"
    n_unreliable = int((result.face_found & ~result.reliable).sum())
    if n_unreliable:
        facts["Head turned too far"] = f"{n_unreliable} of {len(result)} rows"
    for key in ("model", "version"):
        if key in result.settings:
            facts[key.capitalize()] = str(result.settings[key])
    facts["Action units on"] = ", ".join(_labels_on(result)) or "none"
    items = (f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    return f'<dl class="facts">{"".join(items)}</dl>'


def _timeline(face: AUResult) -> str:
    caption = (
        "Probability of every action unit. Dashed: its threshold. Orange: events, with the apex "
        "marked. Grey: no face, or (above the chart) the head turned too far to rely on."
    )
    if len(face) > MAX_COLUMNS:
        n_frames = -(-len(face) // MAX_COLUMNS)
        caption += f" Every point is the highest of up to {n_frames} frames."
    return (
        f'<figure><div class="scroll">{timeline_svg(face)}</div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _peaks(face: AUResult) -> str:
    """Return the table of peaks, each as a bar with the threshold marked on it."""
    heads = [
        "AU",
        "Name",
        "Against threshold",
        "Probability",
        "Threshold",
        "Frame",
        "Frames on",
        "Decision",
    ]
    rows, on = [], []
    for peak in face.summary().reset_index().to_dict("records"):
        rows.append(
            [
                peak["au"],
                escape(peak["name"]),
                _bar(f"{peak['au']} {peak['name']}", peak["peak"], peak["threshold"]),
                f"{peak['peak']:.3f}",
                f"{peak['threshold']:.3f}",
                str(peak["frame"]),
                "&lt;1%" if peak["active"] and peak["share"] < 0.005 else f"{peak['share']:.0%}",
                "<b>on</b>" if peak["active"] else "off",
            ]
        )
        on.append(bool(peak["active"]))
    if len(face) > 1:
        return _table("The highest probability of every action unit", heads, rows, on)
    kept = [heads.index(head) for head in heads if head not in ("Frame", "Frames on")]
    rows = [[row[column] for column in kept] for row in rows]
    return _table("Action units", [heads[column] for column in kept], rows, on)


def _bar(name: str, probability: float, threshold: float) -> str:
    said = escape(f"{name}: probability {probability:.2f}, threshold {threshold:.2f}")
    return (
        f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{said}"><rect class="track" width="100" height="10"/>'
        f'<rect class="signal" y="1.5" width="{100 * probability:.1f}" height="7"/>'
        f'<line class="threshold" x1="{100 * threshold:.1f}" x2="{100 * threshold:.1f}" y1="0" '
        f'y2="10" vector-effect="non-scaling-stroke"/></svg>'
    )


def _events(face: AUResult) -> str:
    events = face.events()
    if not events:
        return ""
    rows = [
        [
            au_label(event.au),
            escape(ACTION_UNITS[event.au].name),
            *(f"{time:.2f}" for time in (event.onset_s, event.apex_s, event.offset_s)),
            f"{event.onset} to {event.offset}",
            f"{event.peak_probability:.3f}",
        ]
        for event in events[:MAX_EVENTS]
    ]
    heads = ["AU", "Name", "Onset (s)", "Apex (s)", "Offset (s)", "Frames", "Probability"]
    shown = f"{len(events)}" if len(events) == len(rows) else f"first {len(rows)} of {len(events)}"
    table = _table("When each action unit was on", heads, rows)
    return f"<details><summary>Events ({shown})</summary>{table}</details>"


def _settings(result: AUResult) -> str:
    text = json.dumps(result.settings, indent=2, ensure_ascii=False)
    return f"<details><summary>Settings</summary><pre>{escape(text)}</pre></details>"


def _table(
    caption: str, heads: list[str], rows: list[list[str]], on: list[bool] | None = None
) -> str:
    """Return a table; the first cell of every row is its heading. Cells are HTML."""
    kinds = [' class="number"' if head in NUMBER_COLUMNS else "" for head in heads]
    head = "".join(
        f'<th scope="col"{kind}>{text}</th>' for text, kind in zip(heads, kinds, strict=True)
    )
    body = []
    for number, row in enumerate(rows):
        cells = [f"<td{kind}>{cell}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True)]
        start = "<tr>" if on is None or on[number] else '<tr class="off">'
        body.append(f'{start}<th scope="row">{row[0]}</th>{"".join(cells)}</tr>')
    return (
        f'<div class="scroll"><table><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _n_frames(result: AUResult) -> int:
    return len(np.unique(result.frame))


def _found_text(result: AUResult) -> str:
    n_found, n_frames = len(np.unique(result.frame[result.face_found])), _n_frames(result)
    if n_frames == 1:
        return "yes" if n_found else "no"
    return f"in {n_found} of {n_frames} frames"


def _labels_on(result: AUResult) -> list[str]:
    return [au_label(result.aus[column]) for column in np.flatnonzero(result.active.any(axis=0))]
