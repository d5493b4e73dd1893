"""The columns of a table that tell how the head is held and where the eyes look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from au_detect.results.rounding import POSE_DECIMALS, TRANSLATION_DECIMALS, rounded

if TYPE_CHECKING:
    from au_detect.results.result import AUResult

GAZE_COLUMNS = ("gaze_angle_x", "gaze_angle_y")
TRANSLATION_COLUMNS = ("pose_Tx", "pose_Ty", "pose_Tz")
POSE_COLUMNS = ("pose_Rx", "pose_Ry", "pose_Rz")
HEAD_COLUMNS = (*GAZE_COLUMNS, *TRANSLATION_COLUMNS, *POSE_COLUMNS)


def head_columns(result: AUResult) -> dict[str, NDArray[np.float64]]:
    """Return the columns `HEAD_COLUMNS`: radians, and millimetres of the translation."""
    values = [
        rounded(result.gaze, POSE_DECIMALS),
        rounded(result.translation, TRANSLATION_DECIMALS),
        rounded(result.pose, POSE_DECIMALS),
    ]
    return dict(zip(HEAD_COLUMNS, np.hstack(values).T, strict=True))
