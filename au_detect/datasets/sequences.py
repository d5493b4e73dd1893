"""Measured sequences with labels: landmarks and furrows of a neutral and an apex face."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.labelled_features import LabelledFeatures, labels_of_intensity
from au_detect.errors import InputError, check_shape
from au_detect.features.columns import chosen_rows
from au_detect.features.extraction import (
    LOWER_FURROW_NAMES,
    LOWER_NAMES,
    UPPER_FURROW_NAMES,
    UPPER_NAMES,
    furrow_features,
    geometric_features,
    symmetric_furrows,
    symmetric_pose,
)
from au_detect.features.furrows import FURROW_NAMES, N_FURROWS
from au_detect.features.geometry import Side
from au_detect.features.neutral import mean_neutral
from au_detect.landmarks import N_LANDMARKS
from au_detect.landmarks.pose import estimate_pose

ARRAYS = ("neutral_points", "points", "neutral_furrows", "furrows", "intensity", "subject")


@dataclass(frozen=True)
class LabelledSequences:
    """Sequences reduced to what was measured on their neutral and their apex face.

    Parameters
    ----------
    neutral_points, points : ndarray of float32, shape (n, 68, 2)
        Landmarks in pixels; those of the neutral face are NaN where there is none.
    neutral_furrows, furrows : ndarray of float32, shape (n, n_furrows), or None
        In the order of `au_detect.features.furrows.FURROW_NAMES`; None without pictures.
    aus : tuple of int
        FACS numbers of the columns of `intensity`.
    intensity : ndarray of float32, shape (n, n_aus)
        0 to 5 at the apex; NaN where not coded.
    subject : ndarray, shape (n,)
        Who it is.
    landmark_model : str
        Name of the landmark model that found the points.
    attributes : dict of str to ndarray, shape (n,)
        What else is known of each sequence, such as skin tone or glasses; for stratified results.
        ``weight`` says how much it counts in training; ``strengths``, shape (n, n_aus, 2), how
        strong the right and the left half are, 0 to 5, NaN where nobody said.
    source : dict
        Where the sequences come from; JSON-able.

    Raises
    ------
    InputError
        If a shape differs.
    """

    neutral_points: NDArray[np.float32]
    points: NDArray[np.float32]
    neutral_furrows: NDArray[np.float32] | None
    furrows: NDArray[np.float32] | None
    aus: tuple[int, ...]
    intensity: NDArray[np.float32]
    subject: NDArray[Any]
    landmark_model: str
    attributes: dict[str, NDArray[Any]] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.points)
        check_shape("points", self.points, (n, N_LANDMARKS, 2))
        check_shape("neutral_points", self.neutral_points, (n, N_LANDMARKS, 2))
        check_shape("intensity", self.intensity, (n, len(self.aus)))
        check_shape("subject", self.subject, (n,))
        if (self.furrows is None) != (self.neutral_furrows is None):
            raise InputError("furrows and neutral_furrows must both be given or both be None")
        if self.furrows is not None and self.neutral_furrows is not None:
            check_shape("furrows", self.furrows, (n, N_FURROWS))
            check_shape("neutral_furrows", self.neutral_furrows, (n, N_FURROWS))

    def __len__(self) -> int:
        return len(self.points)

    @property
    def n_subjects(self) -> int:
        """How many different people there are."""
        return len(np.unique(self.subject))

    @property
    def is_apex(self) -> NDArray[np.bool_]:
        """Which rows are the last of their sequence, shape (n,): only these are judged.

        Where a sequence (attribute ``name``) has several rows, the others serve training alone.
        """
        names = self.attributes.get("name")
        if names is None:
            return np.ones(len(self), dtype=bool)
        pairs = zip(self.subject.tolist(), names.tolist(), strict=True)
        last = np.zeros(len(self), dtype=bool)
        last[list({pair: row for row, pair in enumerate(pairs)}.values())] = True
        return last

    def rows(self, chosen: NDArray[Any]) -> LabelledSequences:
        """Return only the chosen sequences."""
        return replace(self, **chosen_rows(self, (*ARRAYS, "attributes"), chosen))

    def features(
        self,
        *,
        uses_neutral: bool = True,
        uses_furrows: bool = False,
        half: Side | None = None,
    ) -> LabelledFeatures:
        """Return the features of the apex faces.

        Parameters
        ----------
        uses_neutral : bool
            Compare with the person's neutral face, or with the mean face.
        uses_furrows : bool
            Add the furrow columns.
        half : {"left", "right"}, optional
            Of the faces made of that half and its mirror image.

        Raises
        ------
        InputError
            If furrows are asked for that were not measured.
        """
        mean = mean_neutral()
        pose = estimate_pose(self.points)
        neutral = estimate_pose(self.neutral_points) if uses_neutral else mean.pose
        if half is not None:
            pose, neutral = symmetric_pose(pose, half), symmetric_pose(neutral, half)
        upper, lower = geometric_features(pose, neutral)
        upper_names, lower_names = UPPER_NAMES, LOWER_NAMES
        if uses_furrows:
            if self.furrows is None or self.neutral_furrows is None:
                raise InputError("furrows must be measured on pictures, got landmarks alone")
            against = self.neutral_furrows if uses_neutral else mean.furrows
            furrows = self.furrows
            if half is not None:
                furrows = symmetric_furrows(furrows, half)
                against = symmetric_furrows(against, half)
            upper_change, lower_change = furrow_features(furrows, against)
            upper, lower = np.hstack([upper, upper_change]), np.hstack([lower, lower_change])
            upper_names += UPPER_FURROW_NAMES
            lower_names += LOWER_FURROW_NAMES
        return LabelledFeatures(
            upper=upper.astype(np.float32),
            lower=lower.astype(np.float32),
            upper_names=upper_names,
            lower_names=lower_names,
            aus=self.aus,
            intensity=self.intensity,
            subject=self.subject,
            uses_neutral=uses_neutral,
            uses_furrows=uses_furrows,
            landmark_model=self.landmark_model,
            source=self.source,
        )

    @property
    def has_neutral(self) -> NDArray[np.bool_]:
        """Which rows have a neutral face to be compared with, shape (n,)."""
        return np.isfinite(self.neutral_points[:, 0, 0])

    def labels(
        self, aus: Sequence[int], minimum_intensity: float = 1.0, faint: str = "ignore"
    ) -> NDArray[np.float32]:
        """Return the labels (n, n_aus) of the chosen AUs; see `LabelledFeatures.labels`."""
        places = [self.aus.index(au) for au in aus]
        return labels_of_intensity(self.intensity[:, places], minimum_intensity, faint)

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to one ``.npz`` file, without pickles."""
        arrays: dict[str, Any] = {
            name: getattr(self, name) for name in ARRAYS if getattr(self, name) is not None
        }
        arrays |= {f"attribute_{name}": values for name, values in self.attributes.items()}
        text = {"landmark_model": self.landmark_model, "source": self.source}
        if self.furrows is not None:
            text["furrow_names"] = list(FURROW_NAMES)
        with open(fspath(path), "wb") as file:
            np.savez_compressed(
                file, aus=np.array(self.aus), text=np.array(json.dumps(text)), **arrays
            )

    @classmethod
    def load(cls, path: str | PathLike[str]) -> LabelledSequences:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If the file is no such table, or its furrows were measured by another version.
        """
        try:
            with np.load(fspath(path), allow_pickle=False) as data:
                arrays = {name: data[name] for name in data.files}
            text = json.loads(str(arrays.pop("text")))
            aus = tuple(int(au) for au in arrays.pop("aus"))
            missing = {"points", "neutral_points", "intensity", "subject"} - arrays.keys()
            if missing or not {"landmark_model", "source"} <= text.keys():
                raise ValueError(f"{sorted(missing) or 'texts'} missing")
        except (
            *(OSError, ValueError, KeyError, EOFError, AttributeError, RecursionError),
            BadZipFile,
        ) as error:
            raise InputError(f"{path} must be a table of labelled sequences: {error}") from error
        if "furrows" in arrays and tuple(text.get("furrow_names", ())) != FURROW_NAMES:
            raise InputError(f"{path} holds furrows of another version: measure them again")
        prefix = "attribute_"
        attributes = {
            name.removeprefix(prefix): arrays.pop(name)
            for name in list(arrays)
            if name.startswith(prefix)
        }
        arrays.setdefault("furrows", None)
        arrays.setdefault("neutral_furrows", None)
        return cls(
            aus=aus, attributes=attributes, landmark_model=text["landmark_model"],
            source=text["source"], **arrays,
        )  # fmt: skip
