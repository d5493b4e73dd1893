"""What users said of results, as labelled faces that ``au-detect train`` reads.

A decision that is right is a label; one that is wrong is its opposite, or what the user says that
it is. Only what was judged is labelled. The measured faces (landmarks and furrows, no pictures) are
enough; a table of pictures needs a server that keeps them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.collection import PRESENT
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.facs import ACTION_UNITS, INTENSITY_LETTERS, au_label, parse_au
from au_detect.features.furrows import N_FURROWS
from au_detect.landmarks import N_LANDMARKS
from au_detect.results import AUResult
from au_detect.results.reading import read_result
from au_detect.web.server.files import Files, JobFiles
from au_detect.web.server.settings import ServerSettings
from au_detect.web.server.store import Row, Store

ABSENT = 0.0
LEVELS = {letter: float(i) for i, letter in enumerate(INTENSITY_LETTERS, start=1)}


@dataclass
class JudgedFace:
    """One face in one frame, and what was said of it.

    Attributes
    ----------
    job, subject : str
    face, frame : int
    aus : dict of int to float
        Intensity, 0 to 5.
    emotion : str
        "" if none was confirmed.
    """

    job: str
    face: int
    frame: int
    subject: str
    aus: dict[int, float] = field(default_factory=dict)
    emotion: str = ""


def export_feedback(settings: ServerSettings, path: Path) -> tuple[int, int]:
    """Write what users said as a table of labelled faces.

    Parameters
    ----------
    settings : ServerSettings
        Of the server.
    path : Path
        ``.npz``: measured faces; ``.csv``: a table of pictures that were kept.

    Returns
    -------
    (int, int)
        How many faces, and how many answers about them.

    Raises
    ------
    InputError
        If nothing was said, the ending is another, or pictures are missing.
    """
    files, store = Files(settings.folder), Store(settings.database_url)
    said = store.feedback()
    store.close()
    results = {row["job"]: _result_of(files.of(row["job"])) for row in said}
    judged = judged_faces(said, results)
    if not judged:
        raise InputError("feedback must have been given on results that are there, got none")
    if path.suffix == ".npz":
        _measured(judged, results).save(path)
    elif path.suffix == ".csv":
        _write_table(judged, results, files, path)
    else:
        raise InputError(f"--out must end in .npz or .csv, got {path}")
    return len(judged), len(said)


def judged_faces(said: list[Row], results: dict[str, AUResult | None]) -> list[JudgedFace]:
    """Return the faces that something was said of; the last word on each counts."""
    faces: dict[tuple[str, int, int], JudgedFace] = {}
    for row in said:
        result = results[row["job"]]
        place = None if result is None else _row_of(result, row["frame"], row["face"])
        if result is None or place is None:
            continue
        key = (row["job"], row["face"], row["frame"])
        subject = f"{row['job'][:12]}-{row['face']}"
        face = faces.setdefault(key, JudgedFace(*key, subject))
        face.subject = row["subject"] or face.subject
        _judge(face, row, result, place)
    return [face for face in faces.values() if face.aus or face.emotion]


def _judge(face: JudgedFace, row: Row, result: AUResult, place: int) -> None:
    target, correction, right = row["target"], row["correction"], row["right"]
    if not target.startswith("AU"):
        other = correction if correction and correction.islower() else ""
        face.emotion = target if right else other
        return
    au = parse_au(target)
    on = au in result.aus and bool(result.active[place, result.aus.index(au)])
    face.aus[au] = PRESENT if on == right else ABSENT
    if correction in LEVELS:
        face.aus[au] = LEVELS[correction]
    elif correction in ("absent", "present"):
        face.aus[au] = PRESENT if correction == "present" else ABSENT
    elif correction and correction.startswith("AU"):
        face.aus[au], face.aus[parse_au(correction)] = ABSENT, PRESENT


def _result_of(files: JobFiles) -> AUResult | None:
    return read_result(files.result) if files.result.exists() else None


def _row_of(result: AUResult, frame: int, face: int) -> int | None:
    rows = np.flatnonzero((result.frame == frame) & (result.face_id == face) & result.face_found)
    return int(rows[0]) if len(rows) else None


def _measured(judged: list[JudgedFace], results: dict[str, AUResult | None]) -> LabelledSequences:
    aus = tuple(sorted({au for face in judged for au in face.aus})) or (min(ACTION_UNITS),)
    n = len(judged)
    points, neutral = np.empty((2, n, N_LANDMARKS, 2), dtype=np.float32)
    furrows, neutral_furrows = np.empty((2, n, N_FURROWS), dtype=np.float32)
    intensity = np.full((n, len(aus)), np.nan, dtype=np.float32)
    models = set()
    for i, face in enumerate(judged):
        result = results[face.job]
        assert result is not None
        points[i], furrows[i], neutral[i], neutral_furrows[i] = _faces(result, face)
        for au, value in face.aus.items():
            intensity[i, aus.index(au)] = value
        models.add(str(result.settings["landmark_model"]))
    if len(models) > 1:
        raise InputError(f"results must have one landmark model, got {', '.join(sorted(models))}")
    return LabelledSequences(
        neutral_points=neutral, points=points, neutral_furrows=neutral_furrows, furrows=furrows,
        aus=aus, intensity=intensity, subject=np.array([face.subject for face in judged]),
        landmark_model=models.pop(),
        attributes={"emotion": np.array([face.emotion for face in judged])},
        source={"feedback": n},
    )  # fmt: skip


def _faces(result: AUResult, face: JudgedFace) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return landmarks and furrows of a face, and of what it was compared with.

    The neutral is turned to the camera: so it was compared, and nothing else is kept of it.
    """
    row, evidence = _row_of(result, face.frame, face.face), result.evidence
    assert evidence is not None
    neutral = evidence.neutral[face.face]
    shape = neutral.pose.frontal[0, :, :2] * neutral.pose.scale_px[0]
    if not neutral.personal:
        shape = np.full_like(shape, np.nan)
    return result.points[row], evidence.furrows[row], shape, neutral.furrows


def _write_table(
    judged: list[JudgedFace], results: dict[str, AUResult | None], files: Files, path: Path
) -> None:
    aus = sorted({au for face in judged for au in face.aus})
    lines = []
    for face in judged:
        own = files.of(face.job)
        inputs, result = own.input_files(), results[face.job]
        if not inputs or result is None:
            raise InputError(
                "pictures must have been kept (serve --keep) for a table of them: use .npz"
            )
        several = len(inputs) > 1
        place = str(own.inputs if several else inputs[0])
        cells = [face.aus.get(au) for au in aus]
        shown = ["" if v is None else "x" if v == PRESENT else f"{v:g}" for v in cells]
        frame = face.frame if len(np.unique(result.frame)) > 1 else ""
        lines.append(
            [place, face.subject, frame, _neutral(own, result, face), face.emotion, *shown]
        )
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        heads = ["path", "subject", "frame", "neutral", "emotion"]
        writer.writerow([*heads, *(au_label(au) for au in aus)])
        writer.writerows(lines)


def _neutral(own: JobFiles, result: AUResult, face: JudgedFace) -> str:
    if own.neutral.exists():
        return str(own.neutral)
    if result.neutral.get(face.face) == "none":
        return "none"
    frames = [n for n in result.neutral_frames.get(face.face, ()) if n != face.frame]
    return str(frames[0]) if frames else "0"
