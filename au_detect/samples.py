"""The sample sequences that come with the package: rendered people, neutral → apex."""

from __future__ import annotations

from pathlib import Path

from au_detect.datasets.ckplus import read_ckplus
from au_detect.datasets.collection import SequenceRecord
from au_detect.paths import packaged_folder


def read_samples() -> list[SequenceRecord]:
    """Return the sample sequences with their labels."""
    return list(read_ckplus(packaged_folder("data")).records)


def sample_sequences() -> dict[str, Path]:
    """Return the folders of the sample sequences by the emotion they show.

    Examples
    --------
    >>> from au_detect import sample_sequences
    >>> sorted(sample_sequences())[:3]
    ['anger', 'contempt', 'disgust']
    """
    return {sample.emotion: sample.folder for sample in read_samples()}
