"""Jobs and feedback in a database: SQLite, and another that the environment names.

``AU_DETECT_TEST_DATABASE=postgresql+psycopg://user@host/name`` (an empty one) tests that too.
"""

import os
import threading

import pytest

pytest.importorskip("sqlalchemy")

from au_detect.errors import AUDetectError
from au_detect.web.server.files import new_id
from au_detect.web.server.store import CANCELLED, DONE, FAILED, QUEUED, Store


@pytest.fixture(params=["sqlite", "other"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    other = os.environ.get("AU_DETECT_TEST_DATABASE")
    if not other:
        pytest.skip("AU_DETECT_TEST_DATABASE is not set")
    return other


@pytest.fixture
def store(url):
    store = Store(url)
    for job in store.ids():
        store.delete_job(job)
    yield store
    store.close()


def add(store, name="clip.mp4", **more):
    job = new_id()
    store.add_job(job, name, {"neutral": "auto", "top": 5}, **{"waited_for": False} | more)
    return job


def test_a_job_is_remembered_by_the_next_server(store, url):
    job = add(store, "Lächeln \u202e.mp4", of="0" * 32)
    again = Store(url)
    row = again.job(job)
    assert (row["name"], row["state"], row["of"]) == ("Lächeln \u202e.mp4", QUEUED, "0" * 32)
    assert row["options"] == {"neutral": "auto", "top": 5}
    assert again.ids() == {job}
    again.close()


def test_there_is_no_other_job(store):
    assert store.job("0" * 32) is None
    assert store.job("' OR 1=1 --") is None
    assert store.jobs() == []


def test_what_is_final_stays(store):
    job = add(store)
    store.set_state(job, DONE, summary={"frames": 3, "faces": [0]})
    store.set_state(job, CANCELLED)
    row = store.job(job)
    assert (row["state"], row["summary"]) == (DONE, {"frames": 3, "faces": [0]})
    assert row["finished_s"] >= row["created_s"]


def test_jobs_by_state_the_newest_first(store):
    jobs = [add(store, str(n)) for n in range(4)]
    store.set_state(jobs[1], FAILED, status=422, reason="x" * 5000)
    assert [row["id"] for row in store.jobs()] == jobs[::-1]
    assert [row["id"] for row in store.jobs((QUEUED,))] == [jobs[3], jobs[2], jobs[0]]
    assert [row["id"] for row in store.jobs(limit=2)] == [jobs[3], jobs[2]]
    assert len(store.job(jobs[1])["reason"]) == 2000


def test_a_deleted_job_takes_its_feedback_along(store):
    job, other = add(store), add(store)
    for one in (job, other):
        store.add_feedback(
            job=one, face=0, frame=7, target="AU12", right=True, correction=None, subject=None
        )
    assert store.delete_job(job)
    assert not store.delete_job(job)
    assert [row["job"] for row in store.feedback()] == [other]


def test_many_threads_write_at_once(store):
    problems = []

    def write():
        try:
            for _ in range(10):
                store.set_state(add(store), DONE, summary={})
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(store.jobs((DONE,))) == 60


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////no/such/folder/x.sqlite", "odd://x/y"])
def test_a_database_that_cannot_be_used_is_said(url):
    with pytest.raises(AUDetectError, match="database must be one that can be used"):
        Store(url)
