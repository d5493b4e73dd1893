"""Measure what it costs a video's results that most frames are fitted once, not twice.

    python benchmarks/steadiness.py VIDEO [VIDEO ...] [--landmarks NAME]

Every video is detected as always, and again with a fit of the crop and one of its mirror image in
every frame. Unsteadiness is the root mean square of second differences in time; of landmarks on
the upright face, in inter-ocular distances.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect import AUDetector, AUResult
from au_detect.landmarks import trees, two_fits
from au_detect.landmarks.crop import FIT_CROP
from au_detect.landmarks.network import NetworkFitter
from au_detect.landmarks.points import apply_affine


def detect(video: Path, landmarks: str, kept_frames: int) -> tuple[AUResult, float]:
    """Return the result, and how many fits a frame took."""
    predict, look, n_fits = trees._predict, NetworkFitter._look, 0

    def counted(function: Callable[..., object]) -> Callable[..., object]:
        def count(*arguments: object) -> object:
            nonlocal n_fits
            n_fits += 1
            return function(*arguments)

        return count

    usual = two_fits.KEPT_FRAMES
    two_fits.KEPT_FRAMES = kept_frames
    trees._predict, NetworkFitter._look = counted(predict), counted(look)
    try:
        result = AUDetector(landmark_model=landmarks).run(video, neutral="first")
    finally:
        two_fits.KEPT_FRAMES = usual
        trees._predict, NetworkFitter._look = predict, look
    return result, n_fits / max(result.face_found.sum(), 1)


def upright_iod(result: AUResult) -> NDArray[np.float64]:
    """Return the landmarks on the upright face, shape (n, 68, 2), NaN where there is none."""
    shapes = [
        apply_affine(FIT_CROP.matrix(p), p) if np.isfinite(p).all() else p for p in result.points
    ]
    return np.array(shapes, dtype=float) / FIT_CROP.iod_px


def report(video: Path, landmarks: str) -> None:
    """Print how the two results of a video differ."""
    once, fits = detect(video, landmarks, two_fits.KEPT_FRAMES)
    twice, fits_twice = detect(video, landmarks, 0)
    print(f"{video.name}, {landmarks}: {fits:.2f} fits a frame, {fits_twice:.2f} without")
    columns = {
        "landmarks, IOD": (upright_iod(once), upright_iod(twice)),
        "probabilities": (once.probabilities, twice.probabilities),
        "sides": (once.side, twice.side),
    }
    print(f"{'':16s} {'apart':>8s} {'unsteadiness':>14s} {'without':>9s} {'ratio':>7s}")
    for name, (values, values_twice) in columns.items():
        unsteady, unsteady_twice = (_rms(np.diff(v, n=2, axis=0)) for v in (values, values_twice))
        print(
            f"{name:16s} {_rms(values - values_twice):8.4f} {unsteady:14.4f} "
            f"{unsteady_twice:9.4f} {unsteady / unsteady_twice:7.2f}"
        )
    differ = (once.active != twice.active).sum()
    switches = [int((r.active[1:] != r.active[:-1]).sum()) for r in (once, twice)]
    print(
        f"decisions that differ: {differ} of {once.active.size}; "
        f"times an AU goes on or off: {switches[0]}, {switches[1]} without\n"
    )


def _rms(values: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.nanmean(values**2)))


def main() -> None:
    """Parse the command line and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--landmarks", default="open")
    options = parser.parse_args()
    for video in options.videos:
        report(video, options.landmarks)


if __name__ == "__main__":
    main()
