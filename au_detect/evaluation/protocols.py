"""Who trains and who is tested: subject-exclusive folds, and the 2018 study's random quarter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_option

PROTOCOLS = ("subject-kfold", "loso", "random-quarter")
RANDOM_QUARTER_SEED = 42
SHARED_SUBJECTS_WARNING = (
    "random-quarter tests on people that were trained on: its numbers are too good for new "
    "people. It is here to compare with studies that did so; report subject-kfold or loso."
)


@dataclass(frozen=True)
class Fold:
    """One division of the rows.

    Attributes
    ----------
    training, test : ndarray of bool, shape (n_samples,)
        No row is in both.
    """

    training: NDArray[np.bool_]
    test: NDArray[np.bool_]


def make_folds(
    protocol: str,
    subject: ArrayLike,
    *,
    n_folds: int = 10,
    random_state: int = 0,
    sequence: ArrayLike | None = None,
) -> list[Fold]:
    """Divide the rows as a protocol says.

    Parameters
    ----------
    protocol : {"subject-kfold", "loso", "random-quarter"}
        ``"subject-kfold"``: subjects are dealt to `n_folds` folds at random; ``"loso"``: leave
        one subject out; ``"random-quarter"``: one test quarter of the rows, drawn with seed 42
        whosever they are (see `SHARED_SUBJECTS_WARNING`).
    subject : array_like, shape (n_samples,)
        Whose row it is.
    n_folds : int
        For ``"subject-kfold"``, at least 2; no more than there are subjects are made.
    random_state : int
        How subjects are dealt.
    sequence : array_like, shape (n_samples,), optional
        Of which of the subject's sequences a row is: ``"random-quarter"`` keeps them whole. By
        default every row is one of its own.

    Raises
    ------
    InputError
        If `protocol` is another word, `n_folds` is below 2, or there are too few subjects or
        rows.
    """
    check_option("protocol", protocol, PROTOCOLS)
    subjects = np.asarray(subject)
    if protocol == "random-quarter":
        return [_random_quarter(subjects, sequence)]
    if n_folds < 2:
        raise InputError(f"n_folds must be at least 2, got {n_folds}")
    names, index = np.unique(subjects, return_inverse=True)
    if len(names) < 3:
        raise InputError(f"subject-exclusive folds need at least 3 subjects, got {len(names)}")
    n_parts = len(names) if protocol == "loso" else min(n_folds, len(names))
    order = np.random.default_rng(random_state).permutation(len(names))
    part = np.empty(len(names), dtype=int)
    part[order] = np.arange(len(names)) % n_parts
    return [Fold(part[index] != number, part[index] == number) for number in range(n_parts)]


def _random_quarter(subjects: NDArray[Any], sequence: ArrayLike | None) -> Fold:
    index = np.arange(len(subjects))
    if sequence is not None:
        pairs = zip(subjects.tolist(), np.asarray(sequence).tolist(), strict=True)
        places: dict[Any, int] = {}
        index = np.array([places.setdefault(pair, len(places)) for pair in pairs], dtype=int)
    n_whole = int(index.max(initial=-1)) + 1
    if n_whole < 8:
        raise InputError(f"random-quarter needs at least 8 rows, got {n_whole}")
    from sklearn.model_selection import train_test_split

    _, tested = train_test_split(
        np.arange(n_whole), test_size=0.25, random_state=RANDOM_QUARTER_SEED
    )
    test = np.isin(index, tested)
    return Fold(~test, test)
