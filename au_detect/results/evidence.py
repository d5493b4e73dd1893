"""What a result must keep to be explained: furrow densities, neutral faces and the model.

The furrow densities are 560 bytes a row. With the landmarks, which a result has anyway, the
features can be built again. JSON files hold all of it but the model, tables nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.storage import AUModel, NetworkKind
from au_detect.features.columns import chosen_rows
from au_detect.features.neutral import NeutralFace
from au_detect.landmarks.pose import HeadPose

DECIMALS = 5
"""Of densities and shapes in files."""


@dataclass(frozen=True)
class Evidence:
    """What a result must keep to be explained.

    Attributes
    ----------
    kind : NetworkKind
    furrows : ndarray of float32, shape (n_rows, n_furrows)
    neutral : dict of int to NeutralFace
        Of every face.
    model : AUModel, optional
        Files and copies in other processes do without it.
    """

    kind: NetworkKind
    furrows: NDArray[np.float32]
    neutral: dict[int, NeutralFace]
    model: AUModel | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"model": None}  # networks cannot be pickled

    def rows(self, chosen: Any) -> Evidence:
        """Return that of the chosen rows only."""
        return replace(self, **chosen_rows(self, ("furrows",), chosen))


def evidence_as_json(evidence: Evidence) -> dict[str, Any]:
    """Return all but model and furrow densities of the rows, as JSON can hold it."""
    faces = {
        str(face_id): {
            "angles": neutral.pose.angles[0].tolist(),
            "scale_px": float(neutral.pose.scale_px[0]),
            "frontal": np.round(neutral.pose.frontal[0], DECIMALS).tolist(),
            "furrows": json_numbers(neutral.furrows),
            "description": neutral.description,
            "personal": neutral.personal,
        }
        for face_id, neutral in evidence.neutral.items()
    }
    kind = {"uses_neutral": evidence.kind.uses_neutral, "uses_furrows": evidence.kind.uses_furrows}
    return {"kind": kind, "neutral": faces}


def evidence_from_json(document: dict[str, Any], furrows: list[list[float | None]]) -> Evidence:
    """Return what `evidence_as_json` was given, without the model."""

    def array(values: Any) -> NDArray[np.float64]:
        return np.array([values], dtype=np.float64)

    faces = {
        int(face_id): NeutralFace(
            HeadPose(array(of["angles"]), array(of["scale_px"]), array(of["frontal"])),
            array(of["furrows"])[0].astype(np.float32),
            of["description"],
            of["personal"],
        )
        for face_id, of in document["neutral"].items()
    }
    kind = NetworkKind(**document["kind"])
    return Evidence(kind, np.array(furrows, dtype=np.float64).astype(np.float32), faces)


def json_numbers(values: NDArray[np.floating]) -> list[float | None]:
    """Return a row of densities, rounded; None for NaN."""
    return [None if np.isnan(v) else round(float(v), DECIMALS) for v in values]
