"""The sample sequences that come with the package: rendered people, neutral → apex."""

from __future__ import annotations

from pathlib import Path

from au_detect.datasets.ckplus import CKPlusSequence, read_sequences
from au_detect.paths import packaged_folder


def read_samples() -> list[CKPlusSequence]:
    """Return the sample sequences with their labels."""
    return read_sequences(packaged_folder("data"))


def sample_sequences() -> dict[str, Path]:
    """Return the folders of the sample sequences by the emotion they show.

    Examples
    --------
    >>> from au_detect import sample_sequences
    >>> sorted(sample_sequences())[:3]
    ['anger', 'contempt', 'disgust']
    """
    return {str(sample.emotion): sample.folder for sample in read_samples()}
