"""Find faces and follow their 68 landmarks from frame to frame.

The detector (`au_detect.landmarks.detection`) searches the whole picture to start and to recover,
and looks at an upright crop of a followed face now and then. In between, the last points give the
crop that the landmarks are fitted in (`au_detect.landmarks.fit`). A face that changes suddenly, or
comes back, is known by its portrait (`au_detect.landmarks.portrait`).
"""

from __future__ import annotations

import math
import os
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_positive, check_shape
from au_detect.landmarks.crop import FIT_CROP, is_near, overlap
from au_detect.landmarks.crop_fit import LandmarkFitter
from au_detect.landmarks.detection import Look, detect, look_at
from au_detect.landmarks.fit import REST_IOD, FaceFit, fit_face, load_fitter
from au_detect.landmarks.models import LandmarkModel, find_landmark_model
from au_detect.landmarks.portrait import Portrait
from au_detect.landmarks.search import search_areas_px, searched_face_px

# Scores of the closer look (`au_detect.landmarks.detection`).
FOUND_SCORE, LOST_SCORE = -0.3, -0.8
# A face that is less sure is none: half turned to the side, real ones had 0.29.
LEAST_CONFIDENCE = 0.1
# Of trees, the crop's and its mirror image's fits differ by 0.012 to 0.019 IOD on half of the real
# faces, depending on the landmark model, by 0.08 at most (a wink below a fringe). On texture it is
# 0.02 to 0.1: no proof of a face, which is the detector's matter.
FOUND_UNCERTAINTY_IOD, DOUBT_UNCERTAINTY_IOD = 0.09, 0.05
# Correlation of thumbnails: over 0.93 within a second of a talking face, 0 after a cut.
DOUBT_LIKENESS = 0.9
# Of a followed face's thumbnails in two frames: under 0.7 in 1 % of the frames of hasty people and
# 0.6 for two people at the same place, so that a lower one may be a cut to somebody else.
JUMP_LIKENESS = 0.7
# Likeness of portraits (see `au_detect.landmarks.portrait`): of one face before and after a jump or
# a short loss, and of a face that comes back from anywhere.
SAME_AFTER_JUMP, SAME_ANYWHERE = 0.55, 0.65
# Overlap (intersection over union) of boxes of one face.
SAME_FACE = 0.3
# The crop of a followed face is cut and fitted anew if the face is off by more than this.
FOLLOWED_IOD = 0.03
# In frames; every FINE_EVERY-th search also looks for smaller faces, and every FINEST_EVERY-th on
# all areas of `au_detect.landmarks.search`.
CHECK_EVERY, SEARCH_EVERY, SEARCH_LOST_EVERY, JUST_LOST = 15, 15, 5, 30
FINE_EVERY, FINEST_EVERY = 8, 24
# How many people are remembered, and how many looks at each.
MOST_PEOPLE, MOST_LOOKS = 64, 6


@dataclass(frozen=True)
class TrackedFace:
    """One face in one frame.

    Parameters
    ----------
    face_id : int
        The same number in every frame for the same person, from 0. Somebody who is lost for a
        while, or comes back after a cut, keeps the number; somebody else gets a new one.
    points : ndarray of float32, shape (68, 2)
        Landmarks in pixels, finer than whole pixels.
    box : ndarray of float32, shape (4,)
        left, top, right, bottom in pixels: the box that dlib's detector would draw about the
        points. It may reach over the border of the picture.
    confidence : float
        In [0, 1]: the detector's last score on this face through a logistic function (score 0
        gives 0.5), times how sure the landmark model is; at least `LEAST_CONFIDENCE`.
    """

    face_id: int
    points: NDArray[np.float32]
    box: NDArray[np.float32]
    confidence: float


class _Following:
    """What is known of one face that is followed, or was some time ago."""

    def __init__(self, face_id: int, fit: FaceFit, look: Look) -> None:
        self.face_id, self.fit = face_id, fit
        self.looks: list[Look] = []
        self.frames_lost = 0
        self._set_checked(fit, look)

    def come_back(self, fit: FaceFit, look: Look) -> None:
        """Go on with a face that was lost."""
        self.fit = fit
        self._set_checked(fit, look)

    def likeness(self, portrait: Portrait) -> float:
        """Return how much a portrait looks like the one of this face that is most like it."""
        return max(float(own.portrait @ portrait) for own in self.looks)

    def is_shown_by(self, image: NDArray[np.uint8], fit: FaceFit) -> bool:
        """Return whether `fit` is still the face; ask the detector now and then, and in doubt."""
        if not fit.is_inside(image):
            return False
        self._frames_since_check += 1
        changed = fit.likeness(self._checked_thumbnail) < DOUBT_LIKENESS
        in_doubt = changed or fit.uncertainty_iod > DOUBT_UNCERTAINTY_IOD
        if in_doubt or self._frames_since_check >= CHECK_EVERY:
            look = look_at(image, fit.points)
            jumped = fit.likeness(self.fit.thumbnail) < JUMP_LIKENESS
            if jumped and self.likeness(look.portrait) < SAME_AFTER_JUMP:
                return False
            self._set_checked(fit, look)
        return self.score > LOST_SCORE

    def _set_checked(self, fit: FaceFit, look: Look) -> None:
        self.score, self._checked_thumbnail, self._frames_since_check = look.score, fit.thumbnail, 0
        if look.score > FOUND_SCORE:  # the first stays, the oldest of the others goes
            self.looks = [*self.looks[:1], *self.looks[1:][-MOST_LOOKS + 2 :], look]

    def seen(self) -> TrackedFace:
        agreement = math.exp(-((self.fit.uncertainty_iod / 0.05) ** 2))
        confidence = agreement / (1.0 + math.exp(-2.0 * self.score))
        points, box = self.fit.points.astype(np.float32), self.fit.box.astype(np.float32)
        return TrackedFace(self.face_id, points, box, confidence)


class FaceTracker:
    """Follow one or several faces through the frames of a sequence.

    Parameters
    ----------
    landmark_model : str, path, LandmarkModel or None
        Name or file of a dlib shape predictor of 68 points; None finds one (see
        `find_landmark_model`). It is loaded with the first frame, once per process.
    max_faces : int
        How many faces to follow at most; 1 follows the largest.
    smallest_face_px : float, optional
        Pixels between the eyes of the smallest face to look for (`au_detect.landmarks.search`).

    Attributes
    ----------
    searched_face_px : float or None
        Pixels between the eyes of the smallest face that is searched for in pictures like the
        last; None before the first.

    Raises
    ------
    InputError
        If `max_faces` is not a whole number above 0, `smallest_face_px` is not a positive
        number, or no landmark model is found.
    """

    def __init__(
        self,
        landmark_model: str | os.PathLike[str] | LandmarkModel | None = None,
        max_faces: int = 1,
        smallest_face_px: float | None = None,
    ) -> None:
        if isinstance(max_faces, bool) or not isinstance(max_faces, int) or max_faces < 1:
            raise InputError(f"max_faces must be a whole number above 0, got {max_faces!r}")
        if smallest_face_px is not None:
            check_positive("smallest_face_px", smallest_face_px)
        self.max_faces = max_faces
        self.smallest_face_px = smallest_face_px
        self.landmark_model = find_landmark_model(landmark_model)
        self.reset()

    def reset(self) -> None:
        """Forget every face: the next frame is the first of a new sequence."""
        self._followed: list[_Following] = []
        self._lost: list[_Following] = []
        self._next_id = 0
        self._frames_to_search = 0
        self._searches = 0
        self.searched_face_px: float | None = None

    def anew(self) -> FaceTracker:
        """Return a tracker with the same options that has seen no face yet."""
        tracker = copy(self)
        tracker.reset()
        return tracker

    def portrait_of(self, face_id: int) -> Portrait | None:
        """Return the first portrait of somebody; None for a number that nobody has."""
        known = [face for face in self._people() if face.face_id == face_id]
        return known[0].looks[0].portrait if known else None

    def most_like(self, portrait: Portrait) -> int | None:
        """Return the number of who looks most like a portrait; None if nobody was seen."""
        people = self._people()
        return max(people, key=lambda face: face.likeness(portrait)).face_id if people else None

    def _people(self) -> list[_Following]:
        return [*self._followed, *self._lost]

    def describe(self) -> dict[str, float | None]:
        """Return what was searched for, for the settings of a result."""
        searched = self.searched_face_px
        return {"searched_face_px": None if searched is None else round(searched, 1)}

    def track(self, image: NDArray[np.uint8]) -> list[TrackedFace]:
        """Return the faces in the next frame, ordered by `face_id`; empty where there is none.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width)
            Grey picture.

        Raises
        ------
        InputError
            If the picture is not grey uint8 or has no pixels, or the landmark model is damaged or
            has another number of points.
        """
        image = _check_image(image)
        self._fitter()
        self.searched_face_px = searched_face_px(image.size, self.smallest_face_px)
        self._follow(image)
        if self._search_is_due():
            self._search(image)
        faces = [face.seen() for face in sorted(self._followed, key=lambda face: face.face_id)]
        return [face for face in faces if face.confidence >= LEAST_CONFIDENCE]

    def _follow(self, image: NDArray[np.uint8]) -> None:
        """Fit every followed face in this frame; move those that are gone to the lost ones."""
        kept: list[_Following] = []
        for face in self._lost:
            face.frames_lost += 1
        self._lost = self._lost[-MOST_PEOPLE:]
        for face in self._followed:
            matrix, in_crop = face.fit.matrix, face.fit.in_crop
            fit = fit_face(self._fitter(), image, matrix, FOLLOWED_IOD, in_crop)
            twice = any(overlap(fit.box, other.fit.box) > SAME_FACE for other in kept)
            if not twice and face.is_shown_by(image, fit):
                face.fit = fit
                kept.append(face)
            else:
                face.frames_lost = 0
                self._lost.append(face)
                self._frames_to_search, self._searches = 0, 0
        self._followed = kept

    def _search_is_due(self) -> bool:
        if len(self._followed) == self.max_faces:
            return False
        if self._followed and self._frames_to_search > 0:
            self._frames_to_search -= 1
            return False
        just_lost = any(face.frames_lost <= JUST_LOST for face in self._lost)
        self._frames_to_search = (SEARCH_LOST_EVERY if just_lost else SEARCH_EVERY) - 1
        return True

    def _search(self, image: NDArray[np.uint8]) -> None:
        """Look for faces in the whole picture, and now and then for smaller ones too."""
        areas_px = search_areas_px(image.size, self.smallest_face_px)
        is_finest, is_fine = (self._searches % n == 0 for n in (FINEST_EVERY, FINE_EVERY))
        self._searches += 1
        for box in detect(image, areas_px if is_finest else areas_px[: 1 + is_fine]):
            if all(overlap(box, face.fit.box) < SAME_FACE for face in self._followed):
                self._start(image, box)
            if len(self._followed) == self.max_faces:
                return

    def _start(self, image: NDArray[np.uint8], box: NDArray[np.float64]) -> None:
        """Follow the face in a detector's `box`, if a closer look confirms it."""
        fit = fit_face(self._fitter(), image, FIT_CROP.matrix_of_box(box), REST_IOD)
        known = any(overlap(fit.box, other.fit.box) > SAME_FACE for other in self._followed)
        if known or fit.uncertainty_iod > FOUND_UNCERTAINTY_IOD or not fit.is_inside(image):
            return
        look = look_at(image, fit.points)
        if look.score > FOUND_SCORE:
            self._followed.append(self._person(fit, look))

    def _person(self, fit: FaceFit, look: Look) -> _Following:
        """Return the lost person that this face is, or somebody new."""

        def likeness(face: _Following) -> float:
            just_here = face.frames_lost <= JUST_LOST and is_near(face.fit.box, fit.box)
            enough = SAME_AFTER_JUMP if just_here else SAME_ANYWHERE
            return face.likeness(look.portrait) - enough

        known = max(self._lost, key=likeness, default=None)
        if known is not None and likeness(known) > 0:
            self._lost.remove(known)
            known.come_back(fit, look)
            return known
        self._next_id += 1
        return _Following(self._next_id - 1, fit, look)

    def _fitter(self) -> LandmarkFitter:
        return load_fitter(self.landmark_model)


def _check_image(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        got = image.dtype if isinstance(image, np.ndarray) else type(image).__name__
        raise InputError(f"image must be a uint8 array, got {got}")
    check_shape("image", image, ("height", "width"))
    if image.size == 0:
        raise InputError(f"image must have pixels, got shape {image.shape}")
    return np.ascontiguousarray(image)
