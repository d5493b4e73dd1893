"""How far the heads of collections turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from au_detect.datasets.sequences import LabelledSequences
from au_detect.landmarks.pose import estimate_pose

LARGEST_TILT_DEG = 45.0


def pose_range_deg(sequences: Sequence[LabelledSequences]) -> tuple[float, float, float]:
    """Return the head rotations (Rx, Ry, Rz) that training covers: 98 % of its faces, degrees.

    Tilts (Rz) are undone before anything is measured, whatever they are; their limit is what the
    face detector bears.
    """
    angles = np.concatenate([estimate_pose(part.points).angles for part in sequences])
    pitch, yaw = np.percentile(np.abs(np.degrees(angles[:, :2])), 98, axis=0)
    return float(max(np.ceil(pitch), 1)), float(max(np.ceil(yaw), 1)), LARGEST_TILT_DEG
