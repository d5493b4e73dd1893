"""Facial action units by geometry.

Frames → 68 landmarks and furrow densities → change against the person's neutral face → two
small networks (upper and lower face) → probability, decision and side of each action unit.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from au_detect.batch import score_sequences
    from au_detect.detect import AUDetector
    from au_detect.detecting import detect_aus
    from au_detect.emotions import recognise_emotions
    from au_detect.results import AUResult, read_result
    from au_detect.samples import sample_sequences
    from au_detect.version import __version__

_PLACES = {
    "AUDetector": "detect",
    "AUResult": "results",
    "detect_aus": "detecting",
    "read_result": "results",
    "recognise_emotions": "emotions",
    "sample_sequences": "samples",
    "score_sequences": "batch",
    "__version__": "version",
}

__all__ = [
    "AUDetector",
    "AUResult",
    "__version__",
    "detect_aus",
    "read_result",
    "recognise_emotions",
    "sample_sequences",
    "score_sequences",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'au_detect' has no attribute {name!r}")
    return getattr(import_module(f"au_detect.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
