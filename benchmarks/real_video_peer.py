"""MediaPipe beside us on coded clips: blendshapes against those of the coder's neutral frames."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from real_video_labels import Clip
from real_video_rates import Scored, Timeline

ON = 0.25


def score_peer(python: str, model: str, clips: list[Clip]) -> list[Scored]:
    """Run MediaPipe in an environment of its own, on the coded frames.

    Frames that were not coded keep the change of the coded frame before them.
    """
    with tempfile.TemporaryDirectory() as folder:
        pictures = {clip.path.stem: _coded_pictures(clip, Path(folder)) for clip in clips}
        paths = [str(path) for mine in pictures.values() for path in mine]
        out = Path(folder) / "scores.json"
        script = Path(__file__).with_name("peer_mediapipe.py")
        command = [python, str(script), model, str(out)]
        subprocess.run(command, input="\n".join(paths), text=True, check=True)
        answer = json.loads(out.read_text())
    aus, scores = tuple(answer["aus"]), answer["scores"]
    missing = [np.nan] * len(aus)
    return [
        _scored(clip, aus, np.array([scores[str(p)] or missing for p in pictures[clip.path.stem]]))
        for clip in clips
    ]


def _coded_pictures(clip: Clip, folder: Path) -> list[Path]:
    """Write the coded frames as files and return their paths."""
    video, paths, wanted = cv2.VideoCapture(str(clip.path)), [], set(clip.frames.tolist())
    for index in range(int(clip.frames[-1]) + 1):
        found, picture = video.read()
        if index in wanted and found:
            paths.append(folder / f"{clip.path.stem}-{index}.png")
            cv2.imwrite(str(paths[-1]), picture)
    video.release()
    return paths


def _scored(clip: Clip, aus: tuple[int, ...], values: NDArray[np.float64]) -> Scored:
    """Return the change against the neutral frames; with none, against no blendshape at all."""
    rest = values[clip.is_neutral].mean(axis=0) if clip.is_neutral.any() else 0.0
    change = np.clip(values - rest, -1, 1)
    every = np.searchsorted(clip.frames, np.arange(clip.frames[-1] + 1), side="right") - 1
    margin = np.clip(change - ON, -1, 1)[every]
    timeline = Timeline(aus, margin, np.nan_to_num(margin, nan=-1) >= 0, np.zeros(margin.shape))
    return Scored(clip.path.stem, clip, timeline)
