"""The MMI facial expression database (Pantic et al. 2005; Valstar & Pantic 2010), as distributed.

::

    Sessions/1767/S001-001.avi                 one video, or pictures, a session
    Sessions/1767/session.xml                  who it is: <subject id="1"/>
    Sessions/1767/S001-001-oao_aucs.xml        action units with their onset, apex, offset

Frames count from 1. From apex to offset an AU is present, before onset and after the last marker it
is absent, and on the way between them it is neither. AUs that are not listed are absent.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from au_detect.datasets.coded_frames import UNKNOWN_STRENGTH, CodedVideo, records_of
from au_detect.datasets.collection import Collection, Problem
from au_detect.datasets.distributed import (
    VIDEO_ENDINGS,
    files_in,
    find_folder,
    folders_in,
    missing,
    pictures_in,
    read_xml,
)
from au_detect.errors import InputError
from au_detect.facs import NETWORK_AUS

SESSIONS = "Sessions"
MOMENTS = ("onset", "apex", "offset", "neutral")


def is_mmi(root: Path) -> bool:
    """Return whether a folder holds MMI."""
    sessions = find_folder(root, SESSIONS, 2)
    return bool(sessions) and any(_codes_in(f) for f in folders_in(sessions or root))


def read_mmi(folder: Path, video_frames: str = "sampled") -> Collection:
    """Read the sessions of MMI that have action units with their moments.

    Raises
    ------
    InputError
        If the sessions are not there.
    """
    sessions = find_folder(folder, SESSIONS, 2)
    if sessions is None:
        raise InputError(f"{folder} must hold the folder {SESSIONS}, but it does not")
    problems: list[Problem] = []
    videos = []
    for session in folders_in(sessions):
        codes = _codes_in(session)
        films, pictures = files_in(session, VIDEO_ENDINGS), pictures_in(session)
        if not codes:
            continue
        if not films and not pictures:
            problems.append(missing("labels without frames", session.name, "there is no video"))
            continue
        try:
            spans = _spans(read_xml(codes[-1]))
            subject = _subject(session)
            frames = (films[0],) if films else pictures
            videos.append(_video(session.name, subject, frames, bool(films), spans))
        except InputError as error:
            problems.append(missing("damaged labels", codes[-1], str(error)))
    return Collection(str(folder), tuple(records_of(videos, video_frames)), tuple(problems))


def _codes_in(session: Path) -> list[Path]:
    return [f for f in files_in(session, (".xml",)) if "oao" in f.stem.lower()]


def _subject(session: Path) -> str:
    """Return who a session shows, by its session file; else the session's own name."""
    for path in files_in(session, (".xml",)):
        if "oao" in path.stem.lower():
            continue
        for element in read_xml(path).iter():
            if _tag(element) == "subject" and _get(element, "id"):
                return str(_get(element, "id"))
    return session.name


def _spans(root: Element) -> dict[int, list[tuple[str, int]]]:
    """Return the (moment, frame from 0) of every AU, in order.

    Raises
    ------
    InputError
        If an AU has no number, or a marker no frame or another moment.
    """
    spans: dict[int, list[tuple[str, int]]] = {}
    for unit in root.iter():
        if _tag(unit) != "actionunit":
            continue
        number = _get(unit, "number")
        if number is None or not number.isdecimal():
            raise InputError(f"an ActionUnit must have a Number, got {number!r}")
        for marker in unit.iter():
            if _tag(marker) != "marker":
                continue
            frame, moment = _get(marker, "frame"), (_get(marker, "type") or "").lower()
            if frame is None or not frame.isdecimal() or moment not in MOMENTS:
                raise InputError(
                    f"a Marker must have a Frame and a Type of {', '.join(MOMENTS)}, "
                    f"got {frame!r} and {moment!r}"
                )
            spans.setdefault(int(number), []).append((moment, int(frame) - 1))
    if not spans:
        raise InputError("there must be action units with markers, got none")
    return {au: sorted(marks, key=lambda mark: mark[1]) for au, marks in spans.items()}


def _video(
    name: str,
    subject: str,
    frames: tuple[Path, ...],
    is_video: bool,
    spans: dict[int, list[tuple[str, int]]],
) -> CodedVideo:
    last = max(frame for marks in spans.values() for _, frame in marks)
    n = last + 1 if is_video else min(last + 1, len(frames))
    aus = tuple(sorted({*NETWORK_AUS, *spans}))
    intensity = np.zeros((n, len(aus)), dtype=np.float32)
    for au, marks in spans.items():
        column = intensity[:, aus.index(au)]
        ends = [frame for _, frame in marks[1:]] + [last + 1]
        for (moment, start), stop in zip(marks, ends, strict=True):
            if moment == "apex":
                column[start:stop] = UNKNOWN_STRENGTH
            elif moment in ("onset", "offset"):
                column[start:stop] = np.nan
    return CodedVideo(name, subject, frames, is_video, np.arange(n), aus, intensity)


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _get(element: Element, name: str) -> str | None:
    return next((v for key, v in element.attrib.items() if key.lower() == name), None)
