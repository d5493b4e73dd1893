"""Tables of a report: peaks, events, emotions."""

from __future__ import annotations

from html import escape

from au_detect.emotions import EmotionResult
from au_detect.facs import ACTION_UNITS, au_label
from au_detect.results import AUResult

NUMBER_COLUMNS = (
    *("Probability", "Threshold", "Frame", "Frames", "Frames on", "Score"),
    *("Onset (s)", "Apex (s)", "Offset (s)"),
)
MAX_EVENTS = 500
N_EMOTIONS = 3


def emotion_table(emotions: EmotionResult, face_id: int) -> str:
    """Return the best emotions of one face at its apex; nothing if no row shows it."""
    apex = emotions.at_apex(face_id)
    if apex is None:
        return ""
    rows = []
    for name, score in apex.ranking[:N_EMOTIONS]:
        matched = missing = against = ""
        if name in {rule.name for rule in emotions.rules}:
            match = emotions.match(apex.row, name)
            matched = " ".join(au_label(au) for au in match.matched)
            missing = ", ".join(_labels(text) for text in match.missing)
            against = " ".join(au_label(au) for au in match.against)
        said = f"{name}: score {score:.2f}"
        cells = [escape(name), _score_bar(said, score), f"{score:.2f}", matched, missing, against]
        rows.append(cells)
    heads = ["Emotion", "How much of the rule", "Score", "Matched", "Missing", "Against"]
    place = f" around the apex, frame {apex.frame}" if len(emotions) > 1 else ""
    return html_table(f"Emotions{place}", heads, rows)


def _labels(choice: str) -> str:
    """Return a choice of a rule in words: ``"26|27"`` is ``"AU26 or AU27"``."""
    return " or ".join(au_label(int(au)) for au in choice.split("|"))


def _score_bar(said: str, score: float) -> str:
    return (
        f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(said)}"><rect class="track" width="100" height="10"/>'
        f'<rect class="signal" y="1.5" width="{100 * score:.1f}" height="7"/></svg>'
    )


def peak_table(face: AUResult) -> str:
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
        return html_table("The highest probability of every action unit", heads, rows, on)
    kept = [heads.index(head) for head in heads if head not in ("Frame", "Frames on")]
    rows = [[row[column] for column in kept] for row in rows]
    return html_table("Action units", [heads[column] for column in kept], rows, on)


def _bar(name: str, probability: float, threshold: float) -> str:
    said = escape(f"{name}: probability {probability:.2f}, threshold {threshold:.2f}")
    return (
        f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{said}"><rect class="track" width="100" height="10"/>'
        f'<rect class="signal" y="1.5" width="{100 * probability:.1f}" height="7"/>'
        f'<line class="threshold" x1="{100 * threshold:.1f}" x2="{100 * threshold:.1f}" y1="0" '
        f'y2="10" vector-effect="non-scaling-stroke"/></svg>'
    )


def event_table(face: AUResult) -> str:
    """Return the table of events, folded; nothing if there is none."""
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
    table = html_table("When each action unit was on", heads, rows)
    return f"<details><summary>Events ({shown})</summary>{table}</details>"


def html_table(
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
