"""What was detected: one row a frame, and what follows from the rows."""

from au_detect.results.result import AUResult, read_result

__all__ = [
    "AUResult",
    "read_result",
]
