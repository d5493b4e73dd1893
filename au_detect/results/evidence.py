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
    which : ndarray of int, shape (n_rows,), optional
        Place in `NeutralFace.as_seen` of what each row is compared with; by default 0.
    """

    kind: NetworkKind
    furrows: NDArray[np.float32]
    neutral: dict[int, NeutralFace]
    model: AUModel | None = None
    which: NDArray[np.intp] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"model": None}  # networks cannot be pickled

    def rows(self, chosen: Any) -> Evidence:
        """Return that of the chosen rows only."""
        return replace(self, **chosen_rows(self, ("furrows", "which"), chosen))

    def neutral_of(self, row: int, face_id: int) -> NeutralFace:
        """Return the neutral face that a row of a face was compared with."""
        number = 0 if self.which is None else int(self.which[row])
        return self.neutral[face_id].as_seen[number]


def evidence_as_json(evidence: Evidence) -> dict[str, Any]:
    """Return all but model and furrow densities of the rows, as JSON can hold it."""
    faces = {str(face): _face_as_json(neutral) for face, neutral in evidence.neutral.items()}
    kind = {"uses_neutral": evidence.kind.uses_neutral, "uses_furrows": evidence.kind.uses_furrows}
    document = {"kind": kind, "neutral": faces}
    if evidence.which is not None and evidence.which.any():
        document["which"] = evidence.which.tolist()
    return document


def _face_as_json(neutral: NeutralFace) -> dict[str, Any]:
    document = {
        "angles": neutral.pose.angles[0].tolist(),
        "scale_px": float(neutral.pose.scale_px[0]),
        "frontal": np.round(neutral.pose.frontal[0], DECIMALS).tolist(),
        "furrows": json_numbers(neutral.furrows),
        "description": neutral.description,
        "personal": neutral.personal,
    }
    others = [_face_as_json(other) for other in neutral.others]
    return document | ({"others": others} if others else {})


def evidence_from_json(document: dict[str, Any], furrows: list[list[float | None]]) -> Evidence:
    """Return what `evidence_as_json` was given, without the model."""
    faces = {int(face): _face_from_json(of) for face, of in document["neutral"].items()}
    kind = NetworkKind(**document["kind"])
    which = document.get("which")
    return Evidence(
        kind,
        np.array(furrows, dtype=np.float64).astype(np.float32),
        faces,
        which=None if which is None else np.array(which, dtype=np.intp),
    )


def _face_from_json(document: dict[str, Any]) -> NeutralFace:
    def array(values: Any) -> NDArray[np.float64]:
        return np.array([values], dtype=np.float64)

    angles, scale, frontal = (array(document[name]) for name in ("angles", "scale_px", "frontal"))
    return NeutralFace(
        HeadPose(angles, scale, frontal),
        array(document["furrows"])[0].astype(np.float32),
        document["description"],
        document["personal"],
        others=tuple(_face_from_json(other) for other in document.get("others", ())),
    )


def json_numbers(values: NDArray[np.floating]) -> list[float | None]:
    """Return a row of densities, rounded; None for NaN."""
    return [None if np.isnan(v) else round(float(v), DECIMALS) for v in values]
