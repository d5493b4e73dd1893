"""What the server tells the page: JSON-ready dictionaries with a ``type``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.emotion_frames import emotion_of_face
from au_detect.emotions import EmotionRule, recognise_emotions
from au_detect.errors import InputError
from au_detect.facs import ACTION_UNITS, intensity_letter
from au_detect.plots.style import au_name
from au_detect.report.viewer import OUTLINES
from au_detect.results import AUResult
from au_detect.results.halves import hidden_halves

if TYPE_CHECKING:
    from au_detect.appearance.emotion_network import EmotionNetwork

JPEG_QUALITY = 85
SHOWN_SIDE_PX = 960
"""Pictures are shrunk to this longer side for showing; they are measured as they came."""


def hello_message(source: str, name: str) -> dict[str, Any]:
    """Return the first message: where frames come from, and what the page needs to draw.

    Parameters
    ----------
    source : {"browser", "camera", "clip"}
    name : str
        The source in words.
    """
    names = {str(au): au_name(au) for au in ACTION_UNITS}
    return {"type": "hello", "source": source, "name": name, "names": names, "outlines": OUTLINES}


def error_message(error: Exception) -> dict[str, Any]:
    """Return what went wrong, in words."""
    return {"type": "error", "message": str(error)}


def row_message(
    result: AUResult, size: tuple[int, int], rules: tuple[EmotionRule, ...]
) -> dict[str, Any]:
    """Return what is shown of one frame: numbers are None where nothing is seen.

    Parameters
    ----------
    result : AUResult
        One row.
    size : (int, int)
        Width and height of the picture in px; points are in its pixels.
    rules : tuple of EmotionRule
    """
    emotions = recognise_emotions(result, rules)
    scores = zip(emotions.emotions, emotions.scores[0].tolist(), strict=True)
    ranking = sorted((s for s in scores if np.isfinite(s[1])), key=lambda s: -s[1])
    found, intensity = bool(result.face_found[0]), result.intensity[0]
    active = result.active[0].tolist()
    return {
        "type": "row",
        "frame": int(result.frame[0]),
        "time_s": float(result.timestamp_s[0]),
        "size": list(size),
        "face_found": found,
        "reliable": bool(result.reliable[0]),
        "hidden": list(hidden_halves(result)),
        "neutral": result.neutral.get(0),
        "aus": list(result.aus),
        "thresholds": result.thresholds.tolist(),
        "probabilities": _rounded(result.probabilities[0], 4) if found else None,
        "side": _rounded(result.side[0], 2) if found else None,
        "active": active,
        "intensity": _rounded(intensity, 2) if found else None,
        "levels": [
            intensity_letter(degree) if on else ""
            for degree, on in zip(intensity.tolist(), active, strict=True)
        ],
        "points": _rounded(result.points[0].ravel(), 1) if found else None,
        "emotions": [[name, round(score, 3)] for name, score in ranking[:3]],
    }


def appearance_message(
    network: EmotionNetwork, image: NDArray[np.uint8], result: AUResult
) -> dict[str, Any]:
    """Return what a network of pixels says of the face, to be joined to its row.

    Parameters
    ----------
    network : EmotionNetwork
    image : ndarray of uint8, shape (height, width)
        The frame, grey.
    result : AUResult
        One row.

    Returns
    -------
    dict
        ``appearance``: the three most probable emotions with their probabilities; none without a
        face.
    """
    ranking: list[list[Any]] = []
    if result.face_found[0]:
        found = emotion_of_face(network, image, result.points[0])
        best = np.argsort(-found, kind="stable")[:3]
        ranking = [[network.emotions[place], round(float(found[place]), 3)] for place in best]
    return {"appearance": ranking}


def _rounded(values: NDArray[np.floating], decimals: int) -> list[float | None]:
    rounded = np.round(values.astype(float), decimals).tolist()
    return [None if np.isnan(value) else value for value in rounded]


def jpeg_for_showing(image: NDArray[np.uint8]) -> bytes:
    """Return a picture (grey, or blue-green-red) as a JPEG file, shrunk if it is large.

    Raises
    ------
    InputError
        If it cannot be encoded.
    """
    scale = SHOWN_SIDE_PX / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise InputError(f"image must be possible to write as JPEG, got shape {image.shape}")
    return data.tobytes()
