"""What ``au-detect run`` prints of a result: what is on first, with names and two decimals."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from au_detect.facs import ACTION_UNITS, au_label, intensity_letter

MAX_PICTURES = 30
MAX_NEUTRALS, MAX_OFF = 2, 6
WORTH_SAYING = 0.1
USUAL_THRESHOLD = 0.5


def in_a_line(result: Any) -> str:
    """Return rows, faces and neutral of a result in one line."""
    rows = f"{len(result)} row{'s' if len(result) != 1 else ''}"
    found = int(result.face_found.sum())
    return f"{result.input}: {rows}, face in {found}, neutral: {_neutral(result)}"


def _neutral(result: Any) -> str:
    """Return what the neutral faces were, of many people in short."""
    words, qualities = sorted(set(result.neutral.values())), result.neutral_quality.values()
    if len(words) > MAX_NEUTRALS:
        of = f" (quality {min(qualities):.2f} to {max(qualities):.2f})" if qualities else ""
        return f"of {len(result.neutral)} people{of}"
    return (", ".join(words) or "no face") + "".join(f" (quality {q:.2f})" for q in qualities)


def summary_lines(result: Any, min_duration_s: float = 0.0) -> list[str]:
    """Return what is on in a result: for every face, or for every independent picture."""
    if not result.face_found.any():
        return []
    if result.files:
        return _pictures(result)
    lines = []
    for face_id in result.face_ids:
        face = result.face(face_id)
        if not face.face_found.any():
            continue
        if len(result.face_ids) > 1:
            n = int(face.face_found.sum())
            lines.append(f"face {face_id}, seen in {n} frame{'' if n == 1 else 's'}:")
        lines += _face(face, min_duration_s)
    return lines


def _face(face: Any, min_duration_s: float) -> list[str]:
    active, seen = face.active, face.face_found
    peaks = np.nanmax(face.probabilities, axis=0)
    letters = [f" {intensity_letter(r)}".rstrip() for r in np.fmax.reduce(face.intensity)]
    is_on = active.any(axis=0)
    order = np.argsort(-peaks, kind="stable")
    is_clip = len(np.unique(face.frame)) > 1
    events = face.events(min_duration_s) if is_clip else []
    counts = Counter(event.au for event in events)
    lines = [
        _au_line(
            face,
            column,
            f"{peaks[column]:.2f}{letters[column]}",
            active[seen, column].mean(),
            counts,
            is_clip,
        )
        for column in order
        if is_on[column]
    ] or ["  no action unit is on"]
    off = [c for c in order if not is_on[c] and peaks[c] >= WORTH_SAYING][:MAX_OFF]
    if off:
        told = ", ".join(f"{au_label(face.aus[c])} {peaks[c]:.2f}" for c in off)
        lines.append(f"  not on, {'highest ' if is_clip else ''}probability: {told}")
    return lines


def _au_line(
    face: Any, column: int, peak: str, share: float, counts: Counter[int], is_clip: bool
) -> str:
    au = face.aus[column]
    line = f"  {au_label(au)} {ACTION_UNITS[au].name:22} {peak}"
    if is_clip:
        row = int(np.nanargmax(face.probabilities[:, column]))
        times = f"{counts[au]} time{'' if counts[au] == 1 else 's'}"
        line += f" at {face.timestamp_s[row]:.2f} s, on {times}, {share:.0%} of the frames"
    threshold = float(face.thresholds[column])
    return line if threshold == USUAL_THRESHOLD else f"{line} (on from {threshold:.2f})"


def _pictures(result: Any) -> list[str]:
    """Return a line for each picture: people who have nothing to do with each other."""
    lines = []
    for row in range(min(len(result), MAX_PICTURES)):
        p = result.probabilities[row]
        on = [c for c in np.argsort(-p, kind="stable") if result.active[row, c]]
        told = [
            f"{au_label(result.aus[c])} {ACTION_UNITS[result.aus[c]].name} {p[c]:.2f}" for c in on
        ]
        what = ", ".join(told) or ("nothing on" if result.face_found[row] else "no face")
        lines.append(f"  {result.files[row]}: {what}")
    if len(result) > MAX_PICTURES:
        lines.append(f"  ... and {len(result) - MAX_PICTURES} more in the table")
    return lines
