"""What the detector says: probabilities, decisions, events and tables of action units (AUs)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from au_detect.errors import InputError, check_option, check_positive, check_shape
from au_detect.results import checks, tables
from au_detect.results.events import AUEvent, find_events

if TYPE_CHECKING:
    from au_detect.classifiers.storage import AUModel
    from au_detect.emotions import EmotionResult, EmotionRule
    from au_detect.results.explanations import AUExplanation, Evidence


@dataclass(frozen=True, eq=False, repr=False)
class AUResult:
    """AUs of one input: one row per frame and face, ordered by frame, then face.

    A frame without a face is a row too: `face_found` is False, its numbers are NaN. The arrays
    are read-only; ``result.points.copy()`` can be changed.

    Parameters
    ----------
    aus : tuple of int
        FACS numbers, ascending.
    probabilities : ndarray of float32, shape (n_rows, n_aus)
        How likely it is that the AU is present, in [0, 1]; not its intensity.
    side : ndarray of float32, shape (n_rows, n_aus)
        Which half of the face moves more, in [-1, 1]: positive is the subject's left,
        0 both alike.
    thresholds : ndarray of float64, shape (n_aus,)
        An AU is on where its probability is at least this; in (0, 1).
    frame : ndarray of int64, shape (n_rows,)
        Number of the frame, from 0.
    timestamp_s : ndarray of float64, shape (n_rows,)
        Time of the frame in seconds.
    face_id : ndarray of int64, shape (n_rows,)
        Which face, from 0; the same person keeps the number through the input.
    face_found : ndarray of bool, shape (n_rows,)
    confidence : ndarray of float32, shape (n_rows,)
        How sure the tracker is of the face, in [0, 1]; 0 without a face.
    points : ndarray of float32, shape (n_rows, 68, 2)
        Landmarks in pixels, x right, y down.
    pose : ndarray of float32, shape (n_rows, 3)
        Head pose ``Rx, Ry, Rz`` in radians.
    reliable : ndarray of bool, shape (n_rows,)
        False where the head is turned further than the models were trained for, or no face.
    neutral : dict of int to str
        For each face, what its neutral face was.
    input : str
        Name of the input.
    settings : dict
        How the result was made (version, model, options); must be possible to write as JSON.
    evidence : Evidence, optional
        What `explain` needs.

    Raises
    ------
    InputError
        If a shape, type or range is not as above, NaN stands anywhere but in the rows without
        a face, or the rows are out of order.
    """

    aus: tuple[int, ...]
    probabilities: NDArray[np.float32]
    side: NDArray[np.float32]
    thresholds: NDArray[np.float64]
    frame: NDArray[np.int64]
    timestamp_s: NDArray[np.float64]
    face_id: NDArray[np.int64]
    face_found: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    points: NDArray[np.float32]
    pose: NDArray[np.float32]
    reliable: NDArray[np.bool_]
    neutral: dict[int, str]
    input: str
    settings: dict[str, Any]
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.input, str):
            raise InputError(f"input must be a str, got {type(self.input).__name__}")
        fields: dict[str, Any] = {
            "aus": checks.checked_aus(self.aus),
            "neutral": checks.checked_neutral(self.neutral),
            "settings": checks.json_copy(self.settings),
        }
        n_rows = np.size(self.face_found)
        if n_rows == 0:
            raise InputError("a result must have at least one row, got 0")
        for name, (dtype, shape) in checks.array_columns(n_rows, len(fields["aus"])).items():
            fields[name] = checks.checked_array(name, getattr(self, name), dtype)
            check_shape(name, fields[name], shape)
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        checks.check_order(self.frame, self.face_id)
        checks.check_missing(self)
        checks.check_ranges(self)
        if self.evidence is not None and len(self.evidence.furrows) != n_rows:
            raise InputError(f"evidence must have {n_rows} rows, got {len(self.evidence.furrows)}")

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        rows = "1 row" if len(self) == 1 else f"{len(self)} rows"
        n_found = int(self.face_found.sum())
        return f"AUResult(input={self.input!r}, {rows}, face found in {n_found})"

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which AUs are on, shape (n_rows, n_aus): probability >= threshold; False if no face.

        The probability is compared as it is written (six decimals), so that a table never
        contradicts itself.
        """
        written = tables.rounded(self.probabilities, tables.PROBABILITY_DECIMALS)
        return np.asarray(written >= self.thresholds)

    @property
    def face_ids(self) -> tuple[int, ...]:
        """The faces in the result, ascending."""
        return tuple(np.unique(self.face_id).tolist())

    def face(self, face_id: int) -> AUResult:
        """Return the rows of one face.

        Raises
        ------
        InputError
            If no row has this `face_id`.
        """
        check_option("face_id", face_id, self.face_ids)
        neutral = {key: text for key, text in self.neutral.items() if key == face_id}
        return replace(self._rows(self.face_id == face_id), neutral=neutral)

    def blocks(self, n_rows: int) -> Iterator[AUResult]:
        """Yield the result in parts of `n_rows` rows or, at the end, less.

        Raises
        ------
        InputError
            If `n_rows` is not above 0.
        """
        check_positive("n_rows", n_rows)
        for start in range(0, len(self), n_rows):
            yield self._rows(slice(start, start + n_rows))

    def _rows(self, chosen: NDArray[np.bool_] | slice) -> AUResult:
        per_row = checks.array_columns(0, 0).keys() - {"thresholds"}
        kept = {name: getattr(self, name)[chosen] for name in per_row}
        evidence = self.evidence.rows(chosen) if self.evidence else None
        return replace(self, **kept, evidence=evidence)

    def events(self, min_duration_s: float = 0.0, *, max_gap: int = 0) -> list[AUEvent]:
        """Return when each AU was on: onset, apex and offset, ordered by face, onset and AU.

        ``pandas.DataFrame(result.events())`` makes a table of them.

        Parameters
        ----------
        min_duration_s : float
            Leave out events shorter than this, from onset to offset, in seconds.
        max_gap : int
            Join events of an AU that are at most this many frames apart, unless the face is
            lost between them.

        Raises
        ------
        InputError
            If an argument is negative.
        """
        return find_events(self, min_duration_s=min_duration_s, max_gap=max_gap)

    def emotions(self, rules: Sequence[EmotionRule] | None = None) -> EmotionResult:
        """Return how much of each emotion's rule every row matches; see `au_detect.emotions`.

        Parameters
        ----------
        rules : sequence of EmotionRule, optional
            From `au_detect.emotions.rules.read_emotion_rules`; by default the packaged ones.
        """
        from au_detect.emotions import recognise_emotions

        return recognise_emotions(self, rules)

    def explain(
        self,
        frame: int,
        face_id: int = 0,
        *,
        model: str | os.PathLike[str] | AUModel | None = None,
    ) -> list[AUExplanation]:
        """Return why each AU that is on in a frame is on: the parts of the face that carried it.

        Printing an explanation gives sentences; `au_detect.results.explanations` has the method.

        Parameters
        ----------
        frame : int
            Number of the frame, from 0.
        face_id : int
        model : path or AUModel, optional
            The model that made the result, for results from files; by default the packaged one.

        Returns
        -------
        list of AUExplanation
            One for each AU that is on, by number; empty if the face was not found.

        Raises
        ------
        InputError
            If there is no such row, the result was read from a table, or `model` is another than
            the one that made it.
        """
        from au_detect.results.explanations import explain_row

        return explain_row(self, frame, face_id, model)

    def summary(self) -> pd.DataFrame:
        """Return the peak of every AU, one row per ``(face_id, au)``.

        Returns
        -------
        DataFrame
            `name` (FACS), `peak` (highest probability), `frame` (where it is reached),
            `threshold`, `active` (is the AU on at the peak) and `share` (of the frames with the
            face, how many have the AU on, in [0, 1]). Missing values if no frame has the face.
        """
        return tables.summary_table(self)

    def to_dataframe(
        self,
        *,
        landmarks: bool = False,
        pose: bool = True,
        emotions: EmotionResult | None = None,
    ) -> pd.DataFrame:
        """Return the result as a table, one row per frame and face.

        Parameters
        ----------
        landmarks : bool
            Add ``x_0 ... x_67, y_0 ... y_67``, in pixels.
        pose : bool
            Include ``pose_Rx, pose_Ry, pose_Rz``, in radians.
        emotions : EmotionResult, optional
            Add ``emotion`` and ``emotion_<name>`` (how much of its rule matched).

        Returns
        -------
        DataFrame
            ``frame`` (from 0), ``face_id``, ``timestamp`` (s), ``confidence``, ``success``
            (0 or 1), ``AU01_c ...`` (decision, 0 or 1), ``AU01_p ...`` (probability),
            ``AU01_side ...``, pose, ``reliable`` (0 or 1), ``input``, ``neutral``, landmarks.
            Probabilities, sides and angles are rounded to six decimals, pixels to three: the
            table holds exactly what the files hold.
        """
        return tables.result_table(self, landmarks=landmarks, pose=pose, emotions=emotions)

    def to_csv(
        self,
        path: str | os.PathLike[str],
        *,
        landmarks: bool = False,
        pose: bool = True,
        emotions: EmotionResult | None = None,
    ) -> None:
        r"""Write the table of `to_dataframe` as CSV, in UTF-8.

        An apostrophe is put before a file name that a spreadsheet would run as a formula
        (one that begins with ``=``, ``+``, ``-``, ``@`` or a tab), and line breaks in it are
        written as ``\r`` and ``\n``.

        Raises
        ------
        InputError
            If the folder does not exist.
        """
        tables.write_csv(self, path, landmarks=landmarks, pose=pose, emotions=emotions)

    def to_parquet(
        self,
        path: str | os.PathLike[str],
        *,
        landmarks: bool = False,
        pose: bool = True,
        emotions: EmotionResult | None = None,
    ) -> None:
        """Write the table of `to_dataframe` as Parquet (needs pyarrow).

        Raises
        ------
        InputError
            If the folder does not exist.
        AUDetectError
            If pyarrow is not installed.
        """
        tables.write_parquet(self, path, landmarks=landmarks, pose=pose, emotions=emotions)

    def to_json(
        self, path: str | os.PathLike[str], *, emotions: EmotionResult | None = None
    ) -> None:
        """Write everything, landmarks and settings too, as JSON that `read_result` reads.

        Raises
        ------
        InputError
            If the folder does not exist.
        """
        tables.write_json(self, path, emotions=emotions)


def read_result(path: str | os.PathLike[str]) -> AUResult:
    """Read a result that `AUResult.to_json`, `to_csv` or `to_parquet` wrote.

    Parameters
    ----------
    path : path
        A table (its ending is ``.csv`` or ``.parquet``) needs its side-car file
        ``<name>.settings.json``, and gives a result that cannot be explained; without landmark
        columns its `points` are NaN.

    Raises
    ------
    InputError
        If the file cannot be read or is no such result.
    """
    if str(path).lower().endswith((".csv", ".parquet")):
        return AUResult(**tables.read_table(path))
    return AUResult(**tables.read_json(path))
