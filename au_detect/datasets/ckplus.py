"""The folders of the Extended Cohn-Kanade data set (CK+; Lucey et al. 2010), as distributed.

::

    cohn-kanade-images/S005/001/S005_001_00000001.png ...   frames, neutral → peak
    FACS/S005/001/S005_001_00000011_facs.txt                "AU intensity" a line, of the peak
    Emotion/S005/001/S005_001_00000011_emotion.txt          one number; missing for many
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from au_detect.errors import InputError

IMAGES, FACS_LABELS, EMOTION_LABELS = "cohn-kanade-images", "FACS", "Emotion"
LANDMARKS = "Landmarks"
EMOTIONS: dict[int, str] = {
    0: "neutral",
    1: "anger",
    2: "contempt",
    3: "disgust",
    4: "fear",
    5: "happiness",
    6: "sadness",
    7: "surprise",
}


@dataclass(frozen=True)
class CKPlusSequence:
    """One sequence with its labels.

    Parameters
    ----------
    folder : Path
        Of the frames.
    subject, number : str
        ``"S005"`` and ``"001"``.
    aus : dict of int to float
        AU -> intensity of the last frame, 1 (A) to 5 (E); 0 where the intensity was not coded.
    emotion : str or None
        One of `EMOTIONS`; None where it was not labelled.
    """

    folder: Path
    subject: str
    number: str
    aus: dict[int, float]
    emotion: str | None


def read_sequences(folder: str | PathLike[str]) -> list[CKPlusSequence]:
    """Return the sequences of a CK+ folder that have FACS labels, ordered by subject and number.

    Raises
    ------
    InputError
        If there is no such folder, or a label file is damaged.
    """
    images = Path(folder) / IMAGES
    if not images.is_dir():
        raise InputError(f"{folder} must hold the folder {IMAGES}, but it does not")
    sequences = []
    for frames in sorted(path for path in images.glob("*/*") if path.is_dir()):
        subject, number = frames.parent.name, frames.name
        labels = sorted((Path(folder) / FACS_LABELS / subject / number).glob("*_facs.txt"))
        if labels:
            emotion = sorted((Path(folder) / EMOTION_LABELS / subject / number).glob("*.txt"))
            sequences.append(
                CKPlusSequence(
                    frames, subject, number, _read_facs(labels[0]),
                    _read_emotion(emotion[0]) if emotion else None,
                )
            )  # fmt: skip
    return sequences


def _read_facs(path: Path) -> dict[int, float]:
    aus = {}
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        if line.strip():
            try:
                au, intensity = (float(word) for word in line.split())
                if not (au.is_integer() and au > 0 and 0 <= intensity <= 5):
                    raise ValueError(line)
            except ValueError as error:
                raise InputError(
                    f"{path} must hold two numbers a line, AU and intensity (0 to 5), got {line!r}"
                ) from error
            aus[int(au)] = intensity
    return aus


def _read_emotion(path: Path) -> str:
    text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        number = float(text)
        if not number.is_integer():
            raise ValueError(text)
        return EMOTIONS[int(number)]
    except (ValueError, KeyError) as error:
        raise InputError(f"{path} must hold a number from 0 to 7, got {text!r}") from error
