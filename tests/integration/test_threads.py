"""Several threads: a detector each, one detector for all, streams and runs beside each other."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import au_detect
from au_detect import AUDetector, sample_sequences
from au_detect.frames.pictures import select_pictures

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(au_detect.__file__).parents[1])}
N_THREADS = 4

# In a process of its own: memory that is freed twice ends it.
SCRIPT = """
import pickle, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from au_detect import AUDetector

shared, sources = sys.argv[1] == "one", sys.argv[2:]
common = AUDetector(max_faces=2)
together = Barrier(len(sources))

def score(source):
    detector = common if shared else AUDetector(max_faces=2)
    together.wait()
    result = detector.run(source)
    streamed = list(detector.stream(source))
    return result.probabilities, result.points, [row.probabilities for row in streamed]

with ThreadPoolExecutor(len(sources)) as threads:
    scored = list(threads.map(score, sources))
sys.stdout.buffer.write(pickle.dumps(scored))
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Return as many short sequences as threads, all different."""
    root = tmp_path_factory.mktemp("threads")
    pictures = [select_pictures(folder.iterdir()) for folder in sample_sequences().values()]
    folders = []
    for number in range(N_THREADS):
        mine = pictures[number % len(pictures)]
        start = number // len(pictures)
        folders.append(root / str(number))
        folders[-1].mkdir()
        for index, picture in enumerate(mine[start : start + 2] + mine[-1:]):
            (folders[-1] / f"{index}.png").symlink_to(picture)
        if number % 2:
            folders[-1] = as_video(folders[-1])
    return folders


def as_video(folder):
    """Return a video of the pictures in a folder."""
    pictures = [cv2.imread(str(path)) for path in sorted(folder.iterdir())]
    path, size = folder.with_suffix(".mp4"), pictures[0].shape[1::-1]
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), 30.0, size)
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


@pytest.fixture(scope="module")
def serial(sources):
    detector = AUDetector(max_faces=2)
    return [
        (result.probabilities, result.points, [row.probabilities for row in detector.stream(path)])
        for path in sources
        for result in [detector.run(path)]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["one", "each"])
def test_many_threads_give_what_one_thread_gives(sources, serial, whose):
    command = [sys.executable, "-c", SCRIPT, whose, *map(str, sources)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    scored = pickle.loads(done.stdout)
    for found, expected in zip(scored, serial, strict=True):
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])
        assert len(found[2]) == len(expected[2])
        for row, expected_row in zip(found[2], expected[2], strict=True):
            np.testing.assert_array_equal(row, expected_row)


@pytest.mark.slow
def test_a_run_beside_an_unfinished_stream_disturbs_neither(sources):
    detector = AUDetector(max_faces=2)
    expected = list(detector.stream(sources[0]))
    alone = detector.run(sources[1])
    stream = detector.stream(sources[0])
    rows = [next(stream) for _ in range(2)]
    between = detector.run(sources[1], neutral="first")
    rows += stream
    np.testing.assert_array_equal(between.points, alone.points)
    for row, expected_row in zip(rows, expected, strict=True):
        np.testing.assert_array_equal(row.points, expected_row.points)
        np.testing.assert_array_equal(row.probabilities, expected_row.probabilities)
        assert row.face_id.tolist() == expected_row.face_id.tolist()


@pytest.mark.slow
def test_stderr_is_left_as_it_was_when_threads_load_networks():
    code = (
        "import os, sys\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from au_detect import AUDetector\n"
        "with ThreadPoolExecutor(8) as threads:\n"
        "    list(threads.map(lambda _: AUDetector(), range(24)))\n"
        "os.write(2, b'still here')"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True)
    assert done.stderr == b"still here"
