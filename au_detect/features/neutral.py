"""The neutral face: which frames, or which picture, the features are compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, NoFaceError, check_shape
from au_detect.features.furrows import N_FURROWS
from au_detect.features.halves import most_shown
from au_detect.features.measurement import FaceMeasurements, measure_faces
from au_detect.frames import open_frames
from au_detect.landmarks import N_LANDMARKS, Landmarks
from au_detect.landmarks.portrait import Portrait
from au_detect.landmarks.pose import HeadPose, estimate_pose, read_mean_face
from au_detect.landmarks.tracking import FaceTracker

MEDIAN_FRAMES = 1000
"""Of more frames as many are taken for the median, evenly spaced: no more are kept in memory."""


@dataclass(frozen=True)
class NeutralFace:
    """A neutral face.

    Parameters
    ----------
    pose : HeadPose
        One row: its head pose and frontal shape.
    furrows : ndarray of float32, shape (n_furrows,)
        Furrow densities; NaN where not known.
    description : str
        What it was, as results say it: ``"frame 0"``, ``"median of 300 frames"``, a file name.
    personal : bool
        Whether it is the person's own face; False for the mean face, which stands in where no
        neutral is known.
    frames : tuple of int
        Numbers of the frames of the sequence that it was made of; of a median of all, none.
    quality : float, optional
        How good it is then, in [0, 1]; None for a face that somebody chose.
    doubt : str
        What is wrong with it in words; empty if nothing is.
    portrait : ndarray of float32, optional
        What the person looks like (`au_detect.landmarks.portrait`), where a picture was given.
    upper_reliable, lower_reliable : bool
        Whether its halves are seen: nothing can be compared with one that is not.
    others : tuple of NeutralFace
        The same face at rest as it is seen otherwise, turned or in other light, where frames show
        that; their descriptions are among `au_detect.features.conditions.CONDITIONS`.
    """

    pose: HeadPose
    furrows: NDArray[np.float32]
    description: str
    personal: bool = True
    frames: tuple[int, ...] = ()
    quality: float | None = None
    doubt: str = ""
    portrait: Portrait | None = None
    upper_reliable: bool = True
    lower_reliable: bool = True
    others: tuple[NeutralFace, ...] = ()

    @property
    def as_seen(self) -> tuple[NeutralFace, ...]:
        """The face and its `others`: a row says which of them it is compared with."""
        return (self, *self.others)

    @property
    def halves(self) -> tuple[bool, bool]:
        """Whether upper and lower half are seen."""
        return self.upper_reliable, self.lower_reliable


@cache
def mean_neutral() -> NeutralFace:
    """Return the mean face, turned to the camera: for people whose neutral is not known."""
    shape, furrows = estimate_pose(read_mean_face()[None, :, :2]), np.zeros(N_FURROWS, np.float32)
    for array in (shape.angles, shape.scale_px, shape.frontal, furrows):
        array.flags.writeable = False
    return NeutralFace(shape, furrows, "none", personal=False)


def neutral_from_rows(face: FaceMeasurements, choice: str | int) -> NeutralFace:
    """Return the neutral of one face from its own sequence.

    Parameters
    ----------
    face : FaceMeasurements
        Rows of one face.
    choice : {"first", "median"} or int
        The first frame with the face, the median of all of them (of `MEDIAN_FRAMES` if there are
        more), or the number of a frame. First and median are of the frames that show both halves
        of the face, if any do.

    Raises
    ------
    NoFaceError
        If the frame does not show the face.
    InputError
        If `choice` is something else.
    """
    rows = np.flatnonzero(face.face_found)
    if isinstance(choice, (int, np.integer)) and not isinstance(choice, bool):
        chosen = rows[face.frame[rows] == choice]
        if len(chosen) == 0:
            raise NoFaceError(
                f"neutral frame {choice} must show the face, but none was found in it"
            )
        return _neutral_of_row(face, int(chosen[0]))
    rows = rows[most_shown(face.rows(rows))]
    if choice == "first":
        if len(rows) == 0:
            raise NoFaceError("neutral must be a frame with a face, but no frame shows one")
        return _neutral_of_row(face, int(rows[0]))
    if choice == "median":
        return median_face(face.rows(rows))
    raise InputError(
        f'neutral must be "first", "median", a frame number, a picture or None, got {choice!r}'
    )


def neutral_from_landmarks(points: ArrayLike) -> NeutralFace:
    """Return the neutral face that somebody else's tracker found.

    Parameters
    ----------
    points : array_like, shape (68, 2)
        Pixels.

    Raises
    ------
    NoFaceError
        If the points are NaN.
    InputError
        If the shape is another.
    """
    shape = np.asarray(points)
    check_shape("neutral", shape, (N_LANDMARKS, 2))
    found = Landmarks(shape[None])
    if not found.face_found.all():
        raise NoFaceError("neutral landmarks must be numbers, got NaN")
    unknown = np.full(N_FURROWS, np.nan, dtype=np.float32)
    return NeutralFace(estimate_pose(found.points), unknown, "landmarks")


def measure_neutral(source: Any, tracker: FaceTracker) -> NeutralFace:
    """Return the neutral face in another picture, folder, clip or array.

    A picture serves as it is; of several frames the median face is taken.

    Raises
    ------
    NoFaceError
        If no face is found.
    InputError
        If the source cannot be read.
    """
    tracker.reset()
    stream = open_frames(source)
    rows = measure_faces(stream, tracker)
    portrait = tracker.portrait_of(0)
    tracker.reset()
    rows = rows.rows(rows.face_id == 0) if rows.face_found.any() else rows
    if not rows.face_found.any():
        raise NoFaceError(f"neutral {stream.name} must show a face, but none was found in it")
    chosen = neutral_from_rows(rows, "first" if len(rows) == 1 else "median")
    detail = "" if len(rows) == 1 else f", {chosen.description}"
    return replace(chosen, description=stream.name + detail, frames=(), portrait=portrait)


def _neutral_of_row(face: FaceMeasurements, row: int) -> NeutralFace:
    return NeutralFace(
        pose=estimate_pose(face.points[row : row + 1]),
        furrows=face.furrows[row],
        description=f"frame {int(face.frame[row])}",
        frames=(int(face.frame[row]),),
        upper_reliable=bool(face.upper_reliable[row]),
        lower_reliable=bool(face.lower_reliable[row]),
    )


def median_face(face: FaceMeasurements) -> NeutralFace:
    """Return the median of rows that all show the face, of `MEDIAN_FRAMES` if there are more.

    Raises
    ------
    NoFaceError
        If there is no row.
    """
    if len(face) == 0:
        raise NoFaceError("neutral must be made of frames with a face, but no frame shows one")
    if len(face) > MEDIAN_FRAMES:
        face = face.rows(np.linspace(0, len(face) - 1, MEDIAN_FRAMES).astype(int))
    poses = estimate_pose(face.points)
    pose = HeadPose(
        angles=np.median(poses.angles, axis=0, keepdims=True),
        scale_px=np.median(poses.scale_px, axis=0, keepdims=True),
        frontal=np.median(poses.frontal, axis=0, keepdims=True),
    )
    furrows = np.median(face.furrows, axis=0)
    word = "frame" if len(face) == 1 else "frames"
    return NeutralFace(
        pose=pose,
        furrows=furrows,
        description=f"median of {len(face)} {word}",
        upper_reliable=bool(face.upper_reliable.mean() > 0.5),
        lower_reliable=bool(face.lower_reliable.mean() > 0.5),
    )


def half_way(one: NeutralFace, other: NeutralFace) -> NeutralFace:
    """Return the mean of two neutral faces of a person; all but the face is the other's."""
    pose = HeadPose(
        angles=(one.pose.angles + other.pose.angles) / 2,
        scale_px=(one.pose.scale_px + other.pose.scale_px) / 2,
        frontal=(one.pose.frontal + other.pose.frontal) / 2,
    )
    furrows = (one.furrows + other.furrows) / np.float32(2)
    return replace(other, pose=pose, furrows=furrows)
