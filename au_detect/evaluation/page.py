"""One self-contained HTML page about an evaluation, a comparison, or both."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from os import PathLike
from typing import Any

from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.charts import history_charts, matrix_chart, reliability_chart, roc_charts
from au_detect.evaluation.comparison import SUMMARY
from au_detect.evaluation.texts import (
    interval_text,
    number_text,
    protocol_text,
    summary_rows,
    table_rows,
)
from au_detect.evaluation.worst_pictures import worst_gallery
from au_detect.report.style import html_page
from au_detect.results.files import write_atomically

FOOTER = """Brackets hold 95 % intervals from a bootstrap over subjects; where every positive was
found they cannot show how few there were. A dash is a number that is undefined."""

EVALUATION_STYLE = """
.scroll + .scroll, .scroll + details { margin-top: 1.5rem; }
.narrow table { width: auto; }
.narrow td { padding-left: 2.5rem; }
.charts { display: flex; flex-wrap: wrap; gap: .75rem 1rem; margin-bottom: 1.25rem; }
.charts svg { flex: 0 0 12rem; width: 12rem; }
.matrix { display: block; width: 100%; }
.gallery { display: flex; flex-wrap: wrap; gap: 1rem; }
.gallery figure { flex: 0 1 13rem; margin: 0; }
.gallery svg { background: var(--panel); border-radius: 4px; }
svg .frame { fill: none; stroke: var(--line); }
svg .curve { fill: none; stroke: var(--signal); stroke-width: 1.5; stroke-opacity: .8; }
svg .dashed { stroke: var(--event); stroke-dasharray: 4 3; }
svg .shade { fill: var(--signal); }
svg .tick.full { fill: var(--paper); }
svg .tick.faint { fill: var(--ink); }
.answer { padding: .75rem 1rem; background: var(--panel); border-radius: 4px; }
""".strip()


def write_evaluation_page(
    path: str | PathLike[str],
    sequences: LabelledSequences,
    evaluation: Mapping[str, Any] | None = None,
    comparison: Mapping[str, Any] | None = None,
    *,
    title: str = "How well action units are detected",
) -> None:
    """Write the page; an older file is replaced whole.

    Parameters
    ----------
    path : path
    sequences : LabelledSequences
        The collection, for the pictures of what went wrong.
    evaluation : mapping, optional
        What `evaluation_document` returned.
    comparison : mapping, optional
        What `comparison_document` returned.
    title : str
    """
    sections = []
    if comparison is not None:
        sections += _comparison(comparison)
    if evaluation is not None:
        sections += _evaluation(evaluation, sequences)
    body = "\n".join(f"<section>{section}</section>" for section in sections)
    page = html_page(title, body, FOOTER, style=EVALUATION_STYLE)
    write_atomically(path, page.encode("utf-8", "backslashreplace"))


def _evaluation(document: Mapping[str, Any], sequences: LabelledSequences) -> list[str]:
    labels = list(document["aus"])
    settings = escape(json.dumps(document["classifier"], indent=2, ensure_ascii=False))
    sections = [
        f"<h2>Result</h2>{_facts(document)}"
        + f'<div class="narrow">{_table("Everything together", *summary_rows(document))}</div>',
        "<h2>Action units</h2>" + _table("Every action unit by itself", *table_rows(document)),
        "<h2>ROC curves</h2><p>True-positive rate against false-positive rate over all thresholds;"
        " the dot is the threshold in use.</p>" + roc_charts(document["aus"]),
        "<h2>Do probabilities mean what they say?</h2>" + _reliability(document),
        "<h2>What goes with what</h2>" + _matrices(document, labels),
    ]
    if document["emotions"]:
        sections.append("<h2>Emotions</h2>" + _emotions(document["emotions"]))
    if document["history"]:
        said = "<p>Solid: training; dashed: held-out subjects. One pair of lines per network.</p>"
        sections.append(f"<h2>Training</h2>{said}{history_charts(document['history'])}")
    if document["worst"]:
        gallery = worst_gallery(document["worst"], sequences)
        sections.append(f"<h2>What went most wrong</h2>{gallery}")
    sections.append(f"<details><summary>Settings</summary><pre>{settings}</pre></details>")
    return sections


def _comparison(document: Mapping[str, Any]) -> list[str]:
    names = list(document["summary"])
    heads = ["Classifier", *(number.replace("_", " ") for number in SUMMARY)]
    rows = [
        [escape(name), *(interval_text(document["summary"][name][n]) for n in SUMMARY)]
        for name in names
    ]
    differences = [
        [escape(name), *(interval_text(numbers[n], signed=True) for n in SUMMARY)]
        for name, numbers in document["differences"].items()
    ]
    aus = [
        [label, *(number_text(au["auc"][name]) for name in names)]
        for label, au in document["aus"].items()
    ]
    answers = "".join(f'<p class="answer">{escape(text)}</p>' for text in document["answers"])
    notice = protocol_text(document["protocol"])
    return [
        f"<h2>Comparison</h2><p>{escape(notice)}</p>{answers}"
        + _table("Means over the action units", heads, rows)
        + _table(f"Differences from {document['reference']}, same people", heads, differences)
        + _table("ROC AUC of every action unit", ["AU", *names], aus)
    ]


def _facts(document: Mapping[str, Any]) -> str:
    data, classifier = document["data"], document["classifier"]
    facts = {
        "Sequences": str(data["n_sequences"]),
        "Subjects": str(data["n_subjects"]),
        "Classifier": str(classifier.get("model", "")),
        "Landmarks": str(data["landmark_model"]),
        "Protocol": str(document["protocol"]["name"]),
    }
    if data["dropped_aus"]:
        listed = (f"{au} ({n})" for au, n in data["dropped_aus"].items())
        facts["Left out: too few subjects show them"] = ", ".join(listed)
    items = (f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    notice = escape(protocol_text(document["protocol"]))
    return f'<dl class="facts">{"".join(items)}</dl><p class="notice">{notice}</p>'


def _reliability(document: Mapping[str, Any]) -> str:
    error = document["reliability"]["calibration_error"]
    brier = document["summary"]["mean_brier"]
    return (
        f"<p>How often AUs are present (up) that were given a probability (right). Mean distance "
        f"from the diagonal {number_text(error)}; mean Brier score "
        f"{interval_text(brier)}. All action units together.</p>"
        + reliability_chart(document["reliability"])
    )


def _matrices(document: Mapping[str, Any], labels: Sequence[str]) -> str:
    told = (
        ("Mistaken: per cent of the faces that show the AU of the row, and not that of the column, "
         "in which the column's is detected (diagonal: true-positive rate)",
         document["confusion"]),
        ("Coded together: per cent of the faces with the row's AU that have the column's",
         document["cooccurrence"]["coded"]),
        ("Detected together", document["cooccurrence"]["detected"]),
    )  # fmt: skip
    first, *others = (
        f"<figure>{matrix_chart(matrix, labels)}<figcaption>{title}</figcaption></figure>"
        for title, matrix in told
    )
    return f"{first}<details><summary>Co-occurrence</summary>{''.join(others)}</details>"


def _emotions(emotions: Mapping[str, Any]) -> str:
    parts = [f"<p>{emotions['n']} sequences with a labelled emotion, named by rules.</p>"]
    for kind in ("coded", "detected"):
        caption = f"From {kind} AUs: accuracy {interval_text(emotions[kind]['accuracy'])}"
        rows = [
            [escape(name), *map(str, counts)]
            for name, counts in zip(emotions["emotions"], emotions[kind]["confusion"], strict=True)
        ]
        parts.append(_table(caption, ["Labelled", *emotions["answers"]], rows))
    return "".join(parts)


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of numbers; the first cell of every row is its heading. Cells are HTML."""
    head = "".join(
        f'<th scope="col"{kind}>{text}</th>'
        for text, kind in zip(heads, ["", *[' class="number"'] * (len(heads) - 1)], strict=True)
    )
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f'<td class="number">{cell}</td>' for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
