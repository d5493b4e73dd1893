"""What an `AUResult` says of itself beside its columns: faces, landmarks, files."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks import Landmarks
from au_detect.results.values import AUValues

if TYPE_CHECKING:
    from pathlib import Path


class ResultViews(AUValues):
    """What follows from the other fields of an `AUResult`, which are described there."""

    frame: NDArray[np.int64]
    face_id: NDArray[np.int64]
    face_found: NDArray[np.bool_]
    points: NDArray[np.float32]
    input: str

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        rows = "1 row" if len(self) == 1 else f"{len(self)} rows"
        n_found = int(self.face_found.sum())
        return f"AUResult(input={self.input!r}, {rows}, face found in {n_found})"

    def _repr_html_(self) -> str:
        """Return what notebooks show: the AUs that are on, with their course."""
        from au_detect.report.notebook import result_as_html

        result: Any = self
        return result_as_html(result)

    @property
    def face_ids(self) -> tuple[int, ...]:
        """The faces in the result, ascending."""
        return tuple(np.unique(self.face_id).tolist())

    @property
    def landmarks(self) -> Landmarks:
        """The 68 landmarks of every row, NaN where there is no face or they were not kept."""
        return Landmarks(self.points)

    @property
    def is_independent(self) -> bool:
        """Whether the frames are pictures that have nothing to do with each other: without time."""
        return bool(self.settings.get("independent"))

    @property
    def files(self) -> tuple[str, ...]:
        """The picture file of every row, where pictures are independent; else empty."""
        listed = self.settings.get("files") if self.is_independent else None
        return tuple(listed[frame] for frame in self.frame.tolist()) if listed else ()

    def write_events(
        self,
        path: str | PathLike[str],
        file_format: str | None = None,
        *,
        min_duration_s: float = 0.0,
        max_gap: int = 0,
    ) -> Path:
        """Write `AUResult.events` for ELAN, Praat, BORIS or a spreadsheet.

        Parameters
        ----------
        path : path
        file_format : {"csv", "elan", "praat", "boris"}, optional
            By default that of the ending: ``.csv``, ``.eaf``, ``.TextGrid`` or ``.xlsx``.
        min_duration_s, max_gap
            As in `AUResult.events`.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        InputError
            If the format is another, or the pictures are independent and so have no events.
        AUDetectError
            If a library is missing: ``pip install 'au-detect[events]'``.
        """
        from au_detect.results.event_files import write_events

        result: Any = self
        return write_events(
            result, path, file_format, min_duration_s=min_duration_s, max_gap=max_gap
        )
