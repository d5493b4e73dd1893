"""What ends a batch or an input: signals, kills while starting, time limits, a second batch."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import au_detect
from au_detect import AUDetector, sample_sequences, score_sequences
from au_detect.batch.inputs import BatchInput
from au_detect.batch.lock import locked_folder
from au_detect.batch.summaries import InputSummary
from au_detect.batch.workers import score_in_parallel
from au_detect.cli.main import main
from au_detect.errors import InputError
from au_detect.frames.pictures import select_pictures

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals"),
    pytest.mark.usefixtures("own_landmarks"),
]


N_EACH = 8  # frames of each of many sequences


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Return a tree of many sequences."""
    frames = select_pictures(sample_sequences()["happiness"].iterdir())
    root = tmp_path_factory.mktemp("many")
    for number in range(40):
        (root / f"{number:02d}").mkdir()
        for k in range(N_EACH):
            (root / f"{number:02d}" / f"{k:02d}.png").symlink_to(frames[k % len(frames)])
    return root


def environment():
    return os.environ | {"PYTHONPATH": str(Path(au_detect.__file__).parents[1])}


def started(tree, out, *more):
    command = [sys.executable, "-m", "au_detect.cli", "batch", str(tree), "--out", str(out), *more]
    return subprocess.Popen(
        command, env=environment(), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_until(condition, seconds=200):
    end_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_s, "the machine is too slow for this test"
        time.sleep(0.02)


def records(out):
    return list(out.glob("settings/*.json"))


def n_processes(group):
    """Return how many processes of a group there are."""
    count = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, process_group = stat.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        count += int(process_group) == group and state != "Z"
    return count


@pytest.mark.slow
@pytest.mark.parametrize(("jobs", "whom"), [(1, "parent"), (2, "all")])  # workers ignore it
def test_sigterm_ends_with_143_and_a_summary_of_what_is_done(many, tmp_path, jobs, whom):
    out = tmp_path / "out"
    process = started(many, out, "--jobs", str(jobs))
    wait_until(lambda: len(records(out)) >= 3)
    (os.kill if whom == "parent" else os.killpg)(process.pid, signal.SIGTERM)
    _, stderr = process.communicate(timeout=120)
    assert (process.returncode, stderr) == (143, "au-detect: stopped\n")
    run = json.loads((out / "run.json").read_text())
    assert run["state"] == "stopped by Terminated"
    table = pd.read_csv(out / "summary.csv")
    assert 3 <= len(table) == run["n_done"] < 40
    assert all(len(pd.read_csv(out / name)) == N_EACH for name in table["result"])
    assert not list(out.glob(".batch.lock*"))
    wait_until(lambda: n_processes(process.pid) == 0)


@pytest.mark.slow
def test_sigterm_ends_run_too(many, tmp_path):
    command = [sys.executable, "-m", "au_detect.cli", "run", *map(str, many.iterdir())]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path)], env=environment(), text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    wait_until(lambda: list(tmp_path.glob("*.csv")))
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=120)
    assert (process.returncode, stderr) == (143, "au-detect: stopped\n")
    assert not list(tmp_path.glob(".*"))


def test_sigterm_does_afterwards_what_it_did_before():
    before = signal.getsignal(signal.SIGTERM)
    assert main(["info"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc"), reason="there is no /proc here")
def test_workers_end_whose_batch_is_killed_while_they_start(many, tmp_path):
    process = started(many, tmp_path / "out", "--jobs", "2")
    wait_until(lambda: n_processes(process.pid) >= 3)  # itself and two that are starting
    process.kill()
    process.communicate(timeout=120)
    wait_until(lambda: n_processes(process.pid) == 0, 60)


# A second batch


@pytest.mark.slow
def test_a_second_batch_in_the_same_folder_is_refused(many, tmp_path, capsys):
    out = tmp_path / "out"
    process = started(many, out, "--jobs", "1")
    wait_until(lambda: records(out))
    code = main(["batch", str(many / "00"), "--out", str(out)])
    assert process.poll() is None
    process.kill()
    process.communicate(timeout=120)
    assert code == 2
    assert capsys.readouterr().err == (
        f"au-detect: out must not be in use by another batch, got {out}: wait for it to end\n"
    )
    assert main(["batch", str(many / "00"), "--out", str(out)]) == 0, "the kill has freed it"


def test_shards_may_run_at_the_same_time(many, tmp_path):
    with locked_folder(str(tmp_path), "1/20"):
        score_sequences(many, tmp_path, shard="2/20")
        with pytest.raises(InputError, match="in use by another batch"):
            score_sequences(many, tmp_path, shard="1/20")


# Time limits


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_input_that_takes_too_long_has_failed_and_the_rest_goes_on(many, tmp_path, jobs):
    endless, short = tmp_path / "in" / "endless", tmp_path / "in" / "short"
    endless.parent.mkdir()
    short.symlink_to(many / "00")
    endless.mkdir()
    frame = next((many / "00").iterdir())
    for k in range(1000):
        (endless / f"{k}.png").symlink_to(frame)
    table = score_sequences(tmp_path / "in", tmp_path / "out", timeout_s=1, n_jobs=jobs)
    by_name = {Path(path).name: error for path, error in zip(table.input, table.error, strict=True)}
    assert by_name["endless"].startswith(
        f"{endless} must be scored within 1 s, but takes longer, stopped at frame "
    )
    assert by_name["short"] == "" or "short must be scored within 1 s" in by_name["short"]


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_input_that_hangs_is_ended(n_jobs):
    def hang_or_score(item):  # local, so that workers need not import this file
        from au_detect.batch import watching

        watching.GRACE_S = 0.2
        with watching.deadline(0.5):
            if item.name == "hangs":
                time.sleep(600)  # as a decoder would: no frame comes
            return InputSummary(item.source, frames=1)

    items = [BatchInput(name, name) for name in ("a", "hangs", "b", "c")]
    began_s = time.monotonic()
    done = dict(
        (item.name, row.error)
        for item, row in score_in_parallel(
            items, hang_or_score, n_jobs=n_jobs, backend="loky", scheduler=None, timeout_s=0.5
        )
    )
    assert time.monotonic() - began_s < 200
    assert done == {
        "a": "", "b": "", "c": "",
        "hangs": "hangs must be scored within 0.5 s, but takes longer",
    }  # fmt: skip


@pytest.mark.slow
def test_a_time_limit_changes_no_result_and_redoes_none(many, tmp_path, monkeypatch):
    score_sequences(many / "00", tmp_path / "out")
    whole = (tmp_path / "out/results/00.csv").read_bytes()
    score_sequences(many / "00", tmp_path / "limited", timeout_s=600)
    assert (tmp_path / "limited/results/00.csv").read_bytes() == whole
    monkeypatch.setattr(AUDetector, "run", None)
    table = score_sequences(many / "00", tmp_path / "out", resume=True, timeout_s=600)
    assert table["error"].tolist() == [""]


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan"), "10"])
def test_a_time_limit_must_be_positive(many, tmp_path, timeout_s):
    with pytest.raises(InputError, match="timeout_s must be a positive number"):
        score_sequences(many, tmp_path, timeout_s=timeout_s)
