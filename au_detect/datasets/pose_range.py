"""How far the heads of collections turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from au_detect.datasets.sequences import LabelledSequences
from au_detect.landmarks.pose import estimate_pose

LARGEST_TILT_DEG = 45.0
ROWS_AT_ONCE = 16_384


def pose_range_deg(sequences: Sequence[LabelledSequences]) -> tuple[float, float, float]:
    """Return the head rotations (Rx, Ry, Rz) that training covers: 98 % of its faces, degrees.

    Tilts (Rz) are undone before anything is measured, whatever they are; their limit is what the
    face detector bears.
    """
    blocks = (
        part.points[start : start + ROWS_AT_ONCE]
        for part in sequences
        for start in range(0, len(part), ROWS_AT_ONCE)
    )
    angles = np.concatenate([estimate_pose(points).angles for points in blocks])
    pitch, yaw = np.percentile(np.abs(np.degrees(angles[:, :2])), 98, axis=0)
    return float(max(np.ceil(pitch), 1)), float(max(np.ceil(yaw), 1)), LARGEST_TILT_DEG
