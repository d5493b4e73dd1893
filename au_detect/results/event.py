"""One stretch of time in which an action unit (AU) is on.

Onset, apex and offset are used as in FACS, but are derived from the decisions alone: the
onset is the first frame in which the AU is on, the offset the last one.
"""

from __future__ import annotations

from dataclasses import dataclass

from au_detect.facs import ONE_SIDED_FROM, facs_code


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
    side : float
        Which half of the face moves more there, in [-1, 1]; positive is the subject's left.
    intensity, intensity_left, intensity_right : float, optional
        How strong the AU and its halves are there, in [0, 5]; None if the model cannot say.
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
    side: float = 0.0
    intensity: float | None = None
    intensity_left: float | None = None
    intensity_right: float | None = None

    @property
    def code(self) -> str:
        """The AU as FACS coders write it, for example ``L12C``; see `au_detect.facs.facs_code`."""
        one_sided = abs(self.side) >= ONE_SIDED_FROM
        half = self.intensity_left if self.side > 0 else self.intensity_right
        return facs_code(self.au, half if one_sided else self.intensity, self.side)

    @property
    def duration_s(self) -> float:
        """Seconds from onset to offset; 0 if the AU is on in one frame only."""
        return self.offset_s - self.onset_s
