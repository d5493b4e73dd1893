"""All AUs in a few numbers: macro means, micro rates, Hamming loss, upper and lower face.

*Macro*: the plain mean over the AUs where the rate is defined. *Micro*: the rate over the cells of
all AUs together. *Hamming loss*: the fraction of coded cells that are decided wrongly.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from au_detect.evaluation.metrics import RATES, AUEvaluation, ratio
from au_detect.facs import ACTION_UNITS

Floats = NDArray[np.float64]


def summarise(evaluation: AUEvaluation) -> dict[str, Floats]:
    """Return the summary numbers by name; NaN where undefined.

    Parameters
    ----------
    evaluation : AUEvaluation
        Of all AUs, arrays (n_aus,); or of resamples, arrays (n_resamples, n_aus).

    Returns
    -------
    dict of str to ndarray
        Shape (), or (n_resamples,): ``mean_tpr``, ``mean_fpr`` ... (macro), ``upper_tpr``,
        ``lower_tpr``, ``micro_tpr``, ``micro_fpr``, ``micro_precision``, ``micro_f1``,
        ``hamming_loss``.
    """
    rates = {name: np.asarray(getattr(evaluation, name), dtype=float) for name in RATES}
    numbers = {f"mean_{name}": _mean(values) for name, values in rates.items()}
    for face in ("upper", "lower"):
        columns = [i for i, au in enumerate(evaluation.aus) if ACTION_UNITS[au].face == face]
        numbers[f"{face}_tpr"] = _mean(rates["tpr"][..., columns])
    return numbers | _micro(evaluation)


def _micro(evaluation: AUEvaluation) -> dict[str, Floats]:
    tp, fp, fn, tn = (
        np.asarray(getattr(evaluation, name), dtype=float).sum(axis=-1)
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
