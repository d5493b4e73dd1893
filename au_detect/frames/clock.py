"""Seconds since the first frame, which never go back."""

from __future__ import annotations

LONGEST_STEP_S = 10.0
"""Where a container lets time start anew, a longer step forwards is such a new start."""


class FrameClock:
    """Make the time stamps of a video those of one clock.

    The first frame is at 0. Where the stamps start anew (recordings joined end to end), time goes
    on by one frame. A frame without a stamp, or with the last one again, comes one frame later.
    Where stamps are merely out of order by a frame or two, time stands still.

    Parameters
    ----------
    frame_s : float
        How long one frame is usually shown.
    restarts : bool
        Whether the container allows leaps forwards that are none, as MPEG streams do.
    """

    def __init__(self, frame_s: float, *, restarts: bool = False) -> None:
        self._frame_s = frame_s
        self._longest_s = LONGEST_STEP_S if restarts else float("inf")
        self._time_s: float | None = None
        self._shift_s: float | None = None
        self._last_stamp_s: float | None = None

    def tick(self, stamp_s: float | None) -> float:
        """Return the time of the next frame, whose own stamp is `stamp_s` or None."""
        expected_s = 0.0 if self._time_s is None else self._time_s + self._frame_s
        if stamp_s is None or stamp_s == self._last_stamp_s:
            self._time_s = expected_s
            return expected_s
        self._last_stamp_s = stamp_s
        if self._shift_s is None:
            self._shift_s = expected_s - stamp_s
        step_s = stamp_s + self._shift_s - (expected_s if self._time_s is None else self._time_s)
        if step_s < -2.5 * self._frame_s or step_s > self._longest_s:
            self._shift_s = expected_s - stamp_s
        self._time_s = max(stamp_s + self._shift_s, self._time_s or 0.0)
        return self._time_s
