"""The methods of an `AUResult` that write it to files."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from au_detect.emotions.result import EmotionResult


class ResultFiles:
    """Writes the result; `au_detect.results.writing` has the formats."""

    def to_csv(
        self,
        path: str | PathLike[str],
        *,
        landmarks: bool = False,
        pose: bool = True,
        emotions: EmotionResult | None = None,
        columns: str = "standard",
        decimal: str = "point",
    ) -> None:
        """Write the table of `to_dataframe` as CSV, in UTF-8.

        File names are made safe for spreadsheets; see `au_detect.results.writing.write_csv`.

        Parameters
        ----------
        path, landmarks, pose, emotions
            As in `to_dataframe`.
        decimal : {"point", "comma"}
            ``"comma"`` writes 0,5 and separates columns by semicolons, as spreadsheets of many
            countries and R's ``read.csv2`` expect.

        Raises
        ------
        InputError
            If the folder does not exist.
        """
        from au_detect.results.writing import write_csv

        result: Any = self
        write_csv(
            result, path,
            landmarks=landmarks, pose=pose, emotions=emotions, columns=columns, decimal=decimal,
        )  # fmt: skip

    def to_parquet(
        self,
        path: str | PathLike[str],
        *,
        landmarks: bool = False,
        pose: bool = True,
        emotions: EmotionResult | None = None,
        columns: str = "standard",
    ) -> None:
        """Write the table as Parquet; as in `to_csv`, and AUDetectError if pyarrow is missing."""
        from au_detect.results.writing import write_parquet

        result: Any = self
        write_parquet(
            result, path, landmarks=landmarks, pose=pose, emotions=emotions, columns=columns
        )

    def to_json(self, path: str | PathLike[str], *, emotions: EmotionResult | None = None) -> None:
        """Write everything, landmarks and settings too, as JSON that `read_result` reads.

        Errors as in `to_csv`.
        """
        from au_detect.results.writing import write_json

        result: Any = self
        write_json(result, path, emotions=emotions)
