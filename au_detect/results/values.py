"""What follows from the probabilities of action units: decisions, sides, intensities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.intensity import intensity_of
from au_detect.results.rounding import PROBABILITY_DECIMALS, rounded


class AUValues:
    """What follows from the fields of an `AUResult`, which are described there.

    Nothing of it is stored, so that it cannot contradict the probabilities: these are taken as
    they are written (six decimals), and a table says the same as the result.
    """

    probabilities: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    thresholds: NDArray[np.float64]
    intensity_scale: NDArray[np.float64] | None
    neutral: dict[int, str]
    settings: dict[str, Any]

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which AUs are on, shape (n_rows, n_aus): probability >= threshold; False if not seen."""
        written = rounded(self.probabilities, PROBABILITY_DECIMALS)
        return np.asarray(written >= self.thresholds)

    @property
    def side(self) -> NDArray[np.float32]:
        """Which half of the face moves more, shape (n_rows, n_aus), in [-1, 1].

        Positive is the subject's left, 0 both alike: `left` minus `right`.
        """
        left, right = (rounded(half, PROBABILITY_DECIMALS) for half in (self.left, self.right))
        return np.asarray(left - right, dtype=np.float32)

    @property
    def intensity(self) -> NDArray[np.float32]:
        """How strong each AU is, shape (n_rows, n_aus), in [0, 5]; NaN if the model cannot say.

        From 0.5 on FACS says A (trace), from 1.5 B, from 2.5 C, from 3.5 D, from 4.5 E (maximum).
        It rises with the probability: who has an AU on is stronger in it than who has it off.
        """
        return self._intensity_of(self.probabilities)

    @property
    def threshold_intensity(self) -> NDArray[np.float32]:
        """From which intensity on each AU is on, shape (n_aus,); NaN if the model cannot say."""
        return self._intensity_of(self.thresholds[None].astype(np.float32))[0]

    @property
    def intensity_left(self) -> NDArray[np.float32]:
        """As `intensity`, of the subject's left half."""
        return self._intensity_of(self.left)

    @property
    def intensity_right(self) -> NDArray[np.float32]:
        """As `intensity`, of the subject's right half."""
        return self._intensity_of(self.right)

    def _intensity_of(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.intensity_scale is None:
            return np.full_like(probabilities, np.nan)
        return intensity_of(rounded(probabilities, PROBABILITY_DECIMALS), self.intensity_scale)

    @property
    def neutral_quality(self) -> dict[int, float]:
        """How good the neutral of each face is that was found in the sequence itself, in [0, 1]."""
        return {face: found["quality"] for face, found in self._neutral_found().items()}

    @property
    def neutral_frames(self) -> dict[int, tuple[int, ...]]:
        """The frames at rest that the neutral of each face is the median of, if it was found."""
        return {face: tuple(found["frames"]) for face, found in self._neutral_found().items()}

    @property
    def neutral_doubts(self) -> dict[int, str]:
        """What is wrong with a neutral that was found, in words; good ones are left out."""
        found = self._neutral_found().items()
        return {face: of["doubt"] for face, of in found if of["doubt"]}

    def _neutral_found(self) -> dict[int, dict[str, Any]]:
        found = self.settings.get("neutral_found", {})
        return {int(face): of for face, of in found.items() if int(face) in self.neutral}
