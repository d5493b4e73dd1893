"""Kill batches at random moments, start-up included, and look at what they leave.

    python benchmarks/kills.py [--n 50] [--seed 0] [--latest 12]

Each round starts ``au-detect batch --jobs 2`` on the same tree and ends it at a random moment:
with SIGKILL or SIGTERM, the parent alone or all its processes. Afterwards no process may be left,
every file must be whole, and at the end one more run with ``--resume`` must give the bytes of a
run that nobody stopped. The exit code is 1 if there is a finding.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

GONE_WITHIN_S = 60.0
SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM}


def make_tree(root: Path, n_inputs: int = 40) -> Path:
    """Return a tree of short sequences of a face."""
    from au_detect import sample_sequences
    from au_detect.frames.pictures import select_pictures

    frames = select_pictures(sample_sequences()["happiness"].iterdir())
    for number in range(n_inputs):
        (root / f"{number:03d}").mkdir(parents=True)
        for k in range(20):
            (root / f"{number:03d}" / f"{k:02d}.png").symlink_to(frames[k % len(frames)])
    return root


def start(tree: Path, out: Path, *more: str) -> subprocess.Popen:
    """Start a batch in a process group of its own."""
    command = [sys.executable, "-m", "au_detect.cli", "batch", str(tree), "--out", str(out)]
    return subprocess.Popen(
        [*command, "--jobs", "2", *more], start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def processes(group: int) -> list[int]:
    """Return the processes of a group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, process_group = stat.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(process_group) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found


def left_processes(group: int) -> list[int]:
    """Return the processes that are still there when they had time to end."""
    end_s = time.monotonic() + GONE_WITHIN_S
    while (left := processes(group)) and time.monotonic() < end_s:
        time.sleep(0.1)
    return left


def torn_files(out: Path) -> list[str]:
    """Return what is not whole: tables of other lengths, documents that are none."""
    torn = []
    for path in out.rglob("*"):
        if path.suffix == ".json":
            try:
                json.loads(path.read_bytes())
            except ValueError:
                torn.append(str(path))
        elif path.suffix == ".csv" and path.parent.name == "results":
            text = path.read_bytes()
            if text.count(b"\n") != 21 or not text.endswith(b"\n"):
                torn.append(str(path))
    return torn


def one_round(rng: random.Random, tree: Path, out: Path, latest_s: float) -> tuple[str, list[str]]:
    """Start a batch and end it; return what was done and what is wrong."""
    name, whom = rng.choice(list(SIGNALS)), rng.choice(["parent", "all"])
    delay_s = rng.uniform(0, latest_s)
    began_s = time.time()
    process = start(tree, out, *rng.choice([[], ["--resume"]]))
    time.sleep(delay_s)
    was_running = process.poll() is None
    if was_running:
        (os.kill if whom == "parent" else os.killpg)(process.pid, SIGNALS[name])
    _, stderr = process.communicate()
    findings = [f"process {pid} is left" for pid in left_processes(process.pid)]
    if findings:
        os.killpg(process.pid, signal.SIGKILL)
    findings += [f"{path} is torn" for path in torn_files(out)]
    if was_running and name == "term":
        findings += _signs_of_a_bad_end(process, stderr, out / "run.json", began_s)
    n_done = len(list(out.glob("settings/*.json")))
    moment = f"{name} {whom} after {delay_s:4.1f} s"
    return f"{moment if was_running else 'ended by itself'}, {n_done} records", findings


def _signs_of_a_bad_end(
    process: subprocess.Popen, stderr: str, run: Path, began_s: float
) -> list[str]:
    """Return what is wrong with the end of a batch that was asked to end."""
    if process.returncode == -signal.SIGTERM:  # Python itself was still starting
        return []
    findings = []
    if process.returncode not in (143, 0):
        findings.append(f"exit code {process.returncode}: {stderr[-300:]}")
    is_own = run.exists() and run.stat().st_mtime > began_s  # not of a run that was killed before
    if is_own and json.loads(run.read_bytes())["state"] == "running":
        findings.append("run.json says that it is running")
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=50, help="rounds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latest", type=float, default=12.0, metavar="S", help="last moment")
    options = parser.parse_args()
    rng, counts, n_findings = random.Random(options.seed), Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        tree, out, whole = make_tree(Path(folder, "tree")), Path(folder, "out"), Path(folder, "all")
        start(tree, whole).communicate()
        for number in range(options.n):
            what, findings = one_round(rng, tree, out, options.latest)
            counts[what.partition(" after")[0].partition(",")[0]] += 1
            n_findings += len(findings)
            print(f"{number:3d} {what}", *findings, sep="\n    " if findings else "", flush=True)
        start(tree, out, "--resume").communicate()
        for path in sorted(whole.glob("results/*")):
            if path.read_bytes() != (out / "results" / path.name).read_bytes():
                n_findings += 1
                print(f"{path.name} is not what a whole run writes")
    print(f"{dict(counts)}: {n_findings} findings")
    return 1 if n_findings else 0


if __name__ == "__main__":
    sys.exit(main())
