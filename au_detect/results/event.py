"""One stretch of time in which an action unit (AU) is on.

Onset, apex and offset are used as in FACS, but are derived from the decisions alone: the
onset is the first frame in which the AU is on, the offset the last one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AUEvent:
    """One stretch of time in which one AU of one face is on.

    Parameters
    ----------
    au : int
        FACS number.
    face_id : int
        Whose face.
    onset, apex, offset : int
        First frame on, frame of the highest probability (the first of equals), last frame on;
        counted from 0 as in `AUResult.frame`.
    onset_s, apex_s, offset_s : float
        Time stamps of these frames, in seconds.
    peak_probability : float
        Probability in the apex frame, in (0, 1].
    """

    au: int
    face_id: int
    onset: int
    apex: int
    offset: int
    onset_s: float
    apex_s: float
    offset_s: float
    peak_probability: float

    @property
    def duration_s(self) -> float:
        """Seconds from onset to offset; 0 if the AU is on in one frame only."""
        return self.offset_s - self.onset_s
