"""dlib's HOG detector: where faces may be in a picture, and whether an upright crop shows one."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, cached_property

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.crop import FaceCrop, overlap
from au_detect.landmarks.frontal_detector import frontal_detector
from au_detect.landmarks.portrait import Portrait, portrait
from au_detect.landmarks.search import search_scale

CHECK_CROP = FaceCrop(box_px=92, side_px=128)
WIDE_CROP = FaceCrop(box_px=92, side_px=184)

# Scores of the detector. On the upright crop real faces gave -0.2 to 2.5, half of them over 1.4,
# the darkest side-lit ones about 0; what the search mistook for faces gave WORST_SCORE.
SEARCH_SCORE, WORST_SCORE = -0.5, -2.0
# Upside-down faces scored -0.9 to 0.6 here, and over 1 the right way up.
DOUBTFUL_SCORE = 0.7
ON_FACE, NEAR_FACE = 0.55, 0.15
"""Overlap (intersection over union) of the boxes of detector and landmarks on one face."""


@dataclass(frozen=True)
class Look:
    """A closer look at an upright face: the detector's score, about 1.5 on a clear one."""

    score: float
    crop: NDArray[np.uint8]

    @cached_property
    def portrait(self) -> Portrait:
        """What the face looks like; few looks are asked for it."""
        return portrait(self.crop, CHECK_CROP)


def look_at(image: NDArray[np.uint8], points: NDArray[np.float64]) -> Look:
    """Ask the detector about the face with `points` (68, 2) px, upright in `CHECK_CROP`.

    What looks more like a face upside down is one upside down, and no face with these points.
    """
    crop = CHECK_CROP.cut(image, CHECK_CROP.matrix(points))
    score = _score(crop)
    if score < DOUBTFUL_SCORE and _score(_wide_and_turned(image, points), NEAR_FACE) > score:
        score = WORST_SCORE
    return Look(score, crop)


def _wide_and_turned(image: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return more around a face, upside down: there its points are far from where they belong."""
    crop = WIDE_CROP.cut(image, WIDE_CROP.matrix(points))
    return np.ascontiguousarray(crop[::-1, ::-1])


def _score(crop: NDArray[np.uint8], enough: float = ON_FACE) -> float:
    """Return the best score of a box that overlaps the face box in a crop by `enough`."""
    boxes, scores, _ = _detector().run(crop, 0, WORST_SCORE)
    first = (len(crop) - CHECK_CROP.box_px - 1) / 2
    expected = (first, first, first + CHECK_CROP.box_px, first + CHECK_CROP.box_px)
    on_face = [
        score
        for box, score in zip(boxes, scores, strict=True)
        if overlap(_corners(box), expected) > enough
    ]
    return max(on_face, default=WORST_SCORE)


def detect(image: NDArray[np.uint8], areas_px: Iterable[int]) -> Iterator[NDArray[np.float64]]:
    """Yield boxes of what may be faces, largest first, from coarse to fine searches."""
    for area_px in areas_px:
        scale = search_scale(image.size, area_px)
        size = [max(1, round(length * scale)) for length in image.shape[::-1]]
        shrinking = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        boxes, _, _ = _detector().run(
            cv2.resize(image, size, interpolation=shrinking), 0, SEARCH_SCORE
        )
        pixel = np.array([image.shape[1] / size[0], image.shape[0] / size[1]] * 2)
        for box in sorted(boxes, key=lambda box: -box.area()):
            yield (np.array(_corners(box)) + 0.5) * pixel - 0.5


def _corners(box: dlib.rectangle) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom; whole numbers are the middles of pixels."""
    return box.left() - 0.5, box.top() - 0.5, box.right() + 0.5, box.bottom() + 0.5


_own = threading.local()


def _detector() -> dlib.fhog_object_detector:
    """Return the detector of this thread: it keeps the picture, and crashes if it is shared."""
    if not hasattr(_own, "detector"):
        _own.detector = deepcopy(_first_detector())
    detector: dlib.fhog_object_detector = _own.detector
    return detector


@cache
def _first_detector() -> dlib.fhog_object_detector:
    """Return a detector to be copied for every thread."""
    return frontal_detector()
