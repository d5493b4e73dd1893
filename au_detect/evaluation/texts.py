"""What pages, cards and the command line say of an evaluation: the same words and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from au_detect.evaluation.protocols import SHARED_SUBJECTS_WARNING

RATE_TITLES = {
    "tpr": "TPR",
    "fpr": "FPR",
    "matched_tpr": "TPR matched",
    "auc": "AUC",
    "pr_auc": "PR-AUC",
    "f1": "F1",
    "f1_skew_normalised": "F1 norm.",
    "precision": "Precision",
    "kappa": "Kappa",
    "mcc": "MCC",
    "brier": "Brier",
}
UNDEFINED = "-"
SUMMARY_TITLES = {
    "mean_tpr": "mean TPR over AUs",
    "upper_tpr": "mean TPR, upper face",
    "lower_tpr": "mean TPR, lower face",
    "mean_fpr": "mean FPR over AUs",
    "mean_matched_tpr": "mean TPR at the matched FPR",
    "mean_auc": "mean AUC",
    "mean_pr_auc": "mean PR-AUC",
    "mean_precision": "mean precision",
    "mean_f1": "mean F1 (macro)",
    "mean_f1_skew_normalised": "mean F1, skew-normalised",
    "mean_kappa": "mean Cohen's kappa",
    "mean_mcc": "mean Matthews correlation",
    "mean_brier": "mean Brier score",
    "micro_tpr": "TPR over all cells (micro)",
    "micro_fpr": "FPR over all cells (micro)",
    "micro_precision": "precision over all cells (micro)",
    "micro_f1": "F1 over all cells (micro)",
    "hamming_loss": "Hamming loss",
}


def protocol_text(protocol: Mapping[str, Any]) -> str:
    """Return in words how training and test were divided."""
    name = protocol["name"]
    if name == "subject-kfold":
        return f"{protocol['n_folds']} folds; no subject is in training and test of a fold."
    if name == "loso":
        return f"Leave one subject out: {protocol['n_folds']} folds."
    if name == "random-quarter":
        return f"Warning: {SHARED_SUBJECTS_WARNING}"
    return str(protocol.get("text", name))


def labelling_text(labelling: Mapping[str, Any]) -> str:
    """Return in words when an AU counts as present, and what became of fainter ones."""
    faint = {
        "ignore": "fainter ones count neither way",
        "absent": "fainter ones count as absent",
    }[labelling["faint"]]
    return f"AUs count as present from intensity {labelling['minimum_intensity']:g}; {faint}."


def number_text(value: float | None, *, signed: bool = False) -> str:
    """Return a rate with three decimals, or a dash where it is undefined."""
    if value is None:
        return UNDEFINED
    return f"{value:+.3f}" if signed else f"{value:.3f}"


def interval_text(value: Sequence[float | None], *, signed: bool = False) -> str:
    """Return a rate with its interval in brackets."""
    middle, low, high = (number_text(part, signed=signed) for part in value)
    return middle if low == UNDEFINED else f"{middle} [{low}, {high}]"


def summary_rows(document: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of the table of means."""
    rows = [
        [title, interval_text(document["summary"][name])] for name, title in SUMMARY_TITLES.items()
    ]
    return ["Number", "Value"], rows


TABLES: dict[str, tuple[str, ...]] = {
    "Decisions at the thresholds": ("tpr", "fpr", "precision", "f1", "f1_skew_normalised"),
    "At whatever threshold": ("matched_tpr", "auc", "pr_auc"),
    "Agreement with the coders": ("kappa", "mcc", "brier"),
}
"""Rates that stand in one table, which fits a page, by its title."""


def au_tables(document: Mapping[str, Any]) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return caption, heads and rows of the tables of action units, with intervals."""
    counts = ("tp", "fp", "fn", "tn")
    tables = [
        (
            "How often each was coded and detected",
            ["AU", "Positives", "Subjects", "TP", "FP", "FN", "TN"],
            [
                [label, str(au["n_positive"]), str(au["n_positive_subjects"])]
                + [str(au[count]) for count in counts]
                for label, au in document["aus"].items()
            ],
        )
    ]
    for title, rates in TABLES.items():
        rows = [
            [label, *(interval_text(au["rates"][rate]) for rate in rates)]
            for label, au in document["aus"].items()
        ]
        tables.append((title, ["AU", *(RATE_TITLES[rate] for rate in rates)], rows))
    return tables


def mean_over_text(document: Mapping[str, Any]) -> str:
    """Return in words which AUs all means are over."""
    return f"the {len(document['mean_over'])} AUs seen present and absent"


def plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table for a terminal: columns aligned, the first to the left."""
    columns = list(zip(heads, *rows, strict=True))
    first, *widths = (max(map(len, column)) for column in columns)
    lines = []
    for head, *cells in (heads, *rows):
        aligned = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append("  ".join([head.ljust(first), *aligned]).rstrip())
    return "\n".join(lines)


def evaluation_text(document: Mapping[str, Any]) -> str:
    """Return what the command line says of an evaluation."""
    data = document["data"]
    lines = [
        f"{data['n_sequences']} sequences of {data['n_subjects']} subjects. "
        f"{protocol_text(document['protocol'])} {labelling_text(document['labelling'])}",
    ]
    if data["dropped_aus"]:
        listed = ", ".join(f"{au} ({n})" for au, n in data["dropped_aus"].items())
        lines.append(f"Left out, because too few subjects show them: {listed}")
    heads = ["AU", "Positives", "Subjects", *RATE_TITLES.values()]
    rows = [
        [
            label,
            str(au["n_positive"]),
            str(au["n_positive_subjects"]),
            *(number_text(au["rates"][rate][0]) for rate in RATE_TITLES),
        ]
        for label, au in document["aus"].items()
    ]
    matched = f"TPR matched: at FPR {100 * document['matched_fpr']:g} %, at whatever threshold"
    lines += ["", plain_table(heads, rows), matched, "", f"Means over {mean_over_text(document)}:"]
    lines.append(plain_table(*summary_rows(document)))
    if document["emotions"]:
        emotions = document["emotions"]
        lines += [
            "",
            f"Emotions by rule, {emotions['n']} sequences: accuracy "
            f"{interval_text(emotions['coded']['accuracy'])} from the coded AUs, "
            f"{interval_text(emotions['detected']['accuracy'])} from the detected ones",
        ]
    return "\n".join(lines)


def comparison_text(document: Mapping[str, Any]) -> str:
    """Return what the command line says of a comparison."""
    names = list(document["summary"])
    data = document["data"]
    lines = [
        f"{data['n_sequences']} sequences of {data['n_subjects']} subjects. "
        f"{protocol_text(document['protocol'])} {labelling_text(document['labelling'])}",
        "",
    ]
    rows = [
        [label, str(au["n_positive"]), *(_numbers(au, name) for name in names)]
        for label, au in document["aus"].items()
    ]
    means = {
        name: {rate: document["summary"][name][f"mean_{rate}"][0] for rate in COMPARISON_RATES}
        for name in names
    }
    rows.append(["mean", "", *(_triple(means[name].values()) for name in names)])
    matched = f"{100 * document['matched_fpr']:g} %"
    lines += [
        f"ROC AUC / TPR / TPR at FPR {matched}, n: positives",
        f"Means over {mean_over_text(document)}",
        plain_table(["AU", "n", *names], rows),
        "",
    ]
    numbers = ("mean_auc", "mean_matched_tpr", "mean_tpr", "mean_fpr")
    compared = [
        [name, *(interval_text(values[number], signed=True) for number in numbers)]
        for name, values in document["differences"].items()
    ]
    if compared:
        lines.append(f"Difference from {document['reference']}, with {interval_of(document)}")
        lines += [plain_table(["", *(n.replace("_", " ") for n in numbers)], compared), ""]
    caption, heads, rows = score_table(document)
    lines += [caption, plain_table(heads, rows), ""]
    return "\n".join([*lines, *document["answers"]]).rstrip()


COMPARISON_RATES = ("auc", "tpr", "matched_tpr")
SCORE_TITLES = {
    "hamming_score": "Hamming score", "precision": "precision", "recall": "recall",
    "exact": "all right",
}  # fmt: skip
COST_TITLES = {"fit_s": "fit s", "frame_ms": "frame ms", "size_mb": "MB"}


def score_table(document: Mapping[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """Return caption, heads and rows: multi-label scores and cost of everything compared."""
    caption = (
        "All AUs of a face at once, means over faces; what a model costs on one core (a frame: "
        "without finding landmarks)"
    )
    rows = [
        [
            name,
            *(number_text(document["multilabel"][name][score]) for score in SCORE_TITLES),
            *(_cost_text(document["costs"][name].get(cost)) for cost in COST_TITLES),
        ]
        for name in document["summary"]
    ]
    return caption, ["classifier", *SCORE_TITLES.values(), *COST_TITLES.values()], rows


def _cost_text(cost: float | None) -> str:
    return "-" if cost is None else f"{cost:.3g}"


def interval_of(document: Mapping[str, Any]) -> str:
    """Return in words what the intervals of a comparison allow for."""
    n = document["n_repeats"]
    if n == 1:
        return "95 % intervals over people alone: another seed may move it more"
    return f"95 % intervals over people and {n} trainings with other folds and seeds"


def _numbers(au: Mapping[str, Any], name: str) -> str:
    return _triple(au[rate][name] for rate in COMPARISON_RATES)


def _triple(values: Iterable[float | None]) -> str:
    return " / ".join(number_text(value) for value in values)
