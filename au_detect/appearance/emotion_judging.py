"""How well emotions are told from pictures: accuracy, confusion, precision, further guesses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_shape

N_GUESSES = 3
Z95 = 1.959964


def judge_emotions(
    probabilities: NDArray[np.floating], labels: NDArray[np.intp], emotions: Sequence[str]
) -> dict[str, Any]:
    """Return how good probabilities of emotions are.

    Parameters
    ----------
    probabilities : ndarray, shape (n, n_emotions)
    labels : ndarray of int, shape (n,)
        Places of the true emotions.
    emotions : sequence of str

    Returns
    -------
    dict
        ``n``; ``accuracy`` as ``[value, low, high]`` (Wilson's 95 % interval of independent
        pictures); ``balanced_accuracy``, the mean recall of the emotions that occur; ``within``:
        how often the truth is among the first one, two and three guesses; ``confusion``: rows are
        true, columns answered; ``precision`` and ``recall`` by emotion, None where undefined.

    Raises
    ------
    InputError
        If there is no picture, or the shape of `probabilities` differs.
    """
    n = len(labels)
    if not n:
        raise InputError(f"labels must be of pictures of {', '.join(emotions)}, got none")
    check_shape("probabilities", probabilities, (n, len(emotions)))
    order = np.argsort(-probabilities, axis=1, kind="stable")
    hits = np.cumsum(order[:, :N_GUESSES] == labels[:, None], axis=1)
    confusion = np.zeros((len(emotions), len(emotions)), dtype=int)
    np.add.at(confusion, (labels, order[:, 0]), 1)
    right, truth, answers = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    recall = _shares(right, truth)
    accuracy = float(hits[:, 0].mean())
    return {
        "n": n,
        "accuracy": [accuracy, *wilson_interval(accuracy, n)],
        "balanced_accuracy": float(np.mean([share for share in recall if share is not None])),
        "within": [float(share) for share in hits.mean(axis=0)],
        "emotions": list(emotions),
        "confusion": confusion.tolist(),
        "precision": dict(zip(emotions, _shares(right, answers), strict=True)),
        "recall": dict(zip(emotions, recall, strict=True)),
    }


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share of `n` independent trials."""
    middle = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * np.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    return float(middle - half), float(middle + half)


def judged_text(judged: dict[str, Any]) -> str:
    """Return what `judge_emotions` found as lines of text."""
    accuracy, low, high = judged["accuracy"]
    within = ", ".join(f"{share:.3f}" for share in judged["within"])
    names = judged["emotions"]
    width = max(map(len, names))
    lines = [
        f"{judged['n']} pictures: accuracy {accuracy:.3f} (95 % interval {low:.3f} to {high:.3f}), "
        f"mean recall {judged['balanced_accuracy']:.3f}",
        f"within one, two, three guesses: {within}",
        "",
        f"{'true':{width}}  "
        + " ".join(f"{name[:9]:>9}" for name in names)
        + "   recall precision",
    ]
    for name, row in zip(names, judged["confusion"], strict=True):
        shares = f"{_said(judged['recall'][name])} {_said(judged['precision'][name]):>9}"
        lines.append(f"{name:{width}}  " + " ".join(f"{n:>9}" for n in row) + f"   {shares}")
    return "\n".join(lines)


def _said(share: float | None) -> str:
    return "     -" if share is None else f"{share:6.3f}"


def _shares(right: NDArray[Any], of: NDArray[Any]) -> list[float | None]:
    return [float(r / n) if n else None for r, n in zip(right, of, strict=True)]
