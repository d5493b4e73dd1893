"""One pass over the frames: landmarks and furrows of every face, and nothing else, are kept.

About 1.2 KB a face and frame stays in memory, whatever the size of the pictures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_positive
from au_detect.features.columns import Columns, check_columns, chosen_rows, filled, not_measured
from au_detect.features.furrows import FURROW_CROP, N_FURROWS, cut_upright, upright_furrows
from au_detect.features.looks import measure_looks
from au_detect.frames import Frame
from au_detect.landmarks import N_LANDMARKS, Landmarks
from au_detect.landmarks.tracking import FaceTracker, TrackedFace
from au_detect.landmarks.visibility import VIEW, measure_visibility

NO_FACE = -1
"""`face_id` of the one row that stands for a frame without any face."""

_COLUMNS: Columns = {
    "points": (np.float32, (N_LANDMARKS, 2)),
    "furrows": (np.float32, (N_FURROWS,)),
    "boxes": (np.float32, (4,)),
    "confidence": (np.float32, ()),
    "frame": (np.int64, ()),
    "timestamp_s": (np.float64, ()),
    "face_id": (np.int64, ()),
    "upper_reliable": (np.bool_, ()),
    "lower_reliable": (np.bool_, ()),
    "looks": (np.float32, (2, 3)),
    "picture_px": (np.float32, (2,)),
}
_OPTIONAL = {"looks": (2, 3), "picture_px": (2,)}
"""Columns that measurements of before may lack."""
_NOT_FOUND = {
    "points": np.nan, "furrows": np.nan, "boxes": np.nan, "confidence": 0.0, "face_id": NO_FACE,
    "upper_reliable": False, "lower_reliable": False,
    "looks": np.nan,
}  # fmt: skip
"""Values of a row that stands for a frame without any face."""
_WHERE_FOUND: Any = None
_TO_VIEW = FURROW_CROP.matrix_to(VIEW)
FACES_AT_ONCE = 32
"""Upright faces are measured together, step by step: a step that goes from face to face has its
code in the processor's caches, which saves an eighth of all time."""


@dataclass(frozen=True)
class FaceMeasurements:
    """What was measured on the faces of a sequence: a row for every frame and face.

    Parameters
    ----------
    points : ndarray of float32, shape (n_rows, 68, 2)
        Landmarks in pixels, x right, y down; NaN where there is no face.
    furrows : ndarray of float32, shape (n_rows, n_furrows)
        Densities in the order of `au_detect.features.furrows.FURROW_NAMES`; NaN where not measured.
    boxes : ndarray of float32, shape (n_rows, 4)
        left, top, right, bottom in pixels; NaN where there is no face.
    confidence : ndarray of float32, shape (n_rows,)
        In [0, 1]; 0 where there is no face.
    frame : ndarray of int64, shape (n_rows,)
        Number of the frame, from 0.
    timestamp_s : ndarray of float64, shape (n_rows,)
        Seconds from the start.
    face_id : ndarray of int64, shape (n_rows,)
        Which face, from 0; -1 in a frame without any.
    upper_reliable, lower_reliable : ndarray of bool, shape (n_rows,), optional
        Whether the half is seen, not covered, dark or outside the picture (see
        `au_detect.landmarks.visibility`); by default wherever there is a face.
    looks : ndarray of float32, shape (n_rows, 2, 3), optional
        How far the right and the left eye are turned, see `au_detect.features.looks`; NaN where
        not measured.
    picture_px : ndarray of float32, shape (n_rows, 2), optional
        Width and height of the frame; NaN where not known.
    """

    points: NDArray[np.float32]
    furrows: NDArray[np.float32]
    boxes: NDArray[np.float32]
    confidence: NDArray[np.float32]
    frame: NDArray[np.int64]
    timestamp_s: NDArray[np.float64]
    face_id: NDArray[np.int64]
    upper_reliable: NDArray[np.bool_] = _WHERE_FOUND
    lower_reliable: NDArray[np.bool_] = _WHERE_FOUND
    looks: NDArray[np.float32] = field(default_factory=not_measured)
    picture_px: NDArray[np.float32] = field(default_factory=not_measured)

    def __post_init__(self) -> None:
        Landmarks(self.points)
        for name in ("upper_reliable", "lower_reliable"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, self.face_found)
        for name, values in filled(vars(self), _OPTIONAL, len(self)).items():
            object.__setattr__(self, name, values)
        check_columns(vars(self), _COLUMNS)
        for name in _COLUMNS:
            if len(getattr(self, name)) != len(self):
                raise InputError(
                    f"{name} must have {len(self)} rows like points, got {len(getattr(self, name))}"
                )

    def __len__(self) -> int:
        return len(self.points)

    @property
    def face_found(self) -> NDArray[np.bool_]:
        """Which rows show a face, shape (n_rows,)."""
        return ~np.isnan(self.points[:, 0, 0])

    @property
    def has_furrows(self) -> NDArray[np.bool_]:
        """In which rows all furrows are measured, shape (n_rows,)."""
        return np.asarray(np.isfinite(self.furrows).all(axis=1), dtype=bool)

    def faces(self) -> dict[int, NDArray[np.intp]]:
        """Return the number of each face and the places of its rows."""
        found = self.face_found
        numbers = np.unique(self.face_id[found]).tolist()
        return {number: np.flatnonzero(found & (self.face_id == number)) for number in numbers}

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.intp] | slice) -> FaceMeasurements:
        """Return only the chosen rows; rows that follow each other are views, not copies."""
        if not isinstance(chosen, slice):
            places = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
            if len(places) and (np.diff(places) == 1).all() and places[0] >= 0:
                chosen = slice(int(places[0]), int(places[-1]) + 1)
        return replace(self, **chosen_rows(self, _COLUMNS, chosen))


def joined_rows(*parts: FaceMeasurements) -> FaceMeasurements:
    """Return all rows of `parts`, one part after the other."""
    columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in _COLUMNS}
    return FaceMeasurements(**columns)


def measure_frame(frame: Frame, tracker: FaceTracker) -> FaceMeasurements:
    """Return the rows of one frame: one for each face, or one that says there is none."""
    return measure_faces([frame], tracker)


def measure_faces(
    frames: Iterable[Frame], tracker: FaceTracker, *, independent: bool = False
) -> FaceMeasurements:
    """Measure every frame of a sequence.

    Parameters
    ----------
    frames : iterable of Frame
        Read once; no picture is kept.
    tracker : FaceTracker
        Goes on from the state it is in: a fresh or reset one starts a new sequence.
    independent : bool
        Whether every frame starts a new sequence.

    Returns
    -------
    FaceMeasurements
        A row for each frame and face; one without a face where there is none. Its arrays are
        read-only.

    Raises
    ------
    InputError
        If there is no frame.
    """
    rows = _GrowingRows()
    tracked: list[dict[str, Any]] = []
    for frame in frames:
        if independent:
            tracker.reset()
        tracked += _rows_of_frame(frame, tracker.track(frame.image))
        if len(tracked) >= FACES_AT_ONCE:
            rows.add(_measured(tracked))
            tracked = []
    rows.add(_measured(tracked))
    if len(rows) == 0:
        raise InputError("frames must hold at least one frame, got none")
    return FaceMeasurements(**rows.finished())


def _rows_of_frame(frame: Frame, faces: list[TrackedFace]) -> list[dict[str, Any]]:
    """Return what is known of every face, and the face upright; or the row that there is none."""
    known = {
        "frame": frame.index,
        "timestamp_s": frame.timestamp_s,
        "picture_px": frame.image.shape[::-1],
    }
    if not faces:
        return [known | _NOT_FOUND]
    return [
        {
            **known,
            "points": face.points,
            "boxes": face.box,
            "confidence": face.confidence,
            "face_id": face.face_id,
            "upright": cut_upright(frame.image, face.points),
        }
        for face in faces
    ]


def _measured(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Complete the rows that have an upright face with what is measured on it."""
    faces = [row for row in rows if "upright" in row]
    for face in faces:
        view = VIEW.cut(face["upright"].crop, _TO_VIEW)
        seen = measure_visibility(view, face["points"], face["picture_px"])
        face["upper_reliable"], face["lower_reliable"] = seen.upper, seen.lower
    for face in faces:
        face["furrows"] = upright_furrows(face["upright"])
    for face in faces:
        face["looks"] = measure_looks(face["upright"])
    return rows


class _GrowingRows:
    """The columns of `FaceMeasurements` while their length is not known."""

    def __init__(self) -> None:
        self._n_rows = self._n_places = 0
        self._columns: dict[str, NDArray] = {
            name: np.empty((0, *shape), dtype=dtype) for name, (dtype, shape) in _COLUMNS.items()
        }

    def __len__(self) -> int:
        return self._n_rows

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Add rows, each of which has a value for every column."""
        n_rows = self._n_rows + len(rows)
        if n_rows > self._n_places:
            more = max(self._n_places // 16, min(self._n_places, 256))
            self._set_places(max(self._n_places + more, n_rows))
        for name, column in self._columns.items():
            for place, row in enumerate(rows, self._n_rows):
                column[place] = row[name]
        self._n_rows = n_rows

    def finished(self) -> dict[str, NDArray]:
        """Return the columns, read-only; afterwards no row can be added."""
        self._set_places(self._n_rows)
        for column in self._columns.values():
            column.flags.writeable = False
        return self._columns

    def _set_places(self, n_places: int) -> None:
        """Give the columns, which nobody else knows, another length without a second copy."""
        self._n_places = n_places
        for column in self._columns.values():
            column.resize((n_places, *column.shape[1:]), refcheck=False)


def measurements_of_landmarks(points: ArrayLike, fps: float) -> FaceMeasurements:
    """Return measurements that hold landmarks alone, as somebody else's tracker found them.

    Parameters
    ----------
    points : array_like, shape (n_frames, 68, 2)
        Pixels; NaN where there is no face.
    fps : float
        Frames per second.

    Raises
    ------
    InputError
        If `points` has another shape or no frame, a frame is NaN in part, or `fps` is not above 0.
    """
    check_positive("fps", fps)
    landmarks = Landmarks(np.asarray(points))
    n = len(landmarks)
    if n == 0:
        raise InputError("points must have at least one frame, got shape (0, 68, 2)")
    found = landmarks.face_found
    corners = [landmarks.points.min(axis=1), landmarks.points.max(axis=1)]
    return FaceMeasurements(
        points=landmarks.points,
        furrows=np.full((n, N_FURROWS), np.nan, dtype=np.float32),
        boxes=np.hstack(corners).astype(np.float32),
        confidence=found.astype(np.float32),
        frame=np.arange(n),
        timestamp_s=np.round(np.arange(n) / fps, 6),
        face_id=np.where(found, 0, NO_FACE).astype(np.int64),
    )
