"""All AUs in a few numbers: macro means, micro rates, Hamming loss, upper and lower face.

All of them are over one set of AUs: those that were seen both present and absent (`judged_aus`).
*Macro*: the plain mean over these; the precision of an AU that was never detected counts as 0, as
its F1 does. *Micro*: the rate over their cells together. *Hamming loss*: the fraction of these
cells that are decided wrongly.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from au_detect.evaluation.metrics import RATES, AUEvaluation, ratio
from au_detect.facs import ACTION_UNITS

Floats = NDArray[np.float64]


def judged_aus(evaluation: AUEvaluation) -> tuple[int, ...]:
    """Return the columns of the AUs that were seen both present and absent."""
    seen = (np.asarray(evaluation.n_positive) > 0) & (np.asarray(evaluation.n_negative) > 0)
    return tuple(int(column) for column in np.flatnonzero(seen))


def summarise(evaluation: AUEvaluation, columns: Sequence[int] | None = None) -> dict[str, Floats]:
    """Return the summary numbers by name; NaN where undefined.

    Parameters
    ----------
    evaluation : AUEvaluation
        Of all AUs, arrays (n_aus,); or of resamples, arrays (n_resamples, n_aus).
    columns : sequence of int, optional
        Which AUs; by default `judged_aus`. For resamples give those of all people together.

    Returns
    -------
    dict of str to ndarray
        Shape (), or (n_resamples,): ``mean_tpr``, ``mean_fpr`` ... (macro), ``upper_tpr``,
        ``lower_tpr``, ``micro_tpr``, ``micro_fpr``, ``micro_precision``, ``micro_f1``,
        ``hamming_loss``.
    """
    if columns is None:
        columns = judged_aus(evaluation)
    chosen = list(columns)
    rates = {
        name: np.asarray(getattr(evaluation, name), dtype=float)[..., chosen] for name in RATES
    }
    detected = np.asarray(evaluation.tp + evaluation.fp)[..., chosen] > 0
    shown = np.asarray(evaluation.n_positive)[..., chosen] > 0
    rates["precision"] = np.where(~detected & shown, 0.0, rates["precision"])
    numbers = {f"mean_{name}": _mean(values) for name, values in rates.items()}
    for face in ("upper", "lower"):
        of_face = [i for i, c in enumerate(chosen) if ACTION_UNITS[evaluation.aus[c]].face == face]
        numbers[f"{face}_tpr"] = _mean(rates["tpr"][..., of_face])
    return numbers | _micro(evaluation, chosen)


def _micro(evaluation: AUEvaluation, columns: list[int]) -> dict[str, Floats]:
    tp, fp, fn, tn = (
        np.asarray(getattr(evaluation, name), dtype=float)[..., columns].sum(axis=-1)
        for name in ("tp", "fp", "fn", "tn")
    )
    f1 = np.where(tp + fn > 0, ratio(2 * tp, 2 * tp + fp + fn), np.nan)
    return {
        "micro_tpr": ratio(tp, tp + fn),
        "micro_fpr": ratio(fp, fp + tn),
        "micro_precision": ratio(tp, tp + fp),
        "micro_f1": f1,
        "hamming_loss": ratio(fp + fn, tp + fp + fn + tn),
    }


def _mean(values: Floats) -> Floats:
    with warnings.catch_warnings():  # the mean of nothing is NaN, as it should be
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmean(values, axis=-1))
