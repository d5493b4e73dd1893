"""What was detected: one row a frame, and what follows from the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from au_detect.results.result import AUResult

if TYPE_CHECKING:
    from au_detect.results.reading import read_result

__all__ = [
    "AUResult",
    "read_result",
]


def __getattr__(name: str) -> Any:
    if name != "read_result":  # which needs pandas: who detects does not wait for it
        raise AttributeError(f"module 'au_detect.results' has no attribute {name!r}")
    from au_detect.results.reading import read_result

    return read_result
