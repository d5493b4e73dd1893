"""The charts of an evaluation as numbers in [0, 1]; they read the document that `document` makes.

``charts.html`` among the page templates draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def roc_charts(aus: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the ROC curve of each AU, with the point that its threshold stands for.

    Parameters
    ----------
    aus : mapping
        ``aus`` of an evaluation's document.

    Returns
    -------
    list of dict
        ``title``; ``points`` of false- and true-positive rate; ``dots`` (fpr, tpr, text).
    """
    charts = []
    for label, au in aus.items():
        tpr, fpr, auc = (au["rates"][name][0] for name in ("tpr", "fpr", "auc"))
        known = tpr is not None and fpr is not None
        charts.append(
            {
                "title": f"{label}, AUC {'undefined' if auc is None else f'{auc:.3f}'}",
                "points": list(zip(au["roc"]["fpr"], au["roc"]["tpr"], strict=True)),
                "dots": [(fpr, tpr, f"TPR {tpr:.3f}, FPR {fpr:.3f}")] if known else [],
            }
        )
    return charts


LARGEST_FPR = 0.2
"""Where the scale of false-positive rates ends; what is beyond stands at its end."""


def rate_dots(aus: Mapping[str, Any], models: Sequence[str] | None = None) -> dict[str, Any]:
    """Return true- and false-positive rates of each AU as dots with intervals, side by side.

    Parameters
    ----------
    aus : mapping
        ``aus`` of the document of an evaluation, or of a comparison.
    models : sequence of str, optional
        Of a comparison.

    Returns
    -------
    dict
        ``models``; ``largest_fpr``; ``rows`` with ``label``, ``n`` positives, and ``dots``: for
        each model ``tpr`` and ``fpr`` as (value, low, high) shares of their scale, or None, and
        ``said``.
    """
    rows = []
    for label, au in aus.items():
        rates = [au["rates"]] if models is None else [au["rates"][name] for name in models]
        dots = []
        for number, of_model in enumerate(rates):
            told = ", ".join(
                f"{name.upper()} {of_model[name][0]:.3f}"
                for name in ("tpr", "fpr")
                if of_model[name][0] is not None
            )
            name = f"{models[number]}, " if models else ""
            dots.append(
                {
                    "tpr": _on_scale(of_model["tpr"], 1.0),
                    "fpr": _on_scale(of_model["fpr"], LARGEST_FPR),
                    "said": f"{name}{label}: {told or 'undefined'}",
                }
            )
        rows.append({"label": label, "n": au["n_positive"], "dots": dots})
    return {"models": list(models or ()), "largest_fpr": LARGEST_FPR, "rows": rows}


def _on_scale(rate: Sequence[float | None], largest: float) -> tuple[float, float, float] | None:
    value, low, high = rate
    if value is None:
        return None
    ends = [value if end is None else end for end in (low, high)]
    shares = [min(part / largest, 1.0) for part in (value, *ends)]
    return shares[0], shares[1], shares[2]


def reliability_chart(reliability: Mapping[str, Any]) -> dict[str, Any]:
    """Return how often AUs were there against the probability that they were given.

    Parameters
    ----------
    reliability : mapping
        ``reliability`` of an evaluation's document.

    Returns
    -------
    dict
        ``points`` of probability and frequency, and ``dots`` (probability, frequency, text).
    """
    rows = zip(reliability["predicted"], reliability["observed"], reliability["n"], strict=True)
    told = [(p, o, f"probability {p:.2f}: {o:.2f} of {n} present") for p, o, n in rows if n]
    return {"points": [(p, o) for p, o, _ in told], "dots": told}


def history_charts(history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the losses by epoch, a chart for each half of the face; two lines per network.

    Parameters
    ----------
    history : sequence of mapping
        ``history`` of an evaluation's document: of every fold, the networks of each face half.

    Returns
    -------
    list of dict
        ``title``; ``curves`` of epoch and loss, as shares of the longest and the highest; and
        which of them ``is_dashed``: the held-out subjects.
    """
    charts = []
    for face in dict.fromkeys(face for fold in history for face in fold):
        networks = [network for fold in history for network in fold.get(face, ())]
        highest = max((max(n["loss"] + n["val_loss"]) for n in networks), default=1.0) or 1.0
        longest = max((len(n["loss"]) for n in networks), default=1)
        curves = [
            [(epoch / max(longest - 1, 1), loss / highest) for epoch, loss in enumerate(losses)]
            for network in networks
            for losses in (network["loss"], network["val_loss"])
        ]
        title = f"{face}: loss to {highest:.2f}, {longest} epochs"
        is_dashed = [False, True] * len(networks)
        charts.append({"title": title, "curves": curves, "is_dashed": is_dashed})
    return charts
