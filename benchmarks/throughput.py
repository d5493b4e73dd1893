"""Measure speed and memory on one core, from a video to a CSV file.

    python benchmarks/throughput.py VIDEO [--landmarks NAME] [--frames N] [--repeats N] [--core N]
        [--minutes M M] [--peer-python PYTHON --model face_landmarker.task]

Every line is a process of its own, with one thread, on the same core; they take turns, so that
what else the machine does falls on all alike, and the median of the repeats is printed.
"decode" merely decodes the video to grey. Loading is not counted, but for "start". Speeds are per
second of the clock and of processor time, which other programs on the same core disturb less;
milliseconds of stages are processor time, those of "live" the clock's.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

STAGES = (
    "decode", "detect", "follow", "furrows", "looks", "features", "networks", "write", "other",
)  # fmt: skip
LIVE_FPS = 30.0
LIVE_FRAMES = 300
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
STILL = "from au_detect import detect_aus; detect_aus({picture!r}, landmark_model={landmarks!r})"


class Stopwatch:
    """Time spent in wrapped functions, without what other wrapped functions in them take."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    def time(self, owner: Any, function_name: str, stage: str) -> None:
        """Count the function `function_name` of a module or class as `stage` from now on."""
        function = getattr(owner, function_name)
        setattr(owner, function_name, self.timed(function, stage))

    def timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """Return `function` with its time counted as `stage`."""

        @wraps(function)
        def measured(*arguments: Any, **options: Any) -> Any:
            self._inner.append(0.0)
            start = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                took = time.process_time() - start
                self.seconds[stage] += took - self._inner.pop()
                if self._inner:
                    self._inner[-1] += took

        return measured

    def frames(self, frames: Iterator[Any]) -> Iterator[Any]:
        """Yield `frames`, counting what they take as the stage "decode"."""
        following = self.timed(lambda: next(frames, None), "decode")
        while (frame := following()) is not None:
            yield frame


class Clock:
    """Seconds since it was made: the clock's and the processor's."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        """Return both."""
        wall, processor = self._start
        return {
            "seconds": time.perf_counter() - wall,
            "processor": time.process_time() - processor,
        }


def peak_memory_mb() -> float:
    """Return the most memory that this process has had."""
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(peak[1]) / 1024 if peak else float("nan")


def decode(options: argparse.Namespace) -> dict[str, Any]:
    """Decode the video to grey, and nothing else."""
    from au_detect.frames import open_frames

    open_frames(options.video).close()
    clock = Clock()
    n = sum(1 for _ in islice(open_frames(options.video), options.frames))
    return {"frames": n, **clock.read()}


def detect(options: argparse.Namespace, stopwatch: Stopwatch | None = None) -> dict[str, Any]:
    """Go from the video to a CSV file."""
    from au_detect.detect import AUDetector
    from au_detect.frames import open_frames

    detector = AUDetector(landmark_model=options.landmarks)
    first = next(iter(open_frames(options.video)))
    detector.run(first.image).to_dataframe()  # loads networks and pandas

    def progress(frames: Any, n_frames: int | None) -> Any:
        frames = islice(iter(frames), options.frames)
        return stopwatch.frames(frames) if stopwatch else frames

    if stopwatch:
        _time_stages(stopwatch)
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        result = detector.run(options.video, progress=progress)
        result.to_csv(Path(folder) / "result.csv")
        took = clock.read()
    return {"frames": len(result), "faces": int(result.face_found.sum()), **took}


def _time_stages(stopwatch: Stopwatch) -> None:
    from au_detect.classifiers.model import AUModel
    from au_detect.features import measurement
    from au_detect.landmarks import tracking
    from au_detect.results import AUResult
    from au_detect.scoring import faces

    searches = tracking.detect
    tracking.detect = lambda *arguments: list(searches(*arguments))
    stopwatch.time(tracking, "detect", "detect")
    stopwatch.time(tracking, "look_at", "detect")
    stopwatch.time(tracking.FaceTracker, "track", "follow")
    for function in ("cut_upright", "upright_furrows"):
        stopwatch.time(measurement, function, "furrows")
    for function in ("measure_looks", "measure_visibility"):
        stopwatch.time(measurement, function, "looks")
    stopwatch.time(faces, "score_face", "features")
    stopwatch.time(AUModel, "predict", "networks")
    stopwatch.time(AUResult, "to_csv", "write")


def stages(options: argparse.Namespace) -> dict[str, Any]:
    """Go from the video to a CSV file with a look at the clock at every stage."""
    stopwatch = Stopwatch()
    row = detect(options, stopwatch)
    stopwatch.seconds["other"] = row["processor"] - sum(stopwatch.seconds.values())
    return row | {name: 1e3 * stopwatch.seconds[name] / row["frames"] for name in STAGES}


def live(options: argparse.Namespace) -> dict[str, Any]:
    """Give a stream its frames by the clock; time each from its arrival to its row."""
    from au_detect.detect import AUDetector
    from au_detect.frames import open_frames

    arrivals, late = [], []

    def camera() -> Iterator[Any]:
        start = time.perf_counter()
        for frame in islice(open_frames(options.video), min(LIVE_FRAMES, options.frames)):
            due = start + frame.index / LIVE_FPS
            time.sleep(max(0.0, due - time.perf_counter()))
            arrivals.append(time.perf_counter())
            late.append(arrivals[-1] - due)
            yield frame

    results = AUDetector(landmark_model=options.landmarks).stream(camera())
    latencies = [1e3 * (time.perf_counter() - arrivals[-1]) for _ in results]
    after = sorted(latencies[1:])
    return {
        "frames": len(latencies),
        "median_ms": median(after),
        "p99_ms": after[int(0.99 * len(after))],
        "max_ms": after[-1],
        "late_ms": 1e3 * median(late[-10:]),
    }


def memory(options: argparse.Namespace) -> dict[str, Any]:
    """Detect on the video played again and again, for as many minutes of 30 frames a second."""
    from au_detect.detect import AUDetector
    from au_detect.frames import open_frames

    def again() -> Iterator[Any]:
        while True:
            for frame in open_frames(options.video):
                yield frame.image

    n_frames = round(options.minutes[0] * 60 * 30)
    with tempfile.TemporaryDirectory() as folder:
        result = AUDetector(landmark_model=options.landmarks).run(islice(again(), n_frames))
        result.to_csv(Path(folder) / "result.csv")
    return {"frames": n_frames}


TASKS = {task.__name__: task for task in (decode, detect, stages, live, memory)}


def run_task(task: str, options: argparse.Namespace, *more: str) -> dict[str, Any]:
    """Run a task in a process of its own and return what it says."""
    arguments = [__file__, str(options.video), "--task", task, "--landmarks", options.landmarks]
    limits = ["--frames", str(options.frames), "--core", str(options.core)]
    return _answer([sys.executable, *arguments, *limits, *more], options.core)


def run_peer(options: argparse.Namespace) -> dict[str, Any]:
    """Run MediaPipe in an environment of its own: its OpenCV would overwrite ours."""
    script = str(Path(__file__).with_name("peer_throughput.py"))
    command = [options.peer_python, script, options.model, str(options.video), str(options.frames)]
    return _answer(command, options.core)


def _answer(command: list[str], core: int) -> dict[str, Any]:
    done = _run(command, core, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _run(command: list[str], core: int, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        check=True,
        text=True,
        env={**os.environ, **ONE_THREAD},
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        **options,
    )


def seconds_to_start(options: argparse.Namespace, code: str) -> float:
    """Return how long a new process takes for `code`."""
    start = time.perf_counter()
    _run([sys.executable, "-c", code], options.core)
    return time.perf_counter() - start


def report(options: argparse.Namespace) -> None:
    """Run everything in turns and print the table."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(options.repeats):
        for task in ("decode", "detect", "stages"):
            rows[task].append(run_task(task, options))
        if options.peer_python:
            rows["MediaPipe"].append(run_peer(options))
    print(f"{options.video}, landmarks {options.landmarks}, {rows['decode'][0]['frames']} frames,")
    print(f"core {options.core}, median of {options.repeats}\n")
    print("stage         ms a frame")
    for stage in STAGES:
        print(f"{stage:12s} {median(row[stage] for row in rows['stages']):11.3f}")
    print(f"\n{'':12s} {'frames/s':>9s} {'(range)':>13s} {'a processor s':>14s} {'peak MB':>8s}")
    for name in [name for name in rows if name != "stages"]:
        speeds = _speeds(rows[name], "seconds")
        spread = f"{min(speeds):.0f}-{max(speeds):.0f}"
        processor = median(_speeds(rows[name], "processor"))
        peak = median(row["peak_mb"] for row in rows[name])
        print(f"{name:12s} {median(speeds):9.1f} {spread:>13s} {processor:14.1f} {peak:8.0f}")
    print()
    for name in [name for name in rows if name not in ("stages", "detect")]:
        ratios = [_ratio(rows["detect"], rows[name], unit) for unit in ("seconds", "processor")]
        print(f"times the speed of {name}: {ratios[0]:.3f}, in processor time {ratios[1]:.3f}")
    report_live_and_start(options)
    if options.minutes:
        report_memory(options)


def _speeds(rows: list[dict[str, Any]], unit: str) -> list[float]:
    return [row["frames"] / row[unit] for row in rows]


def _ratio(rows: list[dict[str, Any]], others: list[dict[str, Any]], unit: str) -> float:
    """Return the median of the ratios of runs that followed each other."""
    pairs = zip(_speeds(rows, unit), _speeds(others, unit), strict=True)
    return median(a / b for a, b in pairs)


def report_live_and_start(options: argparse.Namespace) -> None:
    """Print latency at 30 frames a second, and the time from a process's start."""
    row = run_task("live", options)
    print(
        f"live: a row {row['median_ms']:.1f} ms after its frame (99 % within {row['p99_ms']:.1f}, "
        f"all within {row['max_ms']:.1f}); the last frames came {row['late_ms']:.1f} ms late"
    )
    import cv2

    from au_detect.frames import open_frames

    with tempfile.TemporaryDirectory() as folder:
        picture = str(Path(folder) / "picture.png")
        cv2.imwrite(picture, next(iter(open_frames(options.video, keep_colour=True))).colour)
        still = STILL.format(picture=picture, landmarks=options.landmarks)
        codes = {"python": "pass", "import au_detect": "import au_detect", "first picture": still}
        took = {name: [] for name in codes}
        for _ in range(options.repeats + 1):  # the first one warms the file cache
            for name, code in codes.items():
                took[name].append(seconds_to_start(options, code))
    texts = [f"{name} {median(times[1:]):.2f} s" for name, times in took.items()]
    print(f"start: {', '.join(texts)}")


def report_memory(options: argparse.Namespace) -> None:
    """Print the peak of a short and of a long run, and what a frame adds."""
    short, long = (run_task("memory", options, "--minutes", str(m)) for m in options.minutes)
    growth = (long["peak_mb"] - short["peak_mb"]) * 1024 / (long["frames"] - short["frames"])
    print(
        f"memory: {short['peak_mb']:.0f} MB for {short['frames']} frames, "
        f"{long['peak_mb']:.0f} MB for {long['frames']}: {growth:.2f} KB a frame"
    )


def main() -> None:
    """Parse the command line and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--landmarks", default="open")
    parser.add_argument("--frames", type=int, default=1800)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)))
    parser.add_argument("--minutes", type=float, nargs="+", help="a short and a long run")
    parser.add_argument("--peer-python", help="Python of an environment with mediapipe")
    parser.add_argument("--model", help="face_landmarker.task")
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task is None:
        report(options)
        return
    import cv2

    cv2.setNumThreads(1)
    print(json.dumps(TASKS[options.task](options) | {"peak_mb": peak_memory_mb()}))


if __name__ == "__main__":
    main()
