"""Measure the detector on real clips that nobody prepared, frame by frame and event by event.

    python benchmarks/real_video.py FOLDER [--model DIR] [--landmarks NAME] [--neutral WORD ...]
        [--smooth around|past|none]
        [--cache DIR] [--per-clip] [--peer-python PYTHON --peer-model FILE]

FOLDER holds ``labels.json`` and the clips and stills that it codes by eye (`real_video_labels`).
Every clip is measured once, kept in ``--cache``, and scored with each neutral: what the options
give by themselves (auto), the median of the coder's neutral frames (coded), first, median, none.
Stills are compared with the coder's neutral still (none: with nothing); MediaPipe's blendshapes
with their mean over the coder's neutral frames.

Rates count decisions, the AUC probabilities less thresholds. An event is found if the AU is on in
one of its coded frames. A detected event is right if it touches a frame where the AU is coded,
wrong if it touches only frames where it is absent, and not judged otherwise. Means are over the
AUs with five positive frames; intervals draw people with replacement.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import numpy as np
from real_video_labels import Clip, read_clips, read_stills
from real_video_peer import score_peer
from real_video_rates import Scored, Timeline, print_rates

from au_detect.datasets.measurement_cache import measuring_code_sha256, sha256_of_file
from au_detect.detect import AUDetector
from au_detect.features.measurement import FaceMeasurements
from au_detect.features.neutral import NeutralFace, neutral_from_rows
from au_detect.frames import open_frames
from au_detect.results.smoothing import HOW

NEUTRALS = ("auto", "coded", "first", "median", "none")


def measure(detector: AUDetector, path: Path, cache: Path | None) -> FaceMeasurements:
    """Return what is measured in a clip, from the cache if code, landmarks and clip are as then."""
    kept = None
    if cache is not None:
        model = detector.tracker.landmark_model.name
        state = f"{measuring_code_sha256()[:8]}-{sha256_of_file(path)[:8]}"
        kept = cache / f"{path.stem}-{model}-{state}.npz"
        if kept.is_file():
            with np.load(kept, allow_pickle=False) as file:
                return FaceMeasurements(**{name: file[name] for name in file.files})
    rows = detector.measure(open_frames(path))
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, **{part.name: getattr(rows, part.name) for part in fields(rows)})
    return rows


def neutral_of(word: str, clip: Clip, rows: FaceMeasurements) -> NeutralFace | str | None:
    """Return the neutral of a clip as `AUDetector.score` takes it."""
    if word == "none" or (word == "coded" and clip.neutral is None):
        return None
    if word == "coded":
        taken = np.isin(rows.frame, clip.frames[clip.is_neutral])
        return neutral_from_rows(rows.rows(taken), "median")
    return word


def score_clips(
    detector: AUDetector,
    clips: list[Clip],
    rows: dict[str, FaceMeasurements],
    word: str,
    smooth: str,
) -> list[Scored]:
    """Return the timelines of all clips with one kind of neutral."""
    scored = []
    for clip in clips:
        mine = rows[clip.path.stem]
        name, neutral = clip.path.stem, neutral_of(word, clip, mine)
        result = detector.score(mine, neutral=neutral, smooth=smooth, name=name)
        scored.append(Scored(name, clip, Timeline.of_result(result)))
    return scored


def score_stills(detector: AUDetector, folder: Path, word: str) -> list[Scored]:
    """Return the stills, each a timeline of one frame."""
    scored = []
    for neutral, clip in read_stills(folder):
        result = detector.run(clip.path, neutral=None if word == "none" else neutral)
        scored.append(Scored(neutral.stem, clip, Timeline.of_result(result)))
    return scored


def main() -> None:
    """Parse the command line and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--landmarks")
    parser.add_argument("--neutral", nargs="+", choices=NEUTRALS, default=NEUTRALS)
    parser.add_argument("--smooth", choices=HOW, default="around")
    parser.add_argument("--cache", type=Path, help="folder where measurements are kept")
    parser.add_argument("--per-clip", action="store_true", help="say TPR and FPR of every clip too")
    parser.add_argument("--peer-python", help="Python of an environment with mediapipe")
    parser.add_argument("--peer-model", help="face_landmarker.task")
    options = parser.parse_args()
    detector = AUDetector(options.model, landmark_model=options.landmarks)
    rows = {
        path.stem: measure(detector, path, options.cache)
        for path in sorted(options.folder.glob("*.mp4"))
    }
    clips = read_clips(options.folder, {name: len(mine) for name, mine in rows.items()})
    for word in options.neutral:
        scored = score_clips(detector, clips, rows, word, options.smooth)
        print_rates(
            f"au_detect, neutral: {word}, smooth: {options.smooth}",
            scored,
            per_clip=options.per_clip,
        )
        stills = score_stills(detector, options.folder, word)
        if stills and word in ("coded", "none"):
            print_rates(f"au_detect, stills, neutral: {word}", stills)
    if options.peer_python:
        scored = score_peer(options.peer_python, options.peer_model, clips)
        print_rates("MediaPipe blendshapes, change against the coded neutral", scored)


if __name__ == "__main__":
    main()
