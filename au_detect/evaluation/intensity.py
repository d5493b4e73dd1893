"""How well intensities agree with those that were coded.

Conventions
-----------
* Intensities are (n_samples, n_aus), 0 (absent) to 5 (E). A cell that was not coded, or present
  without anybody having said how strongly (NaN), or without an answer (NaN), takes part in nothing.
* ICC(3,1) is the intraclass correlation of Shrout & Fleiss (1979), "Intraclass correlations: uses
  in assessing rater reliability": two-way, the raters fixed, one rating, consistency. A constant
  offset costs nothing in it; MAE and MSE, which are in levels and levels², do count it.
* A number that is undefined is NaN: ICC and Pearson's r where all coded intensities are the same.
* Levels are 0, A, B, C, D, E: the intensity rounded, halves up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_shape
from au_detect.evaluation.intervals import N_RESAMPLES, subject_weights, sum_by_subject
from au_detect.evaluation.metrics import ratio

NUMBERS = ("icc", "pearson", "mae", "mse", "mae_of_zero")
"""Names of the numbers of an `IntensityEvaluation`."""
LEVEL_NAMES = ("0", "A", "B", "C", "D", "E")
SMALLEST = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class IntensityEvaluation:
    """Sums per AU, and what follows from them; arrays are (n_aus,) or (n_resamples, n_aus).

    Attributes
    ----------
    n : ndarray
        Cells with a coded intensity and an answer.
    coded, said, coded_squared, said_squared, product, absolute : ndarray
        Sums over these cells: of both, of their squares, of coded times said, of |said - coded|.
    """

    n: Floats
    coded: Floats
    said: Floats
    coded_squared: Floats
    said_squared: Floats
    product: Floats
    absolute: Floats

    @property
    def icc(self) -> Floats:
        """ICC(3,1), in [-1, 1]: of two raters it is twice the covariance by the variances' sum."""
        of_coded, of_said, shared = self._spread()
        return np.where(of_coded > 0, ratio(2 * shared, of_coded + of_said), np.nan)

    @property
    def pearson(self) -> Floats:
        """Pearson's correlation, in [-1, 1]."""
        of_coded, of_said, shared = self._spread()
        return ratio(shared, np.sqrt(of_coded * of_said))

    @property
    def mae(self) -> Floats:
        """Mean of |said - coded|, in levels."""
        return ratio(self.absolute, self.n)

    @property
    def mse(self) -> Floats:
        """Mean of (said - coded)², in levels²."""
        squared = self.coded_squared + self.said_squared - 2 * self.product
        return ratio(np.maximum(squared, 0), self.n)

    @property
    def mae_of_zero(self) -> Floats:
        """Mean absolute error of who always says 0: the mean coded intensity."""
        return ratio(self.coded, self.n)

    def _spread(self) -> tuple[Floats, Floats, Floats]:
        """Return sums of squares and of products about the means; next to nothing is 0."""
        n = np.maximum(self.n, 1)
        coded = self.coded_squared - self.coded**2 / n
        said = self.said_squared - self.said**2 / n
        shared = self.product - self.coded * self.said / n
        coded, said = (np.where(square > SMALLEST * n, square, 0.0) for square in (coded, said))
        return coded, said, shared


def evaluate_intensity(
    coded: ArrayLike,
    said: ArrayLike,
    subject: ArrayLike | None = None,
    *,
    n_resamples: int = N_RESAMPLES,
    random_state: int = 0,
) -> IntensityEvaluation:
    """Compare intensities with those that were coded.

    Parameters
    ----------
    coded, said : array_like, shape (n_samples, n_aus)
        In [0, 5] or NaN.
    subject : array_like, shape (n_samples,), optional
        Whose row it is: then the evaluation is that of every bootstrap resample of the subjects,
        see `au_detect.evaluation.intervals`.
    n_resamples, random_state : see `resample_subjects`

    Raises
    ------
    InputError
        If shapes or values do not fit.
    """
    truth, answer = _checked("coded", coded), _checked("said", said)
    check_shape("said", answer, truth.shape)
    known = np.isfinite(truth) & np.isfinite(answer)
    a, b = np.where(known, truth, 0.0), np.where(known, answer, 0.0)
    cells = {
        "n": known.astype(float), "coded": a, "said": b, "coded_squared": a**2,
        "said_squared": b**2, "product": a * b, "absolute": np.abs(b - a),
    }  # fmt: skip
    return IntensityEvaluation(**_sums(cells, subject, n_resamples, random_state))


@dataclass(frozen=True)
class SideEvaluation:
    """How well left and right are told apart; arrays are (n_aus,) or (n_resamples, n_aus).

    Attributes
    ----------
    n : ndarray
        Cells of which both sides were coded and answered.
    error : ndarray
        Sum over these of the |error| of left minus right, in levels.
    n_sided, n_right : ndarray
        Cells that differ by a level or more, and those of them in which the side that is said to
        be the stronger one is.
    """

    n: Floats
    error: Floats
    n_sided: Floats
    n_right: Floats

    @property
    def asymmetry_error(self) -> Floats:
        """Mean absolute error of left minus right, in levels."""
        return ratio(self.error, self.n)

    @property
    def stronger_side(self) -> Floats:
        """How often the stronger side is told, in [0, 1], where sides differ by a level or more."""
        return ratio(self.n_right, self.n_sided)


def evaluate_sides(
    coded: ArrayLike,
    said: ArrayLike,
    subject: ArrayLike | None = None,
    *,
    n_resamples: int = N_RESAMPLES,
    random_state: int = 0,
) -> SideEvaluation:
    """Compare the intensities of right and left with those that were coded.

    Parameters
    ----------
    coded, said : array_like, shape (n_samples, n_aus, 2)
        Of the right and the left half, in [0, 5] or NaN.
    subject, n_resamples, random_state : see `evaluate_intensity`

    Raises
    ------
    InputError
        If shapes or values do not fit.
    """
    truth, answer = (np.asarray(values, dtype=float) for values in (coded, said))
    check_shape("coded", truth, ("n_samples", "n_aus", 2))
    check_shape("said", answer, truth.shape)
    apart, answered = truth[..., 1] - truth[..., 0], answer[..., 1] - answer[..., 0]
    known = np.isfinite(apart) & np.isfinite(answered)
    sided = known & (np.abs(np.where(known, apart, 0.0)) >= 1)
    right = sided & (np.sign(np.where(known, answered, 0)) == np.sign(np.where(known, apart, 0)))
    cells = {
        "n": known,
        "error": np.where(known, np.abs(answered - apart), 0.0),
        "n_sided": sided,
        "n_right": right,
    }
    return SideEvaluation(**_sums(cells, subject, n_resamples, random_state))


def intraclass_correlation(ratings: ArrayLike) -> float:
    """Return ICC(3,1) of any number of raters; NaN where the targets do not differ.

    (BMS - EMS) / (BMS + (k - 1) EMS) of the mean squares between targets and of what is left.

    Parameters
    ----------
    ratings : array_like, shape (n_targets, n_raters)
        At least two of each.

    Raises
    ------
    InputError
        If there are fewer.
    """
    table = np.asarray(ratings, dtype=float)
    check_shape("ratings", table, ("n_targets", "n_raters"))
    n, k = table.shape
    if n < 2 or k < 2:
        raise InputError(f"ratings must be of at least two targets and raters, got {table.shape}")
    targets, raters = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    between = k * float(((targets - table.mean()) ** 2).sum()) / (n - 1)
    left = float(((table - targets - raters + table.mean()) ** 2).sum()) / ((n - 1) * (k - 1))
    return float(ratio(between - left, between + (k - 1) * left)) if between > 0 else float("nan")


def level_counts(coded: ArrayLike, said: ArrayLike) -> NDArray[np.int64]:
    """Return how often which level was said for which coded one, shape (n_aus, 6, 6).

    Rows are the coded levels; see `LEVEL_NAMES`.
    """
    truth, answer = _checked("coded", coded), _checked("said", said)
    check_shape("said", answer, truth.shape)
    counts = np.zeros((truth.shape[1], len(LEVEL_NAMES), len(LEVEL_NAMES)), dtype=np.int64)
    row, column = np.nonzero(np.isfinite(truth) & np.isfinite(answer))
    levels = (level_of(values[row, column]) for values in (truth, answer))
    np.add.at(counts, (column, *levels), 1)
    return counts


def level_of(intensity: ArrayLike) -> NDArray[np.intp]:
    """Return the number of the level, 0 (absent) to 5 (E), of intensities in [0, 5]."""
    return np.floor(np.asarray(intensity, dtype=float) + 0.5).astype(np.intp)


def _checked(name: str, intensity: ArrayLike) -> Floats:
    values = np.asarray(intensity, dtype=float)
    check_shape(name, values, ("n_samples", "n_aus"))
    outside = values[(values < 0) | (values > len(LEVEL_NAMES) - 1)]
    if len(outside):
        raise InputError(f"{name} must be in [0, 5] or NaN, got {outside[0]:g}")
    return values


def _sums(
    cells: Mapping[str, Any], subject: ArrayLike | None, n_resamples: int, random_state: int
) -> dict[str, Floats]:
    """Return sums over all rows, or over the rows of every resample of the subjects."""
    if subject is None:
        return {name: np.sum(values, axis=0, dtype=float) for name, values in cells.items()}
    n_rows = len(next(iter(cells.values())))
    index, weights = subject_weights(subject, n_rows, n_resamples, random_state)
    return {name: weights @ sum_by_subject(values, index) for name, values in cells.items()}
