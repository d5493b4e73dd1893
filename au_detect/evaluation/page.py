"""One self-contained HTML page about an evaluation, a comparison, or both.

What it says is computed here, from the documents; how it looks stands in ``evaluation.html`` among
the page templates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.charts import history_charts, rate_dots, reliability_chart, roc_charts
from au_detect.evaluation.comparison import SUMMARY
from au_detect.evaluation.intensity_texts import (
    WHAT_SIDES_ARE,
    WHAT_THEY_ARE,
    intensity_tables,
)
from au_detect.evaluation.texts import (
    au_tables,
    interval_of,
    interval_text,
    labelling_text,
    mean_over_text,
    number_text,
    protocol_text,
    score_table,
    summary_rows,
)
from au_detect.evaluation.worst_pictures import worst_faces
from au_detect.report.environment import write_page

Table = tuple[str, list[str], list[list[str]]]
"""Caption, heads, and rows of texts; the first text of a row is its heading."""


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
    write_page(
        path,
        "evaluation.html",
        title=title,
        comparison=None if comparison is None else _comparison_values(comparison),
        evaluation=None if evaluation is None else _evaluation_values(evaluation, sequences),
    )


def _evaluation_values(document: Mapping[str, Any], sequences: LabelledSequences) -> dict[str, Any]:
    emotions = document["emotions"]
    return {
        "facts": _facts(document),
        "protocol": _protocol(document),
        "dots": rate_dots(document["aus"]),
        "mean_over": mean_over_text(document),
        "summary_table": summary_rows(document),
        "au_tables": au_tables(document),
        "roc": roc_charts(document["aus"]),
        "reliability": reliability_chart(document["reliability"]),
        "calibration_error": number_text(document["reliability"]["calibration_error"]),
        "brier": interval_text(document["summary"]["mean_brier"]),
        "labels": list(document["aus"]),
        "confusion": document["confusion"],
        "cooccurrence": document["cooccurrence"],
        "intensity": _intensity_values(document["intensity"]),
        "emotions": {"n": emotions["n"], "tables": _emotion_tables(emotions)} if emotions else None,
        "losses": history_charts(document["history"]),
        "worst": worst_faces(document["worst"], sequences),
        "settings": json.dumps(document["classifier"], indent=2, ensure_ascii=False),
    }


def _intensity_values(intensity: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if intensity is None:
        return None
    note = f"{WHAT_THEY_ARE} {WHAT_SIDES_ARE}" if intensity["sides"] else WHAT_THEY_ARE
    return {"note": note, "tables": intensity_tables(intensity)}


def _facts(document: Mapping[str, Any]) -> dict[str, str]:
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
    return facts


def _emotion_tables(emotions: Mapping[str, Any]) -> list[Table]:
    """Return a table of labelled emotions and answers, from coded and from detected AUs."""
    tables = []
    for kind in ("coded", "detected"):
        caption = f"From {kind} AUs: accuracy {interval_text(emotions[kind]['accuracy'])}"
        confusion = zip(emotions["emotions"], emotions[kind]["confusion"], strict=True)
        rows = [[name, *map(str, counts)] for name, counts in confusion]
        tables.append((caption, ["Labelled", *emotions["answers"]], rows))
    return tables


def _comparison_values(document: Mapping[str, Any]) -> dict[str, Any]:
    means, differences = document["summary"], document["differences"]
    tables: list[Table] = []
    for names in (SUMMARY[:4], SUMMARY[4:]):
        heads = ["Classifier", *(number.replace("_", " ") for number in names)]
        caption = f"Means over {mean_over_text(document)}"
        tables.append((caption, heads, _interval_rows(means, names)))
        if differences:
            caption = f"Differences from {document['reference']}, {interval_of(document)}"
            tables.append((caption, heads, _interval_rows(differences, names, signed=True)))
    tables.append(score_table(document))
    matched = f"TPR at FPR {100 * document['matched_fpr']:g} %"
    for rate, title in (("tpr", "TPR at thresholds"), ("matched_tpr", matched), ("auc", "AUC")):
        rows = [
            [label, *(f"{number_text(au[rate][name])} ({au['n_positive']})" for name in means)]
            for label, au in document["aus"].items()
        ]
        tables.append((f"{title}, in brackets the positives", ["AU", *means], rows))
    return {
        "protocol": _protocol(document),
        "dots": rate_dots(document["aus"], list(means)),
        "answers": document["answers"],
        "tables": tables,
    }


def _protocol(document: Mapping[str, Any]) -> str:
    return f"{protocol_text(document['protocol'])} {labelling_text(document['labelling'])}"


def _interval_rows(
    numbers: Mapping[str, Any], names: Sequence[str], *, signed: bool = False
) -> list[list[str]]:
    return [
        [name, *(interval_text(of_name[number], signed=signed) for number in names)]
        for name, of_name in numbers.items()
    ]
