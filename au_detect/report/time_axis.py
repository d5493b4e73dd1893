"""The horizontal axis of a timeline: where frames lie, in seconds or as frame numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.results import AUResult

LEFT, RIGHT = 200.0, 910.0
"""Ends of the axis, in units of the chart."""


@dataclass(frozen=True)
class TimeAxis:
    """Where frames lie on the horizontal axis.

    Parameters
    ----------
    positions : ndarray of float64, shape (n_frames,)
        Time of every row in seconds, or its frame number where time stamps do not ascend.
    unit : str
        ``"s"`` or ``"frame"``.
    step : float
        Typical distance between two rows, in the same unit; every frame is one step wide.
    """

    positions: NDArray[np.float64]
    unit: str
    step: float

    @property
    def start(self) -> float:
        """Left end of the axis."""
        return float(self.positions[0]) - self.step / 2

    @property
    def end(self) -> float:
        """Right end of the axis."""
        return float(self.positions[-1]) + self.step / 2

    def x(self, position: float) -> float:
        """Return the horizontal coordinate of a time or frame number."""
        share = (position - self.start) / (self.end - self.start)
        return LEFT + share * (RIGHT - LEFT)

    def ticks(self) -> NDArray[np.float64]:
        """Return about seven round positions between the ends."""
        rough = (self.end - self.start) / 7
        power = 10.0 ** np.floor(np.log10(rough))
        distance = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
        if self.unit == "frame":
            distance = max(distance, 1.0)
        first = np.ceil(max(self.start, self.positions[0]) / distance)
        return np.arange(first, np.floor(self.end / distance) + 1) * distance


def time_axis(face: AUResult) -> TimeAxis:
    """Return the axis for the rows of one face: seconds where they ascend, else frames."""
    steps = np.diff(face.timestamp_s)
    if len(steps) and (steps > 0).all():
        return TimeAxis(face.timestamp_s, "s", float(np.median(steps)))
    return TimeAxis(face.frame.astype(np.float64), "frame", 1.0)
