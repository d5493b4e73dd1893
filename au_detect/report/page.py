"""One self-contained HTML page about one or more results.

The page needs no network and no other file: its charts are inline SVG, its pictures and its script
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

from au_detect.emotions import EmotionResult, EmotionRule
from au_detect.errors import InputError
from au_detect.facs import au_label
from au_detect.landmarks.models import NAMES, networks_name
from au_detect.paths import packaged_folder
from au_detect.report.script import SCRIPT, SCRIPT_HASH
from au_detect.report.style import html_page
from au_detect.report.tables import emotion_table, event_table, html_table, peak_table
from au_detect.report.timeline import MAX_COLUMNS, timeline_svg
from au_detect.report.viewer import View, collect_views, viewer_html
from au_detect.results import AUResult
from au_detect.results.files import write_atomically

FOOTER = """A probability says how likely it is that the action unit is present, not how strong it
is. An action unit is on where its probability reaches its threshold. Frames count from 0. Left
and right are the subject's. The score of an emotion says how much of its rule is seen; it is no
probability."""


def write_report(
    results: AUResult | Sequence[AUResult],
    path: str | os.PathLike[str],
    *,
    title: str = "Action units",
    sources: Mapping[str, Any] | None = None,
    rules: Sequence[EmotionRule] | None = None,
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
    sources : mapping of str to source, optional
        `AUResult.input` -> its pictures or clip, as `AUDetector.run` takes them, to show frames of.
    rules : sequence of EmotionRule, optional
        By default the packaged ones.

    Raises
    ------
    InputError
        If there is no result, a source cannot be read, or the folder of `path` does not exist.
    """
    listed = [results] if isinstance(results, AUResult) else list(results)
    if not listed:
        raise InputError("results must hold at least one AUResult, got none")
    emotions = [result.emotions(rules) for result in listed]
    overview = _overview(listed, emotions) if len(listed) > 1 else ""
    n_faces = sum(len(result.face_ids) for result in listed)
    sections = []
    for number, (result, found) in enumerate(zip(listed, emotions, strict=True), start=1):
        views = collect_views(result, (sources or {}).get(result.input), found, n_faces)
        sections.append(_section(number, result, found, views))
    page = html_page(
        title,
        "\n".join([overview, *sections, _model_card(listed)]),
        FOOTER,
        script=SCRIPT,
        script_hash=SCRIPT_HASH,
    )
    write_atomically(path, page.encode("utf-8", "backslashreplace"))


def _overview(results: list[AUResult], emotions: list[EmotionResult]) -> str:
    rows = []
    for number, (result, found) in enumerate(zip(results, emotions, strict=True), start=1):
        link = f'<a href="#input-{number}">{escape(result.input)}</a>'
        labels = ", ".join(_labels_on(result)) or "none"
        rows.append(
            [link, str(_n_frames(result)), _found_text(result), labels, _emotion_text(found)]
        )
    heads = ["Input", "Frames", "Face found", "Action units on", "Emotion at the apex"]
    return f"<section><h2>Overview</h2>{html_table('Every input', heads, rows)}</section>"


def _emotion_text(emotions: EmotionResult) -> str:
    """Return the emotion of every face at its apex."""
    apexes = [emotions.at_apex(face_id) for face_id in np.unique(emotions.face_id).tolist()]
    named = [f"{a.emotion} {a.ranking[0][1]:.2f}" for a in apexes if a is not None]
    return escape("; ".join(named)) or "none"


def _section(
    number: int, result: AUResult, emotions: EmotionResult, views: Mapping[int, list[View]]
) -> str:
    blocks = [f"<h2>{escape(result.input)}</h2>", _facts(result)]
    for face_id in result.face_ids:
        if len(result.face_ids) > 1:
            blocks.append(f"<h3>Face {face_id}</h3>")
        chart = f"timeline-{number}-{face_id}"
        shown = viewer_html(result, views.get(face_id, []), emotions, chart)
        table = emotion_table(emotions, face_id)
        blocks.append(_face(_on_every_frame(result, face_id), shown, table, chart))
    blocks.append(_settings(result))
    return f'<section id="input-{number}">{"".join(blocks)}</section>'


def _face(face: AUResult, viewer: str, emotions: str, chart: str) -> str:
    if not face.face_found.any():
        return '<p class="notice">No face was found.</p>'
    if len(face) == 1:
        return viewer + emotions + peak_table(face)
    return viewer + _timeline(face, chart) + emotions + peak_table(face) + event_table(face)


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
    return replace(face, **fields, evidence=None)


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


def _timeline(face: AUResult, chart: str) -> str:
    caption = (
        "Probability of every action unit. Dashed: its threshold. Orange: events, with the apex "
        "marked. Grey: no face, or (above the chart) the head turned too far to rely on."
    )
    if len(face) > MAX_COLUMNS:
        n_frames = -(-len(face) // MAX_COLUMNS)
        caption += f" Every point is the highest of up to {n_frames} frames."
    return (
        f'<p class="readout" data-chart="{chart}">Point at the chart to read a frame.</p>'
        f'<figure><div class="scroll">{timeline_svg(face, chart)}</div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _settings(result: AUResult) -> str:
    text = json.dumps(result.settings, indent=2, ensure_ascii=False)
    return f"<details><summary>Settings</summary><pre>{escape(text)}</pre></details>"


def _model_card(results: list[AUResult]) -> str:
    """Return the card of the packaged models, if one of them made a result."""
    names = {networks_name(landmark_model) for landmark_model in NAMES}
    if not any(result.settings.get("model") in names for result in results):
        return ""
    file = packaged_folder("models") / "MODEL_CARD.rst"
    if not file.is_file():
        return ""
    text = escape(file.read_text(encoding="utf-8"))
    return f"<section><details><summary>Model card</summary><pre>{text}</pre></details></section>"


def _n_frames(result: AUResult) -> int:
    return len(np.unique(result.frame))


def _found_text(result: AUResult) -> str:
    n_found, n_frames = len(np.unique(result.frame[result.face_found])), _n_frames(result)
    if n_frames == 1:
        return "yes" if n_found else "no"
    return f"in {n_found} of {n_frames} frames"


def _labels_on(result: AUResult) -> list[str]:
    return [au_label(result.aus[column]) for column in np.flatnonzero(result.active.any(axis=0))]
