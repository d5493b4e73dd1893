"""Why an action unit (AU) is on: which parts of the face carried the network's decision.

A result of a detector keeps the `Evidence` that this needs; `au_detect.results.reasons` has the
method.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from au_detect.classifiers.storage import AUModel, load_model
from au_detect.errors import InputError
from au_detect.facs import BLINK, EYES_CLOSED
from au_detect.landmarks.models import shipped_networks
from au_detect.results.evidence import Evidence
from au_detect.results.reasons import AUExplanation, reasons_of
from au_detect.results.result import AUResult


def explain_row(
    result: AUResult,
    frame: int,
    face_id: int = 0,
    model: str | os.PathLike[str] | AUModel | None = None,
) -> list[AUExplanation]:
    """Return why each AU that is on in a frame is on, by AU; see `AUResult.explain`."""
    evidence = result.evidence
    if evidence is None:
        raise InputError(
            "result must come from a detector or a JSON file to be explained: tables (CSV, "
            "Parquet) hold no furrow densities"
        )
    rows = np.flatnonzero((result.frame == frame) & (result.face_id == face_id))
    if not len(rows):
        frames = f"{result.frame.min()} to {result.frame.max()}"
        raise InputError(f"frame must be among {frames} and show face {face_id}, got {frame}")
    row = int(rows[0])
    if not result.face_found[row]:
        return []
    answered = {au: EYES_CLOSED if au == BLINK else au for au in result.aus}
    on = [au for au, is_on in zip(result.aus, result.active[row], strict=True) if is_on]
    if not on:
        return []
    evidence = replace(evidence, model=_model_of(result, evidence, model))
    mirrored = bool(result.settings.get("mirrored"))
    asked = [answered[au] for au in on]
    reasons = reasons_of(evidence, result.points[row], row, face_id, asked, mirrored=mirrored)
    columns = [result.aus.index(au) for au in on]
    intensity = result.intensity[row]
    return [
        AUExplanation(
            au=au,
            frame=int(result.frame[row]),
            face_id=face_id,
            probability=float(result.probabilities[row, column]),
            threshold=float(result.thresholds[column]),
            side=float(result.side[row, column]),
            intensity=None if result.intensity_scale is None else float(intensity[column]),
            reasons=reasons[answered[au]],
        )
        for au, column in zip(on, columns, strict=True)
    ]


def _model_of(
    result: AUResult, evidence: Evidence, model: str | os.PathLike[str] | AUModel | None
) -> AUModel:
    """Return the model that made a result.

    Raises
    ------
    InputError
        If it is another than the given, or, where none is given, than the packaged one.
    """
    if model is None and evidence.model is not None:
        return evidence.model
    made_for = str(result.settings.get("landmark_model"))
    folder = shipped_networks(made_for) if model is None else model
    found = folder if isinstance(folder, AUModel) else load_model(Path(folder))
    made_by = result.settings.get("model_sha256")
    if found.sha256 != made_by:
        raise InputError(
            f"model must be the one that made the result ({result.settings.get('model')}, "
            f"SHA-256 {made_by}), got {found.name}, SHA-256 {found.sha256}"
        )
    return found
