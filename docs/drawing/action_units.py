"""What each action unit (AU) looks like: neutral and in action, with what the detector makes of it.

The pictures are renders (``docs/make_action_units.py``); landmarks, probabilities and reasons are
those of the shipped model, computed when the pages are built.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect import AUDetector, AUResult
from au_detect.facs import ACTION_UNITS, NETWORK_AUS, au_label
from au_detect.landmarks.points import CLOSED_REGIONS, REGIONS
from au_detect.plots.style import REGION_COLOURS, as_bgr
from au_detect.results.reasons import AUExplanation

PICTURES = Path(__file__).parents[1] / "action_units"
NEUTRAL = PICTURES / "neutral.jpg"
ENLARGED = 2
QUALITY = 88
ANY = 1e-6
"""As a threshold it lets every AU be explained, on or not."""
DECISION = 0.5
ARROW_PX = 2.5
"""Landmarks that moved less, in pixels of the small picture, have no arrow."""
RED = (40, 60, 220)

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]


def draw_action_units(folder: Path) -> None:
    """Write a picture and a text for every AU."""
    detector = AUDetector(experimental=True, thresholds=dict.fromkeys(NETWORK_AUS, ANY))
    rest = detector.run(NEUTRAL, neutral=None)
    for au in NETWORK_AUS:
        file, name = PICTURES / f"{au_label(au)}.jpg", au_label(au).lower()
        result = detector.run(file, neutral=NEUTRAL)
        explained = {found.au: found for found in result.explain(0)}
        picture = side_by_side(file, rest.points[0], result.points[0])
        cv2.imwrite(str(folder / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        text = in_words(result, explained.get(au), au)
        (folder / f"{name}.inc").write_text(text, encoding="utf-8")


def side_by_side(file: Path, before: Points, after: Points) -> Picture:
    """Return the neutral face with its landmarks beside the face in action, with arrows."""
    left = _with_landmarks(NEUTRAL, before)
    right = _with_landmarks(file, after)
    for start, end in zip(before, after, strict=True):
        if np.linalg.norm(end - start) >= ARROW_PX:
            cv2.arrowedLine(right, _at(start), _at(end), RED, 1, cv2.LINE_AA, tipLength=0.35)
    return np.hstack([left, right])


def in_words(result: AUResult, explained: AUExplanation | None, au: int) -> str:
    """Return what the detector says of a picture, as reStructuredText."""
    probabilities = dict(zip(result.aus, result.probabilities[0].tolist(), strict=True))
    strength = dict(zip(result.aus, result.intensity[0].tolist(), strict=True))
    on = probabilities[au] >= DECISION
    others = [n for n, p in probabilities.items() if p >= DECISION and n != au]
    verdict = "on" if on else "**not found in this picture**"
    lines = [
        f".. image:: generated/{au_label(au).lower()}.jpg",
        f"   :alt: Neutral, and {au_label(au)} {ACTION_UNITS[au].name}, with landmarks",
        "   :class: action-unit",
        "",
        f"The shipped model: {verdict}, probability {_shown(probabilities[au])}"
        + ("" if np.isnan(strength[au]) else f", intensity {strength[au]:.1f} of 5")
        + (f"; also on: {', '.join(map(au_label, others))}." if others else "."),
        "",
    ]
    if explained is not None:
        lines += [*(f"* {reason}" for reason in explained.reasons), ""]
    return "\n".join(lines)


def _shown(probability: float) -> str:
    """Return a probability with as few decimals as say on which side of the decision it is."""
    on = probability >= DECISION
    decimals = next(d for d in range(2, 9) if (round(probability, d) >= DECISION) == on)
    return f"{probability:.{decimals}f}"


def _with_landmarks(file: Path, points: Points) -> Picture:
    image = cv2.imread(str(file))
    image = cv2.resize(image, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    for region, place in REGIONS.items():
        path = np.rint(points[place] * ENLARGED * 8).astype(np.int32)
        colour, closed = as_bgr(REGION_COLOURS[region]), region in CLOSED_REGIONS
        cv2.polylines(image, [path], closed, colour, 1, cv2.LINE_AA, shift=3)
        for x, y in path.tolist():
            cv2.circle(image, (x, y), 2 * 8, colour, -1, cv2.LINE_AA, shift=3)
    return image


def _at(point: Points) -> tuple[int, int]:
    x, y = np.rint(point * ENLARGED).astype(int).tolist()
    return x, y
