"""Many inputs at once: the call, the command, resuming, killing, clusters."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

import au_detect
from au_detect import AUDetector, sample_sequences, score_sequences
from au_detect.batch.inputs import BatchInput
from au_detect.batch.summaries import InputSummary
from au_detect.batch.workers import score_in_parallel
from au_detect.cli.main import main
from au_detect.errors import AUDetectError, InputError, ModelFileError
from au_detect.frames.pictures import select_pictures

pytestmark = pytest.mark.usefixtures("own_landmarks")


@pytest.fixture(scope="module")
def frames():
    return select_pictures(sample_sequences()["happiness"].iterdir())


@pytest.fixture
def tree(tmp_path, frames):
    """Return a tree of two sequences of faces, one of walls, and a broken video."""
    root = tmp_path / "study"
    for name, picks in (("s1/smile", (0, -1)), ("s2/smile", (0, 4, -1))):
        (root / name).mkdir(parents=True)
        for number, pick in enumerate(picks):
            (root / name / f"{number}.png").symlink_to(frames[pick])
    walls = root / "s2" / "walls"
    walls.mkdir()
    cv2.imwrite(str(walls / "0.png"), np.full((60, 80), 90, np.uint8))
    (root / "s3").mkdir()
    (root / "s3" / "broken.mp4").write_bytes(b"this is no video")
    return root


NAMES = ["s1/smile", "s2/smile", "s2/walls", "s3/broken.mp4"]


def run_of(out):
    return json.loads((out / "run.json").read_text())


def spied(monkeypatch):
    """Return the list to which every input is added when it is scored."""
    scored = []
    run = AUDetector.run

    def spy(self, source, **options):
        scored.append(str(source))
        return run(self, source, **options)

    monkeypatch.setattr(AUDetector, "run", spy)
    return scored


# What comes out


@pytest.fixture(scope="module")
def batch(tmp_path_factory, frames):
    folder = tmp_path_factory.mktemp("batch")
    root = tree.__wrapped__(folder, frames)
    table = score_sequences(root, folder / "out")
    return root, folder / "out", table


def test_every_input_has_a_row_in_the_order_of_the_tree(batch):
    root, _, table = batch
    assert table["input"].tolist() == [str(root / name) for name in NAMES]
    assert table["frames"].tolist()[:3] == [2, 3, 1]
    assert table["frames_with_face"].tolist()[:3] == [2, 3, 0]
    assert table["neutral"].tolist() == ["frame 0", "frame 0", "", ""]
    assert "broken.mp4" in table["error"][3]
    assert table["error"][:3].tolist() == [""] * 3
    assert (table["seconds"][:3] > 0).all()


def test_the_summary_on_disk_is_the_one_returned(batch):
    _, out, table = batch
    read = pd.read_csv(out / "summary.csv", keep_default_na=False, na_values={"frames": ""})
    assert read["input"].tolist() == table["input"].tolist()
    for name in ("AU12_peak", "frames", "seconds"):
        np.testing.assert_array_equal(
            pd.to_numeric(read[name]).to_numpy(float), table[name].to_numpy(float, na_value=np.nan)
        )


def test_results_are_the_bytes_that_run_writes_below_the_trees_paths(batch, tmp_path):
    root, out, table = batch
    assert table["result"].tolist() == [f"results/{name}.csv" for name in NAMES[:3]] + [""]
    assert main(["run", str(root / "s2/smile"), "--out", str(tmp_path)]) == 0
    assert (out / "results/s2/smile.csv").read_bytes() == (tmp_path / "smile.csv").read_bytes()


def test_peaks_are_those_of_the_results(batch):
    _, out, table = batch
    result = pd.read_csv(out / table["result"][1])
    assert table["AU12_peak"][1] == result["AU12_p"].max()
    assert np.isnan(table["AU12_peak"][2])


def test_nothing_else_is_written(batch):
    _, out, _ = batch
    written = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    files = {f"{kind}/{name}.{ending}" for name in NAMES[:3] for kind, ending in (
        ("results", "csv"), ("settings", "json"))}  # fmt: skip
    assert written == files | {"summary.csv", "run.json"}


def test_the_run_file_says_how_the_results_were_made(batch):
    _, out, _ = batch
    run = run_of(out)
    assert run["state"] == "finished"
    assert (run["n_inputs"], run["n_done"], run["n_failed"], run["n_without_face"]) == (4, 3, 1, 1)
    detector = AUDetector()
    assert run["options"]["detector"] == detector.settings()
    assert run["options"]["detector"]["model_sha256"] == detector.model.sha256
    entry = detector.model.manifest.networks[0]
    assert list(run["networks"][entry.name].values()) == [0.5] * len(entry.aus)


@pytest.mark.slow
def test_two_processes_write_the_same_bytes_as_one(batch, tmp_path):
    root, out, table = batch
    again = score_sequences(root, tmp_path, n_jobs=2)
    pd.testing.assert_frame_equal(again.drop(columns="seconds"), table.drop(columns="seconds"))
    for name in NAMES[:3]:
        file = f"results/{name}.csv"
        assert (tmp_path / file).read_bytes() == (out / file).read_bytes()


def test_a_list_brings_its_neutrals(tmp_path, frames):
    rows = f"input,neutral\n{frames[-1]},{frames[0]}\n{frames[-2]},none\n{frames[-3]},\n"
    (tmp_path / "list.csv").write_text(rows)
    table = score_sequences(tmp_path / "list.csv", tmp_path / "out", neutral=str(frames[1]))
    assert table["neutral"].tolist() == [str(frames[0]), "none", str(frames[1])]


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["csv", "parquet", "json"])
def test_unusual_names_are_scored_recorded_and_resumed(tmp_path, frames, monkeypatch, file_format):
    names = ['a b/it\'s "q" ä 顔', "=1+1", "-x", "new\nline", os.fsdecode(b"\xff\xfe")]
    for name in names:
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "1.png").symlink_to(frames[0])
    table = score_sequences(tmp_path / "in", tmp_path / "out", format=file_format)
    assert table["error"].tolist() == [""] * 5
    for path in table["result"]:
        assert (tmp_path / "out" / path).stat().st_size > 100
        assert not set(path) & set('"\n')
    assert len(set(table["result"])) == 5
    scored = spied(monkeypatch)
    again = score_sequences(tmp_path / "in", tmp_path / "out", format=file_format, resume=True)
    assert scored == []
    pd.testing.assert_frame_equal(again, table)


def test_options_reach_the_detector(tmp_path, frames):
    options = {"experimental": True, "thresholds": {12: 0.9}, "landmark_columns": True, "fps": 5.0}
    score_sequences([frames[-1].parent], tmp_path, format="parquet", **options)
    (file,) = (tmp_path / "results").rglob("*.parquet")
    table = pd.read_parquet(file)
    expected = AUDetector(experimental=True, thresholds={12: 0.9}).run(frames[-1].parent, fps=5.0)
    assert list(table.columns) == list(expected.to_dataframe(landmarks=True).columns)
    assert table["AU12_c"].tolist() == expected.to_dataframe()["AU12_c"].tolist()
    assert table["timestamp"][1] == 0.2
    assert run_of(tmp_path)["options"]["thresholds"] == {"AU12": 0.9}


def test_formats_that_the_command_offers_are_those_there_are():
    from au_detect.cli import options as cli_options
    from au_detect.results import writing

    assert cli_options.FORMATS == writing.FORMATS


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"format": "xlsx"}, InputError, "format must be one of 'csv', 'parquet', 'json'"),
        ({"backend": "mpi"}, InputError, "backend must be one of 'loky', 'dask', got 'mpi'"),
        ({"n_jobs": 0}, InputError, "n_jobs must be a whole number, -1 for all cores, got 0"),
        ({"n_jobs": 1.5}, InputError, "n_jobs must be a whole number"),
        ({"backend": "dask"}, InputError, "scheduler must be given with the Dask backend"),
        ({"scheduler": "tcp://a:1"}, InputError, "scheduler must be given with the Dask backend"),
        ({"backend": "dask", "scheduler": "here"}, InputError, "scheduler must be like"),
        ({"neutral": np.zeros((9, 9))}, InputError, "neutral of a batch must be .* got ndarray"),
        ({"neutral": True}, InputError, "neutral of a batch must be"),
        ({"neutral": "rest.png"}, InputError, "neutral rest.png does not exist"),
        ({"shard": "3/2"}, InputError, "shard must be like"),
        ({"fps": 0}, InputError, "fps must be a positive number, got 0"),
        ({"max_faces": 0}, InputError, "max_faces must be a whole number above 0"),
        ({"thresholds": {12: 1.5}}, InputError, r"threshold of AU12 must be in \(0, 1\), got 1.5"),
        ({"model": "nowhere"}, ModelFileError, "nowhere"),
        ({"landmark_model": "none.dat"}, InputError, "none.dat"),
    ],
)
def test_bad_options_are_refused_before_anything_is_scored(tree, tmp_path, options, error, message):
    out = tmp_path / "out"
    with pytest.raises(error, match=message):
        score_sequences(tree, out, **options)
    assert not (out / "results").exists()


def test_a_cluster_that_does_not_answer_is_named(tree, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("au_detect.batch.workers.CONNECT_TIMEOUT_S", 0.5)
    with pytest.raises(AUDetectError, match=r"scheduler must be reachable: .*127\.0\.0\.1:9"):
        score_sequences(tree, tmp_path / "out", backend="dask", scheduler="tcp://127.0.0.1:9")


# Resuming


def test_resuming_scores_only_what_failed(tree, tmp_path, monkeypatch):
    table = score_sequences(tree, tmp_path / "out")
    scored = spied(monkeypatch)
    again = score_sequences(tree, tmp_path / "out", resume=True)
    assert scored == [str(tree / "s3/broken.mp4")]
    pd.testing.assert_frame_equal(again.iloc[:3], table.iloc[:3])
    assert run_of(tmp_path / "out")["n_from_earlier_runs"] == 3


@pytest.mark.slow
def test_without_resume_everything_is_scored_again(tree, tmp_path, monkeypatch):
    score_sequences(tree, tmp_path / "out")
    scored = spied(monkeypatch)
    score_sequences(tree, tmp_path / "out")
    assert len(scored) == 4


@pytest.mark.parametrize("change", ["result", "record", "input", "options"])
def test_resuming_redoes_what_is_not_whole(tree, tmp_path, monkeypatch, frames, change):
    out = tmp_path / "out"
    score_sequences(tree / "s2", out)
    whole = (out / "results/smile.csv").read_bytes()
    scored = spied(monkeypatch)
    if change == "result":
        (out / "results/smile.csv").write_bytes(whole[:-20])
    elif change == "record":
        (out / "settings/smile.json").unlink()
    elif change == "input":
        (tree / "s2/smile/3.png").symlink_to(frames[2])
    options = {"experimental": True} if change == "options" else {}
    score_sequences(tree / "s2", out, resume=True, **options)
    expected = ["smile", "walls"] if change == "options" else ["smile"]
    assert [Path(path).name for path in scored] == expected
    if change in ("result", "record"):
        assert (out / "results/smile.csv").read_bytes() == whole


def test_a_result_of_an_input_that_now_fails_does_not_stay(tree, tmp_path):
    out = tmp_path / "out"
    score_sequences(tree, out)
    (tree / "s2/walls/0.png").write_bytes(b"no longer a picture")
    table = score_sequences(tree, out, resume=True)
    assert "ends like a picture but is not one" in table["error"][2]
    assert not (out / "results/s2/walls.csv").exists()
    assert (out / "results/s2/smile.csv").exists()


def test_shards_share_a_folder_and_a_last_run_puts_them_together(tree, tmp_path, monkeypatch):
    out = tmp_path / "out"
    parts = [score_sequences(tree, out, shard=f"{k}/3") for k in (1, 2, 3)]
    assert sorted(path for part in parts for path in part["input"]) == [
        str(tree / name) for name in NAMES
    ]
    assert {path.name for path in out.glob("*.csv")} == {f"summary_{k}_of_3.csv" for k in (1, 2, 3)}
    scored = spied(monkeypatch)
    table = score_sequences(tree, out, resume=True)
    assert scored == [str(tree / "s3/broken.mp4")]
    assert len(table) == 4


# The command


def batch_command(*arguments):
    return main(["batch", *map(str, arguments)])


def test_failed_inputs_are_lines_on_stderr_and_exit_code_2(tree, tmp_path, capsys):
    assert batch_command(tree, "--out", tmp_path / "out") == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert lines[0] == f"au-detect: no face found in {tree / 's2/walls'}"
    assert lines[1].startswith(f"au-detect: {tree / 's3/broken.mp4'} must be")
    assert len(lines) == 2
    assert out.startswith("4 inputs: 3 scored, of which 1 without a face; 1 failed -> ")


def test_one_face_anywhere_is_exit_code_0(tree, tmp_path, capsys):
    assert batch_command(tree / "s2", "--out", tmp_path / "out", "--format", "json") == 0
    assert (tmp_path / "out/results/walls.json").exists()
    assert capsys.readouterr().err.count("\n") == 1


def test_no_face_anywhere_is_exit_code_3(tree, tmp_path):
    assert batch_command(tree / "s2" / "walls", "--out", tmp_path / "out") == 3
    table = pd.read_csv(tmp_path / "out/results/walls.csv")
    assert table["success"].tolist() == [0]


def test_several_inputs_and_neutral_none(tree, tmp_path):
    given = (tree / "s1", tree / "s2/smile")
    assert batch_command(*given, "--neutral", "none", "--out", tmp_path / "out") == 0
    assert (tmp_path / "out/results/s1/smile.csv").exists()
    assert set(pd.read_csv(tmp_path / "out/results/s2/smile.csv")["neutral"]) == {"none"}


def test_an_empty_shard_is_no_error(tree, tmp_path, capsys):
    codes = {batch_command(tree / "s1", "--shard", f"{k}/2", "--out", tmp_path) for k in (1, 2)}
    assert codes == {0}
    assert "0 inputs: 0 scored" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing"], "missing does not exist"),
        (["{tree}", "--shard", "9/3"], "shard must be like"),
        (["{tree}", "--out", "{tree}/s3/broken.mp4"], "File exists"),
        (["{tree}", "--backend", "dask"], "scheduler must be given"),
    ],
)
def test_bad_arguments_are_exit_code_2_and_one_line(tree, tmp_path, arguments, message, capsys):
    filled = [argument.format(tree=tree) for argument in arguments]
    if "--out" not in filled:
        filled += ["--out", str(tmp_path / "out")]
    assert batch_command(*filled) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


# Full disks, killed runs, dead workers


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_full_disk_ends_the_batch_and_keeps_what_is_done(tree, tmp_path, n_jobs, capsys):
    out = tmp_path / "out"
    (out / "results/s2").mkdir(parents=True)
    (out / "results/s2/walls.csv").symlink_to("/dev/full")
    assert batch_command(tree, "--out", out, "--jobs", n_jobs) == 2
    err = capsys.readouterr().err
    assert err.splitlines()[-1] == (
        f"au-detect: {out / 'results/s2/walls.csv'}: No space left on device"
    )
    assert run_of(out)["state"] == "stopped by OSError"
    if n_jobs == 1:
        done = pd.read_csv(out / "summary.csv")["result"].tolist()
        assert done == ["results/s1/smile.csv", "results/s2/smile.csv"]


N_EACH = 8  # frames of each of many sequences


def many(tmp_path, frames, n):
    """Return a tree of many sequences."""
    for number in range(n):
        folder = tmp_path / "many" / f"{number:03d}"
        folder.mkdir(parents=True)
        for k in range(N_EACH):
            (folder / f"{k}.png").symlink_to(frames[k % len(frames)])
    return tmp_path / "many"


def started(tree, out, *, jobs):
    """Start the command in a process group of its own; return once some inputs are done."""
    command = [sys.executable, "-m", "au_detect.cli", "batch", str(tree), "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": str(Path(au_detect.__file__).parents[1])}
    process = subprocess.Popen(
        [*command, "--jobs", str(jobs)], env=environment, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while len(list(out.glob("settings/*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()
    assert len(records(out)) >= 3, "the machine is too slow for this test"
    return process


def records(out):
    return {path.stem for path in out.glob("settings/*.json")}


@pytest.fixture
def hears_ctrl_c():
    """Let children hear Ctrl-C also where a shell runs the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_ends_with_130_and_a_summary_of_what_is_done(tmp_path, frames):
    out = tmp_path / "out"
    process = started(many(tmp_path, frames, 60), out, jobs=2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it: to all of them
    _, stderr = process.communicate(timeout=120)
    assert (process.returncode, stderr) == (130, "au-detect: stopped\n")
    table = pd.read_csv(out / "summary.csv")
    assert 3 <= len(table) < 60
    for name in table["result"]:
        assert len(pd.read_csv(out / name)) == N_EACH
    assert run_of(out)["state"] == "stopped by KeyboardInterrupt"
    assert not list(out.rglob("*.part"))


@pytest.mark.slow
def test_workers_of_a_killed_run_finish_their_input_and_it_is_resumed_there(
    tmp_path, frames, monkeypatch
):
    tree, out = many(tmp_path, frames, 24), tmp_path / "out"
    process = started(tree, out, jobs=2)
    os.kill(process.pid, signal.SIGKILL)  # the parent alone
    process.communicate(timeout=120)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail("there are still workers")
    assert not list(out.rglob("*.part"))
    done = records(out)
    assert done == {path.stem for path in out.glob("results/*.csv")}
    assert 3 <= len(done) < 24
    for name in done:
        assert len(pd.read_csv(out / "results" / f"{name}.csv")) == N_EACH
    scored = spied(monkeypatch)
    table = score_sequences(tree, out, resume=True)
    assert {Path(path).name for path in scored} == {f"{k:03d}" for k in range(24)} - done
    assert len(table) == 24
    assert (table["error"] == "").all()
    assert len({(out / name).read_bytes().count(b"\n") for name in table["result"]}) == 1


@pytest.mark.slow
def test_an_input_that_kills_its_worker_is_recorded_and_the_rest_goes_on():
    def score_or_die(item):  # local, so that workers need not import this file
        if item.name.startswith("deadly"):
            os._exit(9)
        return InputSummary(item.source, frames=1)

    names = ["a", "deadly1", *"bcdefg", "deadly2", *"hijk"]
    items = [BatchInput(name, name) for name in names]
    done = list(score_in_parallel(items, score_or_die, n_jobs=2, backend="loky", scheduler=None))
    assert sorted(item.name for item, _ in done) == sorted(names)
    errors = {item.name: row.error for item, row in done if row.error}
    assert errors.keys() == {"deadly1", "deadly2"}
    assert "the process that scored it died" in errors["deadly1"]


def test_an_unexpected_error_is_recorded_with_its_kind(tree, tmp_path, monkeypatch):
    def fail(self, source, **options):
        raise RuntimeError("something\nunforeseen")

    monkeypatch.setattr(AUDetector, "run", fail)
    table = score_sequences(tree / "s1", tmp_path / "out")
    assert table["error"].tolist() == ["RuntimeError: something unforeseen"]


def test_a_model_exchanged_while_the_batch_runs_is_refused(tree, tmp_path, monkeypatch):
    settings = AUDetector.settings
    calls = iter([{}, {"model_sha256": "other"}])
    monkeypatch.setattr(
        AUDetector, "settings", lambda self: settings(self) | next(calls, {"model_sha256": "other"})
    )
    from au_detect.batch.workers import _detector

    _detector.cache_clear()
    table = score_sequences(tree / "s1", tmp_path / "out")
    assert "must have the model_sha256 that the batch was begun with" in table["error"][0]


# Clusters


@pytest.mark.slow
def test_a_dask_cluster_writes_the_same_bytes(batch, tmp_path):
    distributed = pytest.importorskip("distributed")
    root, out, table = batch
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        again = score_sequences(root, tmp_path, backend="dask", scheduler=cluster.scheduler_address)
    pd.testing.assert_frame_equal(again.drop(columns="seconds"), table.drop(columns="seconds"))
    for name in NAMES[:3]:
        file = f"results/{name}.csv"
        assert (tmp_path / file).read_bytes() == (out / file).read_bytes()
