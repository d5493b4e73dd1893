"""Feed damaged pictures and videos to the detector, and count what it does with them.

    python benchmarks/fuzz.py [--n 3000] [--seconds 600] [--seed 0] [--jobs 2] [--timeout 30]
                              [--samples DIR] [--keep DIR]

Every input must give a result of the right shape or an error of the package. A crash, a hang
(watched in a process of its own), another exception or a wrong result is a finding: its bytes
go to ``--keep``, and the exit code is 1. Input number i of a seed is the same every time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import zlib
from collections import Counter
from fractions import Fraction
from multiprocessing.connection import Connection, wait
from pathlib import Path

import av
import cv2
import numpy as np
from av.codec.context import Flags

PICTURE_ENDINGS = (".png", ".jpg", ".bmp", ".tiff", ".webp", ".ppm", ".gif")
VIDEO_CODECS = ((".mp4", "mp4v"), (".avi", "MJPG"), (".avi", "FFV1"), (".mkv", "mp4v"))
MODERN_CODECS = (
    (".mp4", "libx264", "yuv420p", {"x264opts": "tff=1"}),  # interlaced
    (".ts", "mpeg2video", "yuv420p", {}),  # too, and twice: time starts anew
    (".mov", "prores_ks", "yuv422p10le", {}),
    (".h264", "libx264", "yuv420p", {}),
    (".webm", "libvpx-vp9", "yuv420p", {"deadline": "realtime"}),
    (".jp2", "jpeg2000", "gray", {}),
    (".qoi", "qoi", "rgb24", {}),
)
LIES = (
    (".mp4", b"ffconcat version 1.0\n\x01\nfile input.png\n"),
    (".m3u8", b"#EXTM3U\n\x01\n#EXTINF:1,\ninput.png\n#EXT-X-ENDLIST\n"),
)
"""Play lists that would open other files."""
EVIL = np.array([0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF], np.uint8)
MEMORY_BYTES = 6 << 30
WALL_FACTOR = 20
"""A busy machine may take this many times longer than the processor time that is allowed."""
LOAD_S = 60.0
"""More is allowed with the first input of a process."""
GOOD = ("result", "refused")

Sample = tuple[str, bytes]
"""Ending and content of a file."""


def make_samples(folder: Path) -> list[Sample]:
    """Return small whole files of every kind, of a face that smiles."""
    from au_detect.frames.pictures import select_pictures
    from au_detect.samples import sample_sequences

    paths = select_pictures(sample_sequences()["happiness"].iterdir())
    frames = [cv2.resize(cv2.imread(str(path)), (160, 120)) for path in paths[-4:]]
    deep = frames[0].astype(np.uint16) * 257
    samples = [(end, cv2.imencode(end, frames[0])[1].tobytes()) for end in PICTURE_ENDINGS]
    samples += [(end, cv2.imencode(end, deep)[1].tobytes()) for end in (".png", ".tiff")]
    for ending, codec in VIDEO_CODECS:
        path = folder / f"sample{ending}"
        fourcc = cv2.VideoWriter_fourcc(*codec)
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, fourcc, 30.0, (160, 120))
        for frame in frames:
            writer.write(frame)
        writer.release()
        samples.append((ending, path.read_bytes()))
    samples += [make_modern_video(folder, frames, *codec) for codec in MODERN_CODECS]
    return [*samples, *make_sequences(folder, frames), *LIES]


def make_modern_video(
    folder: Path, frames: list[np.ndarray], ending: str, codec: str, pixels: str, options: dict
) -> Sample:
    """Return a video as cameras and phones write it: interlaced, deep or without a container."""
    path = folder / f"modern{ending}"
    is_picture = ending in (".jp2", ".qoi")
    with av.open(str(path), "w", format="image2" if is_picture else None) as file:
        stream = file.add_stream(codec, rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 120, pixels
        if ending in (".mp4", ".ts"):
            stream.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me
            stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for number, frame in enumerate(frames[: 1 if is_picture else None]):
            picture = av.VideoFrame.from_ndarray(frame, format="bgr24").reformat(format=pixels)
            picture.pts, picture.time_base = number, Fraction(1, 30)
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    return ending, path.read_bytes() * (2 if ending == ".ts" else 1)


def make_sequences(folder: Path, frames: list[np.ndarray]) -> list[Sample]:
    """Return files of pictures that hold several, or values that fill their range in part."""
    animation = cv2.Animation()
    animation.frames, animation.durations = frames, [40] * len(frames)
    samples = []
    for ending in (".png", ".webp", ".gif"):
        cv2.imwriteanimation(str(folder / f"moving{ending}"), animation)
        samples.append((ending, (folder / f"moving{ending}").read_bytes()))
    cv2.imwritemulti(str(folder / "pages.tiff"), frames)
    samples.append((".tiff", (folder / "pages.tiff").read_bytes()))
    deep = (frames[0].astype(np.uint16) * 16, frames[0].astype(np.float32))
    samples += [(".tiff", cv2.imencode(".tiff", image)[1].tobytes()) for image in deep]
    jpeg = cv2.imencode(".jpg", frames[0])[1].tobytes()
    return [*samples, (".jpg", jpeg[:2] + b"\xff\x01" + jpeg[2:])]


def read_samples(folder: Path, max_bytes: int = 4 << 20) -> list[Sample]:
    """Return the files of a folder, the large ones cut short."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() not in (".csv", ".txt"))
    return [(path.suffix, path.read_bytes()[:max_bytes]) for path in paths]


def mutate(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """Return `data` with a few random faults; headers are hit more often."""
    changed = np.frombuffer(data, np.uint8).copy()
    for _ in range(min(8, int(rng.geometric(0.5)))):
        if len(changed) < 16:
            break
        reach = len(changed) if rng.random() < 0.7 else min(512, len(changed))
        at = int(rng.integers(0, reach))
        length = int(min(2 ** rng.uniform(0, 10), len(changed) - at))
        block = changed[at : at + length]
        match int(rng.integers(0, 9)):
            case 0:  # flipped bits
                block ^= rng.integers(0, 256, length, np.uint8) & rng.integers(
                    0, 256, length, np.uint8
                )
            case 1:
                changed[at] = rng.choice(EVIL)
            case 2:  # a length, size or offset that lies
                field = rng.choice(EVIL, 4)
                changed[at : at + 4] = field[: len(changed[at : at + 4])]
            case 3:
                block[:] = 0
            case 4:
                changed = np.delete(changed, slice(at, at + length))
            case 5:
                changed = np.insert(changed, at, block)
            case 6:
                changed = np.insert(changed, at, rng.integers(0, 256, length, np.uint8))
            case 7:  # cut short
                changed = changed[: max(16, at)]
            case 8:  # the end of another file
                tail = np.frombuffer(other, np.uint8)
                changed = np.concatenate([changed[:at], tail[at:]])
    return changed.tobytes()


def make_input(seed: int, number: int, samples: list[Sample]) -> Sample:
    """Return the ending and the content of one damaged file."""
    rng = np.random.default_rng([seed, number])
    ending, data = samples[int(rng.integers(len(samples)))]
    _, other = samples[int(rng.integers(len(samples)))]
    changed = mutate(rng, data, other)
    return ending, with_png_sums(changed) if rng.random() < 0.5 else changed


def with_png_sums(data: bytes) -> bytes:
    """Return a PNG file with the right sum in every chunk, so that its faults are decoded."""
    if not data.startswith(b"\x89PNG"):
        return data
    repaired, at = data[:8], 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        repaired += data[at:end] + zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return repaired


def verdict(detector, path: Path) -> str:
    """Return what the detector does with a file: "result", "refused" or a finding."""
    from au_detect import AUResult
    from au_detect.errors import AUDetectError

    try:
        result = detector.run(path)
    except AUDetectError as error:
        return "refused" if str(error) and "\n" not in str(error) else f"message {error!r}"
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    n, n_aus = len(result.frame), len(result.aus)
    shapes = (result.probabilities.shape, result.side.shape, result.points.shape)
    right = (
        isinstance(result, AUResult)
        and shapes == ((n, n_aus), (n, n_aus), (n, 68, 2))
        and result.frame.tolist() == list(range(n))
        and len(result.to_dataframe()) == n >= 1
    )
    return "result" if right else f"wrong {n} {shapes}"


def serve(pipe: Connection, folder: str) -> None:
    """Answer every (number, ending, content) with its verdict."""
    from au_detect import AUDetector

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    cv2.setNumThreads(1)
    detector = AUDetector()
    while True:
        ending, data = pipe.recv()
        path = Path(folder) / f"input{ending}"
        path.write_bytes(data)
        pipe.send(verdict(detector, path))


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used; 0 where ``/proc`` does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Worker:
    """A process that is given one input at a time, and replaced when it dies or hangs."""

    def __init__(self, context: multiprocessing.context.SpawnContext) -> None:
        self.context, self.process = context, None

    def give(self, number: int, sample: Sample, timeout_s: float) -> None:
        """Send an input; start the process if there is none."""
        if self.process is None:
            self.folder = tempfile.TemporaryDirectory()
            self.pipe, end = self.context.Pipe()
            self.process = self.context.Process(
                target=serve, args=(end, self.folder.name), daemon=True
            )
            self.process.start()
            end.close()
            timeout_s += LOAD_S
        self.number, self.ending = number, sample[0]
        self.last_cpu_s = cpu_seconds(self.process.pid) + timeout_s
        self.deadline_s = time.monotonic() + WALL_FACTOR * timeout_s
        self.pipe.send(sample)

    def answer(self) -> str | None:
        """Return the verdict, if there is one yet."""
        if self.pipe.poll():
            try:
                return self.pipe.recv()
            except EOFError:
                self.process.join()
                code = self.process.exitcode
                self.stop()
                return f"crashed with exit code {code}"
        too_long = cpu_seconds(self.process.pid) > self.last_cpu_s
        if too_long or time.monotonic() > self.deadline_s:
            self.stop()
            return "hung"
        return None

    def stop(self) -> None:
        """Kill the process, if there is one."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.pipe.close()
            self.folder.cleanup()
            self.process = None


def fuzz(options: argparse.Namespace, samples: list[Sample]) -> tuple[Counter, list[tuple]]:
    """Return how often each verdict came for each ending, and the findings."""
    context = multiprocessing.get_context("spawn")
    workers = [Worker(context) for _ in range(options.jobs)]
    counts, findings = Counter(), []
    end_s, next_number, busy = time.monotonic() + options.seconds, 0, []
    while True:
        for worker in workers:
            if worker not in busy and next_number < options.n and time.monotonic() < end_s:
                sample = make_input(options.seed, next_number, samples)
                worker.give(next_number, sample, options.timeout)
                busy.append(worker)
                next_number += 1
        if not busy:
            break
        wait([worker.pipe for worker in busy], timeout=1.0)
        for worker in list(busy):
            found = worker.answer()
            if found is not None:
                busy.remove(worker)
                counts[worker.ending, found if found in GOOD else "finding"] += 1
                if found not in GOOD:
                    findings.append((worker.number, worker.ending, found))
    for worker in workers:
        worker.stop()
    return counts, findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=3000, help="inputs at most")
    parser.add_argument("--seconds", type=float, default=600.0, help="no new input after this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=30.0, help="processor seconds an input")
    parser.add_argument("--samples", type=Path, help="a folder of whole files to damage too")
    parser.add_argument("--keep", type=Path, help="where inputs that are findings go")
    options = parser.parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        samples = make_samples(Path(folder))
    samples += read_samples(options.samples) if options.samples else []
    counts, findings = fuzz(options, samples)
    for ending in sorted({ending for ending, _ in counts}):
        numbers = ", ".join(f"{counts[ending, kind]} {kind}" for kind in (*GOOD, "finding"))
        print(f"{ending:6s} {numbers}")
    for number, ending, found in findings:
        print(f"input {number} of seed {options.seed} ({ending}): {found}")
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            data = make_input(options.seed, number, samples)[1]
            (options.keep / f"{options.seed}_{number}{ending}").write_bytes(data)
    seconds = time.monotonic() - began_s
    print(f"{sum(counts.values())} inputs in {seconds:.0f} s: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
