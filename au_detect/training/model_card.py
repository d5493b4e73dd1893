"""The model card of a model folder, written from the numbers of its evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from au_detect.classifiers.manifest import Manifest
from au_detect.evaluation.intensity_texts import (
    WHAT_SIDES_ARE,
    WHAT_THEY_ARE,
    intensity_tables,
)
from au_detect.evaluation.texts import interval_text, labelling_text, protocol_text, summary_rows
from au_detect.facs import au_label

CARD_NAME = "MODEL_CARD.rst"
RATES = ("tpr", "fpr", "f1", "auc")

PURPOSE = """\
Action units in faces that look roughly at the camera, one person at a time, best compared with
his or her own neutral face: research, teaching, prototypes. Not for decisions about people: not
for hiring, policing, lie detection, diagnosis or marking exams. An action unit is a movement; what
somebody feels does not follow from it."""

CAUTION = """\
The numbers hold for people and pictures like those that were measured; others can be worse, and
nobody has measured this model on other groups of people. Brackets hold 95 % intervals from a
bootstrap over subjects, or Wilson's where fewer than ten people show an AU. An AU is experimental
where its AUC is low or nobody who measures shows it. A probability says how likely an AU is, not
how strong."""


def model_card(manifest: Manifest, document: Mapping[str, Any]) -> str:
    """Return the card as reStructuredText.

    Parameters
    ----------
    manifest : Manifest
        Of the model folder.
    document : mapping
        Of the evaluation whose numbers are told (`evaluation_document`).
    """
    heads, rows = _au_rows(manifest, document)
    parts = [
        _title("Model card", "="),
        _title("What it is for"), PURPOSE,
        _title("Data"), _data(manifest, document),
        _title("Recipe"), _recipe(manifest),
        _title("How good it is"), _measured(document),
        rst_table(*summary_rows(document)),
        rst_table(heads, rows),
        *_intensity(document.get("intensity")),
        _title("Known limits"), CAUTION, _left_out(manifest),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def rst_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a simple table in reStructuredText."""
    columns = list(zip(heads, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *rows)
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def _title(text: str, line: str = "-") -> str:
    return f"{text}\n{line * len(text)}"


def _data(manifest: Manifest, document: Mapping[str, Any]) -> str:
    lines = [f"Landmarks of ``{manifest.landmark_model}``. Trained on:", ""]
    for part in manifest.training["collections"]:
        measured = "landmarks and furrows" if part["has_furrows"] else "landmarks alone"
        role = "" if part["role"] == "own" else ", extra: they trained and did nothing else"
        lines.append(f"* {part['n_rows']} rows of {part['n_subjects']} subjects, {measured}{role};")
    started = manifest.training["started_from"]
    if started:
        lines += ["", _start_text(started, manifest.training["chosen"])]
    data = document["data"]
    lines += ["", f"Measured on {data['n_sequences']} sequences of {data['n_subjects']} subjects."]
    return "\n".join(lines)


def _start_text(started: Mapping[str, Any], chosen: Mapping[str, Mapping[str, Any]]) -> str:
    ways = ", ".join(f"{face} face: {part['start']}" for face, part in chosen.items())
    return (
        f"Training began from the networks of the model ``{started['model']}`` (au_detect "
        f"{started['au_detect_version']}, SHA-256 {started['sha256'][:12]}...); {ways}."
    )


def _recipe(manifest: Manifest) -> str:
    recipe = manifest.training["recipe"]
    told = "\n".join(f"* ``{name}``: {value}" for name, value in recipe.items())
    made = f"Made by au_detect {manifest.au_detect_version}."
    return f"{made} The same data and recipe give the same networks.\n\n{told}"


def _measured(document: Mapping[str, Any]) -> str:
    said = f"{protocol_text(document['protocol'])} {labelling_text(document['labelling'])}"
    return f"{said} Intervals: {document['interval']}."


def _au_rows(manifest: Manifest, document: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    heads = ["AU", "Name", "Positives", "TPR", "FPR", "F1", "AUC"]
    experimental = {au_label(au) for entry in manifest.networks for au in entry.experimental}
    rows = [
        [
            f"{label}{' (experimental)' if label in experimental else ''}",
            au["name"],
            str(au["n_positive"]),
            *(interval_text(au["rates"][rate]) for rate in RATES),
        ]
        for label, au in document["aus"].items()
    ]
    return heads, rows


def _intensity(intensity: Mapping[str, Any] | None) -> list[str]:
    if not intensity:
        return []
    tables = [rst_table(heads, rows) for _, heads, rows in intensity_tables(intensity)[:-1]]
    notes = (WHAT_THEY_ARE, WHAT_SIDES_ARE)
    told = [part for pair in zip(notes, tables, strict=False) for part in pair]
    return [_title("How good its intensities are"), *told]


def _left_out(manifest: Manifest) -> str:
    dropped = manifest.training["dropped_aus"]
    if not dropped:
        return ""
    listed = ", ".join(f"{au} ({n})" for au, n in sorted(dropped.items()))
    return f"Not learnt, because too few subjects show them (how many do): {listed}."
