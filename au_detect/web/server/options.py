"""What a caller may choose about one analysis."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from au_detect.errors import InputError, check_option
from au_detect.facs import parse_au

NEUTRAL_WORDS = ("auto", "first", "median", "none")
LARGEST_FRAME = 10_000_000


@dataclass(frozen=True)
class AnalysisOptions:
    """The options of one analysis; all plain values, so that they can be stored as JSON.

    Parameters
    ----------
    neutral : str
        "auto", "first", "median", "none", or a frame number from 0; and by face, "auto 1:20"
        (face 1 is compared with frame 20). A neutral picture that came with the request goes
        before it.
    max_faces : int
        How many faces to follow, 1 to 20.
    min_face : float, optional
        Pixels between the eyes of the smallest face to look for.
    threshold : str, optional
        ``"0.5"`` for all action units, or ``"AU12:0.5 AU4:0.3"``.
    fps : float, optional
        Frames per second, instead of time stamps.
    smooth : {"around", "past", "none"}
    independent : bool
        Whether several pictures have nothing to do with each other.
    annotate, crop : bool
        Whether to make an annotated copy (and a report with pictures), and thumbnails of faces.
    emotions : bool
    top : int
        How many action units are ranked, 1 to 24.
    leave_out : str
        Frames that are not looked at when a result is scored anew: ``"10-20 35"``.
    """

    neutral: str = "auto"
    max_faces: int = 1
    min_face: float | None = None
    threshold: str | None = None
    fps: float | None = None
    smooth: str = "around"
    independent: bool = False
    annotate: bool = False
    crop: bool = False
    emotions: bool = True
    top: int = 5
    leave_out: str = ""

    def __post_init__(self) -> None:
        self.neutral_by_face()
        check_option("smooth", self.smooth, ("around", "past", "none"))
        parse_thresholds(self.threshold, ())
        parse_frames(self.leave_out)

    def neutral_choice(self) -> str | int | None:
        """Return the neutral of faces that have none of their own, as `AUDetector.run` takes it.

        Raises
        ------
        InputError
            If it is neither a word nor a frame number.
        """
        for_all = [part for part in self.neutral.split() if ":" not in part]
        return _neutral(" ".join(for_all) or ("auto" if ":" in self.neutral else ""))

    def neutral_by_face(self) -> dict[int, str | int]:
        """Return the neutrals of faces that have one of their own, "auto" or "first" among them.

        Raises
        ------
        InputError
            If the text is none of a neutral.
        """
        pairs = [part.partition(":") for part in self.neutral.split() if ":" in part]
        for_all, found = self.neutral_choice(), {}
        if pairs and for_all not in ("auto", "first", "median"):
            raise InputError(
                "neutral by face must come with auto, first or median for the others, got "
                f"{self.neutral[:40]!r}"
            )
        for face, _, text in pairs:
            choice = _neutral(text)
            if choice is None or not re.fullmatch(r"[0-9]{1,6}", face):
                raise InputError(
                    "neutral by face must be such as '1:20' or '1:first', got "
                    f"{f'{face}:{text}'[:40]!r}"
                )
            found[int(face)] = choice
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the options as JSON can hold them."""
        return asdict(self)


def _neutral(text: str) -> str | int | None:
    text = text.strip().lower()
    if re.fullmatch(r"[0-9]{1,8}", text) and int(text) < LARGEST_FRAME:
        return int(text)
    if text not in NEUTRAL_WORDS:
        raise InputError(
            f"neutral must be one of {', '.join(NEUTRAL_WORDS)} or a frame number from 0, "
            f"got {text[:40]!r}"
        )
    return None if text == "none" else text


def parse_thresholds(text: str | None, aus: tuple[int, ...]) -> dict[int, float]:
    """Return the thresholds that a text gives: one for all of `aus`, or ``AU:value`` pairs.

    Raises
    ------
    InputError
        If it is neither, or a value is not in (0, 1).
    """
    if text is None or not text.strip():
        return {}
    if ":" not in text:
        return dict.fromkeys(aus, _share(text))
    pairs = (pair.partition(":") for pair in text.replace(",", " ").split())
    return {parse_au(au): _share(value) for au, _, value in pairs}


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise InputError(
            "threshold must be a number above 0 and below 1, or pairs such as 'AU12:0.5', "
            f"got {text[:40]!r}"
        )
    return value


def parse_frames(text: str) -> list[tuple[int, int]]:
    """Return the ranges of frames, ends included, of a text such as ``"10-20 35"``.

    Raises
    ------
    InputError
        If it is no such text.
    """
    ranges = []
    for part in text.replace(",", " ").split():
        ends = re.fullmatch(r"([0-9]{1,8})(?:-([0-9]{1,8}))?", part)
        if ends is None:
            raise InputError(f"leave_out must be frames such as '10-20 35', got {part[:40]!r}")
        first, last = int(ends[1]), int(ends[2] or ends[1])
        ranges.append((min(first, last), max(first, last)))
    return ranges
