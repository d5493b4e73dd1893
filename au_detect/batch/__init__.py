"""Many inputs → a result file each, resumable, on several processes or machines."""

from au_detect.batch.scoring import score_sequences

__all__ = [
    "score_sequences",
]
