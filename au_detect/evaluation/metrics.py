"""How well action units are detected.

Conventions
-----------
* ``y`` is (n_samples, n_aus): 1 present, 0 absent, NaN not coded. Cells that are not coded
  take part in nothing.
* Probabilities are (n_samples, n_aus) in [0, 1]. A coded cell without a probability (NaN: no
  face was found) is counted in ``n_missing`` and takes part in nothing else.
* A decision is probability ≥ threshold. Thresholds are one per AU, or one per cell where rows
  come from different training folds.
* A number that is undefined, such as a true-positive rate without positives, is NaN, never 0.
* The ROC AUC is the probability that a positive has a higher probability than a negative,
  ties counted half (Mann and Whitney 1947); it does not depend on thresholds. Where rows come
  from different test folds, only pairs within a fold are compared: a classifier that knows
  nothing answers with the base rate of its training rows, which is low where that of its test
  rows is high, so that comparing its answers with another's would look worse than chance
  (Forman & Scholz 2010, "Apples-to-apples in cross-validation studies").
* *Pooled* rates count all cells of all AUs together; *mean* AUC is the plain mean over AUs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_shape
from au_detect.evaluation.curve_rates import curve_rates, roc_auc
from au_detect.facs import au_label

if TYPE_CHECKING:
    import pandas as pd

RATES = (
    "tpr", "fpr", "matched_tpr", "precision", "f1", "f1_skew_normalised", "auc", "pr_auc",
    "kappa", "mcc", "brier",
)  # fmt: skip
"""Names of the rates of an `AUEvaluation`."""

MATCHED_FPR = 0.05
"""False-positive rate at which `AUEvaluation.matched_tpr` is told, unless another is asked for."""

Counts = NDArray[np.int64]
Rates = NDArray[np.float64]


@dataclass(frozen=True)
class AUEvaluation:
    """Counts and rates per AU; every array has shape (n_aus,), or (n_resamples, n_aus).

    Attributes
    ----------
    aus : tuple of int
    thresholds : ndarray, float64
        Of the decisions; the mean over the rows where they differ.
    n_positive, n_negative : ndarray, int64
        Coded cells with a probability in which the AU is present, absent.
    n_missing : ndarray, int64
        Coded cells without a probability.
    tp, fp, fn, tn : ndarray, int64
        Decisions: true positives, false positives, false negatives, true negatives.
    auc : ndarray, float64
        Area under the ROC curve, in [0, 1]; NaN without positives or without negatives.
    squared_error : ndarray, float64
        Sum over the cells of (probability - label)².
    pr_auc : ndarray, float64
        Average precision, in [0, 1]; NaN without positives or without negatives.
    matched_tpr : ndarray, float64
        Highest true-positive rate at a false-positive rate not above a stated one, at whatever
        threshold; see `au_detect.evaluation.curve_rates`.
    """

    aus: tuple[int, ...]
    thresholds: Rates
    n_positive: Counts
    n_negative: Counts
    n_missing: Counts
    tp: Counts
    fp: Counts
    fn: Counts
    tn: Counts
    auc: Rates
    squared_error: Rates
    pr_auc: Rates
    matched_tpr: Rates

    @property
    def tpr(self) -> Rates:
        """True-positive rate (recall, sensitivity): tp / (tp + fn)."""
        return ratio(self.tp, self.n_positive)

    @property
    def fpr(self) -> Rates:
        """False-positive rate: fp / (fp + tn)."""
        return ratio(self.fp, self.n_negative)

    @property
    def precision(self) -> Rates:
        """Fraction of the detections that are right: tp / (tp + fp)."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def f1(self) -> Rates:
        """Harmonic mean of precision and recall, 2 tp / (2 tp + fp + fn); NaN without positives."""
        rate = ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)
        return np.where(self.n_positive > 0, rate, np.nan)

    @property
    def f1_skew_normalised(self) -> Rates:
        """F1 as it would be with as many negatives as positives; NaN where a rate is.

        2 tpr / (tpr + fpr + 1), after Jeni, Cohn & De la Torre (2013), "Facing imbalanced data":
        comparable between AUs of different base rates.
        """
        rate = 2 * self.tpr / (self.tpr + self.fpr + 1)
        return np.asarray(rate, dtype=float)

    @property
    def kappa(self) -> Rates:
        """Agreement with the coder beyond chance (Cohen 1960), in [-1, 1]; NaN where undefined."""
        n = self.n_positive + self.n_negative
        observed = ratio(self.tp + self.tn, n)
        chance = ratio(
            (self.tp + self.fp) * self.n_positive + (self.fn + self.tn) * self.n_negative,
            np.asarray(n, dtype=float) ** 2,
        )
        return ratio(observed - chance, 1 - chance)

    @property
    def mcc(self) -> Rates:
        """Correlation of decisions and labels (Matthews 1975), in [-1, 1]; NaN where undefined."""
        tp, fp, fn, tn = (
            np.asarray(part, dtype=float) for part in (self.tp, self.fp, self.fn, self.tn)
        )
        return ratio(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))

    @property
    def brier(self) -> Rates:
        """Mean of (probability - label)² (Brier 1950), in [0, 1]; 0 is perfect."""
        return ratio(self.squared_error, self.n_positive + self.n_negative)

    @property
    def pooled_tpr(self) -> float:
        """True-positive rate over the cells of all AUs."""
        return float(ratio(self.tp.sum(), self.n_positive.sum()))

    @property
    def pooled_fpr(self) -> float:
        """False-positive rate over the cells of all AUs."""
        return float(ratio(self.fp.sum(), self.n_negative.sum()))

    def mean_auc(self, min_positives: int = 1) -> float:
        """Mean AUC over AUs with at least `min_positives` positives; NaN if there are none."""
        chosen = self.auc[(self.n_positive >= min_positives) & np.isfinite(self.auc)]
        return float(chosen.mean()) if len(chosen) else float("nan")

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per AU, indexed by its label (``AU12``)."""
        import pandas as pd

        counts = ["n_positive", "n_negative", "n_missing", "tp", "fp", "fn", "tn"]
        columns = [*counts, *RATES, "thresholds"]
        labels = pd.Index([au_label(au) for au in self.aus], name="au")
        table = pd.DataFrame({name: getattr(self, name) for name in columns}, index=labels)
        return table.rename(columns={"thresholds": "threshold"})


def evaluate_aus(
    y: ArrayLike,
    probabilities: ArrayLike,
    thresholds: ArrayLike,
    aus: tuple[int, ...],
    fold: ArrayLike | None = None,
    *,
    matched_fpr: float = MATCHED_FPR,
) -> AUEvaluation:
    """Compare probabilities and the decisions made from them with what was coded.

    Parameters
    ----------
    y : array_like, shape (n_samples, n_aus)
        1, 0 or NaN.
    probabilities : array_like, shape (n_samples, n_aus)
        In [0, 1], or NaN.
    thresholds : array_like, shape (n_aus,) or (n_samples, n_aus)
        Of the decisions.
    aus : tuple of int
        FACS number of each column.
    fold : array_like of int, shape (n_samples,), optional
        Which classifier judged each row, for the AUC; by default one judged all.
    matched_fpr : float
        For `AUEvaluation.matched_tpr`.

    Raises
    ------
    InputError
        If shapes or values do not fit.
    """
    labels, scores = validate(y, probabilities)
    limits = thresholds_of_rows(thresholds, labels.shape)
    if len(aus) != labels.shape[1]:
        raise InputError(f"aus must name {labels.shape[1]} columns, got {len(aus)}")
    columns = range(labels.shape[1])
    counts = {
        name: cells.sum(axis=0) for name, cells in cells_to_count(labels, scores, limits).items()
    }
    once = np.ones((1, len(labels)))
    curves = [curve_rates(labels[:, c], scores[:, c], once, matched_fpr) for c in columns]
    return AUEvaluation(
        aus=tuple(aus),
        thresholds=limits.mean(axis=0) if len(limits) else np.full(len(aus), np.nan),
        auc=np.array([roc_auc(labels[:, c], scores[:, c], fold) for c in columns], dtype=float),
        **counts,
        pr_auc=np.array([pr_auc[0] for pr_auc, _ in curves], dtype=float),
        matched_tpr=np.array([matched[0] for _, matched in curves], dtype=float),
    )


def cells_to_count(labels: Rates, scores: Rates, limits: Rates) -> dict[str, NDArray[Any]]:
    """Return what adds up to the counts of an `AUEvaluation`, by their names, for every cell.

    Parameters
    ----------
    labels, scores : ndarray, shape (n_samples, n_aus)
        From `validate`.
    limits : ndarray, shape (n_samples, n_aus)
        From `thresholds_of_rows`.
    """
    scored = np.isfinite(labels) & np.isfinite(scores)
    present, absent = scored & (labels == 1), scored & (labels == 0)
    decided = np.where(scored, scores, -1.0) >= limits
    return {
        "n_positive": present,
        "n_negative": absent,
        "n_missing": np.isfinite(labels) & ~scored,
        "tp": present & decided,
        "fp": absent & decided,
        "fn": present & ~decided,
        "tn": absent & ~decided,
        "squared_error": np.where(scored, (scores - labels) ** 2, 0.0),
    }


def thresholds_of_rows(thresholds: ArrayLike, shape: tuple[int, ...]) -> Rates:
    """Return thresholds, one per AU or one per cell, as one per cell.

    Raises
    ------
    InputError
        If they have neither shape.
    """
    limits = np.asarray(thresholds, dtype=float)
    check_shape("thresholds", limits, shape if limits.ndim == 2 else shape[1:])
    return np.broadcast_to(limits, shape)


def validate(y: ArrayLike, probabilities: ArrayLike) -> tuple[Rates, Rates]:
    """Return both as float64 arrays.

    Raises
    ------
    InputError
        If they are not two-dimensional and of one shape, `y` is not 0, 1 or NaN, or a
        probability is outside [0, 1].
    """
    labels, scores = np.asarray(y, dtype=float), np.asarray(probabilities, dtype=float)
    check_shape("y", labels, ("n_samples", "n_aus"))
    check_shape("probabilities", scores, labels.shape)
    if not np.isin(labels[~np.isnan(labels)], (0, 1)).all():
        raise InputError("y must be 0, 1 or NaN")
    outside = scores[(scores < 0) | (scores > 1)]
    if len(outside):
        raise InputError(f"probabilities must be in [0, 1] or NaN, got {outside[0]:g}")
    return labels, scores


def ratio(part: ArrayLike, whole: ArrayLike) -> Rates:
    """Return part / whole, NaN where the whole is not above 0."""
    numerator, denominator = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    undefined = np.full(denominator.shape, np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator > 0)
