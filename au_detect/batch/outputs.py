"""What is written of every input: its table, and on demand events, emotions, an annotated copy."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.emotions import EmotionRule, read_emotion_rules
from au_detect.errors import InputError, check_option
from au_detect.results import AUResult
from au_detect.results.event_files import ENDINGS, check_event_format, write_events
from au_detect.results.layouts import check_layout
from au_detect.results.writing import DECIMALS, check_format, write_result

if TYPE_CHECKING:
    from au_detect.detect import Progress
    from au_detect.emotions import EmotionResult


@dataclass(frozen=True)
class Outputs:
    """What is written of every input.

    Parameters
    ----------
    format : {"csv", "parquet", "json"}
        Of the tables.
    columns : str
        Of the tables, see `AUResult.to_dataframe`.
    decimal : {"point", "comma"}
        Of CSV.
    landmark_columns : bool
        Whether to write the landmarks too.
    events : {"csv", "elan", "praat", "boris"}, optional
        Format of a file of events; None writes none.
    min_duration_s : float
        Shorter events are left out.
    emotions : bool
        Whether to recognise emotions too.
    emotion_rules : str, optional
        File of rules, by default the packaged ones.
    video : bool
        Whether to write an annotated copy too.
    """

    format: str = "csv"
    columns: str = "standard"
    decimal: str = "point"
    landmark_columns: bool = False
    events: str | None = None
    min_duration_s: float = 0.0
    emotions: bool = False
    emotion_rules: str | None = None
    video: bool = False

    def check(self, *, independent: bool = False) -> None:
        """Raise where something cannot be written: before the work, not after it.

        Raises
        ------
        InputError
            If an option is not as above, or the rules cannot be read.
        AUDetectError
            If a library is missing.
        """
        check_format(self.format)
        check_layout(self.columns, landmarks=self.landmark_columns)
        check_option("decimal", self.decimal, DECIMALS)
        if not 0 <= self.min_duration_s < math.inf:
            raise InputError(f"min_duration must be 0 s or more, got {self.min_duration_s}")
        if self.events is not None:
            check_event_format(self.events)
            if independent:
                raise InputError("events must be of sequences, got independent pictures")
        if self.emotions:
            _rules(self.emotion_rules)

    def emotions_of(self, result: AUResult) -> EmotionResult | None:
        """Return the emotions of a result, if they are wanted."""
        return result.emotions(_rules(self.emotion_rules)) if self.emotions else None

    def write_table(
        self, result: AUResult, path: Path, emotions: EmotionResult | None = None
    ) -> None:
        """Write the table of a result."""
        write_result(
            result, path, self.format,
            landmarks=self.landmark_columns, emotions=emotions,
            columns=self.columns, decimal=self.decimal,
        )  # fmt: skip

    def event_file(self, base: Path) -> Path | None:
        """Return the file of events of the input whose files are called `base` and an ending."""
        return None if self.events is None else Path(f"{base}{ENDINGS[self.events]}")

    def write_events(self, result: AUResult, base: Path) -> Path | None:
        """Write the events of a result, if they are wanted; return the file."""
        file = self.event_file(base)
        if file is not None:
            write_events(result, file, self.events, min_duration_s=self.min_duration_s)
        return file

    def write_copy(
        self,
        result: AUResult,
        source: str | os.PathLike[str],
        base: Path,
        *,
        emotions: EmotionResult | None = None,
        fps: float | None = None,
        progress: Progress | None = None,
    ) -> Path | None:
        """Write the annotated copy, if it is wanted and a face was found; return the file."""
        if not self.video or not result.face_found.any():
            return None
        from au_detect.plots.annotation import write_annotated

        return write_annotated(result, source, base, emotions=emotions, fps=fps, progress=progress)

    def as_recipe(self) -> dict[str, Any]:
        """Return what the files depend on, as JSON can hold it: a plain table is its format."""
        chosen = {k: v for k, v in vars(self).items() if v != getattr(type(self), k)}
        plain = ("format", "columns", "landmark_columns")
        shown = {name: getattr(self, name) for name in plain} | chosen
        if self.emotions:
            shown["emotion_rules"] = repr(_rules(self.emotion_rules))
        return shown


def _rules(file: str | None) -> tuple[EmotionRule, ...]:
    return tuple(read_emotion_rules(file))
