"""What was detected: one row a frame, and what follows from the rows."""

from au_detect.results.reading import read_result
from au_detect.results.result import AUResult

__all__ = [
    "AUResult",
    "read_result",
]
