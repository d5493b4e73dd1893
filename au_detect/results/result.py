"""What the detector says of action units (AUs), as plain data.

Events, emotions, explanations, tables and files stand above this module, as functions that take
an `AUResult`. Its methods of these names only call them; the imports within those methods are the
one exception to the order in which modules import each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_option, check_positive
from au_detect.features.columns import chosen_rows, not_measured
from au_detect.features.halves import reliable_aus
from au_detect.results.checks import PER_ROW, checked_fields
from au_detect.results.file_methods import ResultFiles
from au_detect.results.views import ResultViews

_WHERE_FOUND: Any = None

if TYPE_CHECKING:
    import pandas as pd

    from au_detect.classifiers.storage import AUModel
    from au_detect.emotions.result import EmotionResult
    from au_detect.emotions.rules import EmotionRule
    from au_detect.results.event import AUEvent
    from au_detect.results.evidence import Evidence
    from au_detect.results.reasons import AUExplanation


@dataclass(frozen=True, eq=False, repr=False)
class AUResult(ResultViews, ResultFiles):
    """AUs of one input: one row per frame and face, ordered by frame, then face.

    A frame without a face is a row too: `face_found` is False, its numbers are NaN. So are
    probabilities and sides of the AUs of a half of the face that cannot be trusted. The arrays
    are read-only; ``result.points.copy()`` can be changed.

    Parameters
    ----------
    aus : tuple of int
        FACS numbers, ascending.
    probabilities : ndarray of float32, shape (n_rows, n_aus)
        How likely it is that the AU is present, in [0, 1]; not its intensity.
    left, right : ndarray of float32, shape (n_rows, n_aus)
        As `probabilities`, of faces made of the subject's left or right half and its mirror image.
    thresholds : ndarray of float64, shape (n_aus,)
        An AU is on where its probability is at least this; in (0, 1).
    frame : ndarray of int64, shape (n_rows,)
        Number of the frame, from 0.
    timestamp_s : ndarray of float64, shape (n_rows,)
        Time of the frame in seconds; 0 for independent pictures, which have none.
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
    intensity_scale : ndarray of float64, shape (n_aus, 5, 2), optional
        What makes intensities of probabilities, see `au_detect.classifiers.intensity`; None if
        the networks have not learnt them.
    upper_reliable, lower_reliable : ndarray of bool, shape (n_rows,), optional
        False where brows and eyes, or the mouth, are covered, dark or outside the picture (or are
        so in the neutral face), or no face; by default like `face_found`.
    translation : ndarray of float32, shape (n_rows, 3), optional
        From the camera to the head, mm (`au_detect.landmarks.head_position`); NaN if not known.
    gaze : ndarray of float32, shape (n_rows, 2), optional
        Angles in radians, right in the picture and down (`au_detect.features.gaze`); NaN in blinks.

    Raises
    ------
    InputError
        If a shape, type or range is not as above, NaN stands anywhere but in the rows without
        a face and the AUs of unreliable halves, or the rows are out of order.
    """

    aus: tuple[int, ...]
    probabilities: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
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
    intensity_scale: NDArray[np.float64] | None = None
    upper_reliable: NDArray[np.bool_] = _WHERE_FOUND
    lower_reliable: NDArray[np.bool_] = _WHERE_FOUND
    translation: NDArray[np.float32] = field(default_factory=not_measured)
    gaze: NDArray[np.float32] = field(default_factory=not_measured)

    def __post_init__(self) -> None:
        for name, value in checked_fields(vars(self)).items():
            object.__setattr__(self, name, value)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which AUs are known, shape (n_rows, n_aus): their half of the face can be trusted."""
        return reliable_aus(self.aus, self.upper_reliable, self.lower_reliable)

    def face(self, face_id: int) -> AUResult:
        """Return the rows of one face, one of `face_ids`."""
        check_option("face_id", face_id, self.face_ids)
        neutral = {key: text for key, text in self.neutral.items() if key == face_id}
        return replace(self._rows(self.face_id == face_id), neutral=neutral)

    def of_frame(self, frame: int) -> AUResult:
        """Return the rows of one frame, or raise InputError if there is none."""
        if frame not in self.frame:
            raise InputError(f"frame must be one of the result's, got {frame}")
        return self._rows(self.frame == frame)

    def blocks(self, n_rows: int) -> Iterator[AUResult]:
        """Yield the result in parts of `n_rows` (above 0) rows or, at the end, less."""
        check_positive("n_rows", n_rows)
        for start in range(0, len(self), n_rows):
            yield self._rows(slice(start, start + n_rows))

    def _rows(self, chosen: NDArray[np.bool_] | slice) -> AUResult:
        evidence = self.evidence.rows(chosen) if self.evidence else None
        return replace(self, **chosen_rows(self, PER_ROW, chosen), evidence=evidence)

    def events(self, min_duration_s: float = 0.0, *, max_gap: int = 0) -> list[AUEvent]:
        """Return when each AU was on, ordered by face, onset and AU.

        ``pandas.DataFrame(result.events())`` makes a table of onset, apex and offset.

        Parameters
        ----------
        min_duration_s : float
            Leave out events shorter than this, from onset to offset, in seconds.
        max_gap : int
            Join events of an AU that are at most this many frames apart, unless the face, or its
            half, is lost between them.

        Raises
        ------
        InputError
            If an argument is negative.
        """
        from au_detect.results.events import find_events

        return find_events(self, min_duration_s=min_duration_s, max_gap=max_gap)

    def emotions(self, rules: Sequence[EmotionRule] | None = None) -> EmotionResult:
        """Return how much of each emotion's rule every row matches; see `au_detect.emotions`.

        `rules` come from `read_emotion_rules`; by default they are the packaged ones.
        """
        from au_detect.emotions.recognition import recognise_emotions

        return recognise_emotions(self, rules)

    def explain(
        self, frame: int, face_id: int = 0, *, model: str | PathLike[str] | AUModel | None = None
    ) -> list[AUExplanation]:
        """Return why each AU that is on in a frame is on: the parts of the face that carried it.

        There is one explanation for each, by number, and none if the face was not found. Printing
        one gives sentences; `au_detect.results.reasons` has the method.

        Parameters
        ----------
        frame, face_id : int
            Numbers of the frame and the face, from 0.
        model : path or AUModel, optional
            The model that made the result, for results from files; by default the packaged one.

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

        Of independent pictures, which may show different people: per ``(file, face_id, au)``.
        The columns are `name` (FACS), `peak` (highest probability), `frame` (where it is
        reached), `intensity` (there, 0 to 5, if the model can say it), `active` (is the AU on
        there) and `share` (of the frames that show the AU's half of the face, how many have it
        on, in [0, 1]). Missing values if no frame does.
        """
        from au_detect.results.tables import summary_table

        return summary_table(self)

    def to_dataframe(
        self,
        *,
        landmarks: bool = False,
        pose: bool = True,
        emotions: EmotionResult | None = None,
        columns: str = "standard",
    ) -> pd.DataFrame:
        """Return the result as a table, one row per frame and face.

        Parameters
        ----------
        landmarks : bool
            Add ``x_0 ... x_67, y_0 ... y_67``, in pixels.
        pose : bool
            Include ``gaze_angle_x`` ..., ``pose_Tx`` ..., ``pose_Rx`` ... (radians, mm, radians).
        emotions : EmotionResult, optional
            Add ``emotion`` and ``emotion_<name>`` (how much of its rule matched).
        columns : {"standard", "full", "short", "openface", "tidy"}
            ``"full"`` adds both halves of the face (``AU12L_p``, ``AU12R_p``, ``AU12L_r``,
            ``AU12R_r``), ``"short"`` has the AUs only, ``"openface"`` is the table of OpenFace 2
            (frames count from 1), ``"tidy"`` has a row for every AU.

        Returns
        -------
        DataFrame
            ``frame`` (from 0), ``face_id``, ``timestamp`` (s), ``confidence``, ``success``
            (0 or 1), ``AU01_c ...`` (decision, 0 or 1), ``AU01_p ...`` (probability),
            ``AU01_r ...`` (intensity, 0 to 5, if the model can say it), ``AU01_side ...``, gaze,
            pose, ``reliable``, ``upper_reliable``, ``lower_reliable`` (0 or 1), ``input``, ``file``
            (of independent pictures, which have no timestamps), ``neutral``, emotions, landmarks.
            Cells are empty where nothing is seen. Probabilities, intensities, sides and angles are
            rounded to six decimals, px and mm to three, as in the files.
        """
        from au_detect.results.tables import result_table

        return result_table(
            self, landmarks=landmarks, pose=pose, emotions=emotions, columns=columns
        )
