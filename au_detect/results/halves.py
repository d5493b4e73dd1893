"""The halves of the face in words: where a result has nothing to say."""

from __future__ import annotations

from au_detect.results.result import AUResult

HALVES = {"upper_reliable": "brows and eyes", "lower_reliable": "mouth"}
"""Column of a result -> what its half of the face shows."""


def hidden_halves(result: AUResult) -> dict[str, str]:
    """Return what of the face is not visible, and in how many of the rows with it; {} if all is."""
    found, told = result.face_found, {}
    for column, half in HALVES.items():
        n_hidden = int((found & ~getattr(result, column)).sum())
        if n_hidden:
            told[half] = f"{n_hidden} of {int(found.sum())} rows"
    return told
