"""Killed and stuck: the server goes on, and no job that it took is lost."""

import os
import signal
import sys

import cv2
import pytest
from web_serving import serving, wait_until

from au_detect import sample_sequences
from au_detect.frames.pictures import read_colour_picture, select_pictures

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")
httpx = pytest.importorskip("httpx")

from au_detect.errors import AUDetectError  # noqa: E402
from au_detect.web.client import Client, RefusedError  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("own_landmarks"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]


LONG, SHORT = 120, 8
"""Frames of a video that takes a few seconds, and of one that takes none."""


def video(path, n_frames):
    files = select_pictures(sample_sequences()["happiness"].iterdir())
    pictures = [read_colour_picture(file) for file in files]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (320, 320))
    for number in range(n_frames):
        writer.write(pictures[number % len(pictures)])
    writer.release()
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder):
    """Return a server that outlives what its workers suffer."""
    with serving(folder) as server:
        yield server


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Return a video that can be interrupted."""
    return video(tmp_path_factory.mktemp("clip") / "long.avi", LONG)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    return video(tmp_path_factory.mktemp("clip") / "short.avi", SHORT)


def is_running(client, job):
    state = client.job(job)
    return state["state"] == "running" and state["frames_done"] > 0


def test_a_killed_worker_is_replaced_and_its_job_done(clip, server):
    with Client(server.address) as client:
        job = client.submit(clip)["id"]
        wait_until(lambda: is_running(client, job))
        (worker,) = server.workers()
        os.kill(worker, signal.SIGKILL)
        assert client.wait(job)["frames"] == LONG
        assert server.workers() != [worker]
        assert client.health()["status"] == "ok"


def test_a_job_that_kills_its_workers_says_so(clip, short, server, folder):
    with Client(server.address) as client:
        job = client.submit(clip)["id"]
        for _ in range(2):
            (worker,) = wait_until(lambda: is_running(client, job) and server.workers())
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda killed=worker: killed not in server.workers())
            wait_until(lambda: client.job(job)["state"] == "failed" or server.workers())
        with pytest.raises(RefusedError, match="the worker process died 2 times"):
            client.wait(job)
        assert not (folder / "jobs" / job).exists()
        assert client.wait(client.submit(short)["id"])["frames"] == SHORT


def test_a_stuck_worker_is_ended(clip, tmp_path):
    with serving(tmp_path, "--timeout", "5") as server, Client(server.address) as client:
        client.info()
        job = client.submit(clip)["id"]
        wait_until(lambda: is_running(client, job))
        (worker,) = server.workers()
        os.kill(worker, signal.SIGSTOP)
        with pytest.raises(RefusedError, match="must take at most 5 s"):
            client.wait(job)
        wait_until(lambda: not os.path.exists(f"/proc/{worker}"))


def test_a_job_is_cancelled_and_leaves_nothing(clip, server, folder):
    with Client(server.address) as client:
        job, other = client.submit(clip)["id"], client.submit(clip)["id"]
        wait_until(lambda: is_running(client, job))
        assert client.cancel(other)["state"] == "cancelled"
        assert client.cancel(job)["state"] == "cancelled"
        assert not any((folder / "jobs" / name).exists() for name in (job, other))
        with pytest.raises(RefusedError, match="cancelled"):
            client.wait(job)


def test_jobs_are_taken_up_again_after_a_kill_and_after_a_stop(clip, short, tmp_path):
    files, jobs = (clip, short, short), []
    for how in ("kill", "stop"):
        with serving(tmp_path) as server, Client(server.address) as client:
            if not jobs:
                jobs += [client.submit(file, top=n)["id"] for n, file in enumerate(files, start=1)]
            wait_until(lambda client=client, job=jobs[0]: is_running(client, job))
            workers = server.workers()
            if how == "kill":
                server.kill()
            else:
                server.process.send_signal(signal.SIGTERM)
                server.process.wait(60)
            wait_until(lambda gone=workers: not any(os.path.exists(f"/proc/{w}") for w in gone))
    with serving(tmp_path) as server, Client(server.address) as client:
        assert {state["id"] for state in client.jobs()} == set(jobs)
        for n, job in enumerate(jobs, start=1):
            answer = client.wait(job)
            assert answer["frames"] == (LONG if n == 1 else SHORT)
            assert len(answer["faces"][0]["top"]) == n
            assert not (tmp_path / "jobs" / job / "input").exists()


def test_two_servers_do_not_share_a_folder(server, folder):
    with pytest.raises(AssertionError), serving(folder):
        pass


def test_the_client_says_what_goes_wrong(tmp_path):
    token = "0123456789abcdef"
    with serving(tmp_path, "--token", token) as server:
        with Client(server.address) as client, pytest.raises(RefusedError, match="401"):
            client.jobs()
        with Client(server.address, token=token) as client:
            assert client.jobs() == []
            with pytest.raises(AUDetectError, match="cannot be read"):
                client.predict(tmp_path / "gone.png")
        server.kill()
        with Client(server.address) as client, pytest.raises(AUDetectError, match="cannot be ask"):
            client.health()
