"""What follows from the probabilities of action units: decisions, sides, intensities."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.intensity import intensity_of
from au_detect.results.rounding import PROBABILITY_DECIMALS, rounded

_FRAME = re.compile(r"frame (\d+)")


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
    def neutral_frames(self) -> dict[int, tuple[int, ...]]:
        """The frames that the neutral of each face was made of.

        Faces are left out whose neutral was a picture, the median of all frames, or none.
        """
        listed = self._neutral_found().items()
        found = {face: tuple(of["frames"]) for face, of in listed if of["frames"]}
        if not found and "neutral_found" not in self.settings:  # files of before say it in words
            said = {face: _FRAME.fullmatch(text) for face, text in self.neutral.items()}
            found = {face: (int(match[1]),) for face, match in said.items() if match}
        return found

    @property
    def neutral_others(self) -> dict[int, dict[str, tuple[int, ...]]]:
        """The frames of a face's other neutrals: at rest too, but turned or in other light.

        By how they are seen (`au_detect.features.conditions`); frames that are seen so are compared
        with them.
        """
        found = self._neutral_found().items()
        return {
            face: {seen: tuple(frames) for seen, frames in of["others"].items()}
            for face, of in found
            if "others" in of
        }

    @property
    def neutral_quality(self) -> dict[int, float]:
        """How good the neutral of each face is that was found to be at rest, in [0, 1]."""
        found = self._neutral_found().items()
        return {face: of["quality"] for face, of in found if "quality" in of}

    @property
    def neutral_doubts(self) -> dict[int, str]:
        """What is wrong with a neutral that was found, in words; good ones are left out."""
        found = self._neutral_found().items()
        return {face: of["doubt"] for face, of in found if of.get("doubt")}

    def _neutral_found(self) -> dict[int, dict[str, Any]]:
        found = self.settings.get("neutral_found", {})
        return {int(face): of for face, of in found.items() if int(face) in self.neutral}
