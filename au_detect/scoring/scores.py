"""What is found in the rows of faces, while it is being found."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.intensity import log_odds


@dataclass(frozen=True)
class FaceScores:
    """Scores of rows.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (n_rows, n_aus)
        In [0, 1].
    left, right : ndarray of float32, shape (n_rows, n_aus)
        Of the faces made of one half and its mirror image, in [0, 1].
    angles : ndarray of float32, shape (n_rows, 3)
        Head pose in radians.
    translation : ndarray of float32, shape (n_rows, 3)
        Where the head is, mm.
    gaze : ndarray of float32, shape (n_rows, 2)
        Angles of gaze in radians.
    """

    probabilities: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    angles: NDArray[np.float32]
    translation: NDArray[np.float32]
    gaze: NDArray[np.float32]

    @classmethod
    def empty(cls, n_rows: int, n_aus: int) -> FaceScores:
        """Return scores that are all NaN."""
        shapes = (*[(n_rows, n_aus)] * 3, (n_rows, 3), (n_rows, 3), (n_rows, 2))
        return cls(*(np.full(shape, np.nan, dtype=np.float32) for shape in shapes))

    def put(self, rows: NDArray[np.intp], scores: FaceScores) -> None:
        """Write `scores` into the given rows."""
        for name, array in vars(self).items():
            array[rows] = getattr(scores, name)

    def over(self, thresholds: NDArray[np.floating]) -> FaceScores:
        """Return scores whose log-odds are less by those of thresholds (n_aus,)."""
        limits = log_odds(thresholds)

        def less(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
            odds = np.exp(limits - log_odds(probabilities))
            return np.asarray(1 / (1 + odds), dtype=np.float32)

        halves = {"left": less(self.left), "right": less(self.right)}
        return replace(self, probabilities=less(self.probabilities), **halves)

    def hide(self, places: NDArray[np.bool_]) -> None:
        """Make all probabilities at `places` (n_rows, n_aus) NaN."""
        for array in (self.probabilities, self.left, self.right):
            array[places] = np.nan

    def finish(self) -> None:
        """Make the arrays read-only, so that a result need not copy them."""
        for array in vars(self).values():
            array.flags.writeable = False
