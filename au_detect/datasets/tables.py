"""From measured sequences to the feature tables that training takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from au_detect.datasets.augmentation import augmented
from au_detect.datasets.labelled_features import LabelledFeatures
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.landmarks.pose import estimate_pose

LARGEST_TILT_DEG = 45.0


def training_tables(
    sequences: Sequence[LabelledSequences], random_state: int = 0, *, augment: bool = True
) -> list[LabelledFeatures]:
    """Return the feature tables that `au_detect.training.networks.train_models` takes.

    There are tables with and without a neutral face; of each, one of the landmarks of all
    sequences and, where furrows were measured, one with furrows too. With `augment`, sequences
    with furrows are `augmented` first. Subjects of different collections are different people.

    Raises
    ------
    InputError
        If there are no sequences, or they differ in landmark model or AUs.
    """
    for name in ("landmark_model", "aus"):
        values = {getattr(part, name) for part in sequences}
        if len(values) != 1:
            raise InputError(f"sequences must have one {name}, got {sorted(values)}")
    named = [
        replace(part, subject=np.char.add(f"{number}-", part.subject.astype(str)))
        for number, part in enumerate(
            augmented(part, random_state) if augment and part.furrows is not None else part
            for part in sequences
        )
    ]
    tables = []
    for uses_neutral in (True, False):
        tables.append(_joined([part.features(uses_neutral=uses_neutral) for part in named]))
        with_furrows = [part for part in named if part.furrows is not None]
        if with_furrows:
            parts = [p.features(uses_neutral=uses_neutral, uses_furrows=True) for p in with_furrows]
            tables.append(_joined(parts))
    return tables


def _joined(parts: list[LabelledFeatures]) -> LabelledFeatures:
    weight = None
    if any(part.weight is not None for part in parts):
        weight = np.concatenate([part.row_weights() for part in parts])
    original = None
    if any(part.original is not None for part in parts):
        original = np.concatenate([part.is_original for part in parts])
    return replace(
        parts[0],
        upper=np.concatenate([part.upper for part in parts]),
        lower=np.concatenate([part.lower for part in parts]),
        intensity=np.concatenate([part.intensity for part in parts]),
        subject=np.concatenate([part.subject for part in parts]),
        source={"collections": [part.source for part in parts]},
        weight=weight,
        original=original,
    )


def pose_range_deg(sequences: Sequence[LabelledSequences]) -> tuple[float, float, float]:
    """Return the head rotations (Rx, Ry, Rz) that training covers: 98 % of its faces, degrees.

    Tilts (Rz) are undone before anything is measured, whatever they are; their limit is what the
    face detector bears.
    """
    angles = np.concatenate([estimate_pose(part.points).angles for part in sequences])
    pitch, yaw = np.percentile(np.abs(np.degrees(angles[:, :2])), 98, axis=0)
    return float(np.ceil(pitch)), float(np.ceil(yaw)), LARGEST_TILT_DEG
