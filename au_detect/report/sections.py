"""What a report says of one result, as the values that ``templates/report.html`` is filled with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.emotions import EmotionResult
from au_detect.facs import au_label, intensity_letter
from au_detect.report.timeline import make_timeline
from au_detect.report.viewer import View, viewer_data
from au_detect.results import AUResult
from au_detect.results.checks import PER_ROW
from au_detect.results.halves import hidden_halves

MAX_EVENTS = 500
N_EMOTIONS = 3


def make_section(
    number: int, result: AUResult, emotions: EmotionResult, views: Mapping[int, list[View]]
) -> dict[str, Any]:
    """Return the values of one section.

    Parameters
    ----------
    number : int
        Of the section on its page, from 1.
    result : AUResult
    emotions : EmotionResult
        Of `result`.
    views : mapping of int to list of View
        Of every face, as `collect_views` returned them.
    """
    faces = [
        _face_values(f"timeline-{number}-{face_id}", face_id, result, emotions, views)
        for face_id in result.face_ids
    ]
    return {
        "name": result.input,
        "n_frames": _n_frames(result),
        "found": _found_text(result),
        "aus_on": _aus_on(result),
        "aus_at_apex": _aus_at_apex(result, emotions),
        "emotion": _apex_text(emotions),
        "facts": _facts(result),
        "faces": faces,
        "settings": json.dumps(result.settings, indent=2, ensure_ascii=False),
    }


def _face_values(
    chart: str,
    face_id: int,
    result: AUResult,
    emotions: EmotionResult,
    views: Mapping[int, list[View]],
) -> dict[str, Any]:
    face = _on_every_frame(result, face_id)
    if not face.face_found.any():
        return {"face_id": face_id, "found": False}
    shown, is_clip = views.get(face_id), len(face) > 1
    events = face.events() if is_clip else []
    return {
        "face_id": face_id,
        "found": True,
        "chart": chart,
        "viewer": viewer_data(result, shown, emotions) if shown else None,
        "reference": "mean" if result.neutral.get(face_id) == "none" else "neutral",
        "timeline": make_timeline(face, chart) if is_clip else None,
        "emotions": _emotion_values(emotions, face_id),
        "peaks": _peaks(face),
        "events": events[:MAX_EVENTS],
        "n_events": len(events),
    }


def _peaks(face: AUResult) -> list[dict[str, Any]]:
    """Return the peak of every AU with its threshold, and its intensity in words if it is known."""
    rows = face.summary().reset_index().to_dict("records")
    return [
        {str(name): value for name, value in row.items()}
        | {"threshold": float(threshold), "intensity": _intensity_text(row.get("intensity"))}
        for row, threshold in zip(rows, face.thresholds, strict=True)
    ]


def _intensity_text(value: float | None) -> str | None:
    """Return an intensity with its letter; None where the model has not learnt intensities."""
    return None if value is None else f"{value:.1f} {intensity_letter(value)}".rstrip()


def _on_every_frame(result: AUResult, face_id: int) -> AUResult:
    """Return the rows of one face, with an empty row for every frame that has none of it."""
    face = result.face(face_id)
    frames, first_rows = np.unique(result.frame, return_index=True)
    rows = np.searchsorted(frames, face.frame)
    fields: dict[str, Any] = {
        "frame": frames,
        "timestamp_s": result.timestamp_s[first_rows],
        "face_id": np.full(len(frames), face_id),
    }
    for name in set(PER_ROW) - fields.keys():
        values = getattr(face, name)
        empty = 0 if values.ndim == 1 else np.nan
        fields[name] = np.full((len(frames), *values.shape[1:]), empty, dtype=values.dtype)
        fields[name][rows] = values
    return replace(face, **fields, evidence=None)


def _facts(result: AUResult) -> dict[str, str]:
    facts = {"Frames": str(_n_frames(result))}
    if _n_frames(result) > 1 and not result.is_independent:
        facts["Duration"] = f"{np.ptp(result.timestamp_s):.2f} s"
    facts["Face found"] = _found_text(result)
    if len(result.face_ids) > 1:
        facts["Faces"] = str(len(result.face_ids))
    facts["Neutral face"] = "; ".join(dict.fromkeys(result.neutral.values())) or "none"
    n_unreliable = int((result.face_found & ~result.reliable).sum())
    if n_unreliable:
        facts["Head turned too far"] = f"{n_unreliable} of {len(result)} rows"
    for half, rows in hidden_halves(result).items():
        facts[f"{half.capitalize()} not visible"] = rows
    for key in ("model", "version"):
        if key in result.settings:
            facts[key.capitalize()] = str(result.settings[key])
    facts[f"Action units on{_in_any(result)}"] = _aus_on(result)
    return facts


def _in_any(result: AUResult) -> str:
    """Return what tells a whole clip from its apex."""
    if result.files:
        return " in any picture"
    return " in any frame" if _n_frames(result) > 1 else ""


def _emotion_values(emotions: EmotionResult, face_id: int) -> dict[str, Any] | None:
    """Return the best emotions of one face at its apex; None if no row shows it."""
    apex = emotions.at_apex(face_id)
    if apex is None:
        return None
    place = f" around the apex, frame {apex.frame}" if len(emotions) > 1 else ""
    ruled = {rule.name for rule in emotions.rules}
    rows = []
    for name, score in apex.ranking[:N_EMOTIONS]:
        row = {"name": name, "score": score, "matched": "", "missing": "", "against": ""}
        if name in ruled:
            match = emotions.match(apex.row, name)
            row["matched"] = " ".join(au_label(au) for au in match.matched)
            row["missing"] = ", ".join(_choice_text(choice) for choice in match.missing)
            row["against"] = " ".join(au_label(au) for au in match.against)
        rows.append(row)
    return {"caption": f"Emotions{place}", "rows": rows}


def _choice_text(choice: str) -> str:
    """Return a choice of a rule in words: ``"26|27"`` is ``"AU26 or AU27"``."""
    return " or ".join(au_label(int(au)) for au in choice.split("|"))


def _apex_text(emotions: EmotionResult) -> str:
    """Return the emotion of every face at its apex."""
    apexes = [emotions.at_apex(face_id) for face_id in np.unique(emotions.face_id).tolist()]
    named = [f"{a.emotion} {a.ranking[0][1]:.2f}" for a in apexes if a is not None]
    return "; ".join(named) or "none"


def _aus_at_apex(result: AUResult, emotions: EmotionResult) -> str:
    """Return what is on at the apex of every face."""
    apexes = [emotions.at_apex(face_id) for face_id in np.unique(emotions.face_id).tolist()]
    told = [_listed(result, result.active[apex.row]) for apex in apexes if apex is not None]
    return "; ".join(told) or "none"


def _n_frames(result: AUResult) -> int:
    return len(np.unique(result.frame))


def _found_text(result: AUResult) -> str:
    n_found, n_frames = len(np.unique(result.frame[result.face_found])), _n_frames(result)
    if n_frames == 1:
        return "yes" if n_found else "no"
    return f"in {n_found} of {n_frames} frames"


def _aus_on(result: AUResult) -> str:
    return _listed(result, np.asarray(result.active.any(axis=0)))


def _listed(result: AUResult, is_on: NDArray[np.bool_]) -> str:
    return ", ".join(au_label(result.aus[column]) for column in np.flatnonzero(is_on)) or "none"
