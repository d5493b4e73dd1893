"""How long a frame of the live page takes beyond detection, and frames/s without drawing.

    python benchmarks/live_speed.py

It starts ``au-detect live`` and sends it a sample sequence, there and back, as JPEG of 480 x 480,
each frame when the row of the last one is there. It needs the extra ``web``.
"""

import json
import re
import subprocess
import sys
import time

import cv2
import numpy as np
from websockets.sync.client import connect

from au_detect import sample_sequences
from au_detect.frames.pictures import read_colour_picture, select_pictures

N_FRAMES, N_FIRST = 300, 10
COMMAND = (sys.executable, "-m", "au_detect.cli", "live", "--port", "0")


def sample_frames() -> list[bytes]:
    """Return JPEG files of a smile that comes and goes."""
    files = select_pictures(sample_sequences()["happiness"].iterdir())
    pictures = [cv2.resize(read_colour_picture(file), (480, 480)) for file in files]
    return [cv2.imencode(".jpg", p)[1].tobytes() for p in [*pictures, *pictures[::-1]]]


def measure(address: str) -> tuple[list[dict[str, float]], float]:
    """Return the times of every row in ms, and frames per second."""
    frames, times = sample_frames(), []
    with connect(f"ws://{address}/frames", origin=f"http://{address}", compression=None) as page:
        page.recv()
        start = time.perf_counter()
        for number in range(N_FRAMES):
            sent = time.perf_counter()
            page.send(frames[number % len(frames)])
            row = json.loads(page.recv())
            trip_ms = 1000 * (time.perf_counter() - sent)
            detection_ms = row["detection_ms"]
            times.append(
                {
                    "detection": detection_ms,
                    "beyond it, in the server": row["total_ms"] - detection_ms,
                    "beyond it, for the page": trip_ms - detection_ms,
                }
            )
        return times[N_FIRST:], N_FRAMES / (time.perf_counter() - start)


def main() -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = re.search(r"http://(\S+)", server.stdout.readline())[1]
            times, rate = measure(address)
        finally:
            server.terminate()
    print(f"{'ms':26}{'median':>8}{'95 %':>8}{'most':>8}")
    for name in times[0]:
        values = np.percentile([row[name] for row in times], [50, 95, 100])
        print(f"{name:26}" + "".join(f"{value:8.1f}" for value in values))
    print(f"{rate:.1f} frames/s")


if __name__ == "__main__":
    main()
