"""What people and machines feed to a detector by mistake, all the way through."""

import errno
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from au_detect import AUDetector, sample_sequences
from au_detect.cli.main import main
from au_detect.errors import InputError
from au_detect.landmarks.points import interocular_distance_px

FUZZ = Path(__file__).parents[2] / "benchmarks" / "fuzz.py"


@pytest.fixture(scope="module")
def detector():
    return AUDetector()


def write_video(path, codec, pictures, size=(96, 64)):
    fourcc = cv2.VideoWriter_fourcc(*codec)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, fourcc, 30.0, size)
    for picture in pictures:
        writer.write(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


# Files


@pytest.mark.parametrize(
    ("ending", "codec"), [(".avi", "MJPG"), (".mp4", "mp4v"), (".mkv", "mp4v")]
)
def test_a_video_of_no_length_is_refused(tmp_path, detector, ending, codec):
    path = write_video(tmp_path / f"x{ending}", codec, [])
    assert path.stat().st_size > 0
    with pytest.raises(InputError, match=f"x{ending} must "):
        detector.run(path)


@pytest.mark.slow
def test_a_picture_of_12000_by_12000_is_searched_and_has_a_row(tmp_path, detector, pictures):
    large = np.full((12_000, 12_000), 90, np.uint8)
    face = cv2.resize(pictures[0], None, fx=20, fy=20)
    large[: face.shape[0], : face.shape[1]] = face[:12_000, :12_000]
    cv2.imwrite(str(tmp_path / "large.png"), large, [cv2.IMWRITE_PNG_COMPRESSION, 0])
    result = detector.run(tmp_path / "large.png")
    assert len(result) == 1
    assert result.face_found[0]
    small = detector.run(pictures[0]).points[0]
    distance = np.linalg.norm(result.points[0] / 20 - small, axis=1).mean()
    assert distance < 0.1 * interocular_distance_px(small)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize("file_format", ["csv", "parquet", "json"])
def test_a_full_disk_is_one_line_and_earlier_results_stay(tmp_path, pictures, capsys, file_format):
    for name in "ab":
        cv2.imwrite(str(tmp_path / f"{name}.png"), pictures[0])
    out = tmp_path / "out"
    out.mkdir()
    (out / f"b.{file_format}").symlink_to("/dev/full")
    given = [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    assert main(["run", *given, "--out", str(out), "--format", file_format]) == 2
    assert capsys.readouterr().err == (
        f"au-detect: {out / f'b.{file_format}'}: {os.strerror(errno.ENOSPC)}\n"
    )
    assert (out / f"a.{file_format}").stat().st_size > 100
    assert not list(out.glob(".*"))


def test_a_name_that_is_a_formula_is_a_text_in_every_table(tmp_path, pictures, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("=1+1.png", pictures[0])
    assert main(["run", "=1+1.png", "--neutral", "=1+1.png", "--out", "out"]) == 0
    (row,) = pd.read_csv("out/=1+1.csv").to_dict("records")
    assert row["input"] == row["neutral"] == "'=1+1.png"
    assert main(["batch", "=1+1.png", "--neutral", "=1+1.png", "--out", "out"]) == 0
    (row,) = pd.read_csv("out/summary.csv").to_dict("records")
    assert row["input"] == row["neutral"] == "'=1+1.png"


# Faces


def test_pictures_of_different_sizes_in_one_sequence(detector, pictures):
    sizes = (1.0, 0.7, 1.6)
    scaled = [cv2.resize(pictures[0], None, fx=size, fy=size) for size in sizes]
    result = detector.run(scaled)
    assert result.face_found.all()
    iod_px = interocular_distance_px(result.points)
    np.testing.assert_allclose(iod_px / iod_px[0], sizes, rtol=0.06)


def test_a_face_lost_midway_keeps_its_number_its_neutral_and_its_empty_rows(detector, pictures):
    wall = np.full_like(pictures[0], 90)
    shown = [pictures[0], pictures[-1], *[wall] * 4, *[pictures[-1]] * 6]
    result = detector.run(shown, neutral="first")
    assert result.face_found[:6].tolist() == [True, True, False, False, False, False]
    assert result.face_found[-1]
    assert set(result.face_id) == {0}
    assert result.neutral == {0: "frame 0"}
    smile = result.aus.index(12)
    assert result.active[1, smile]
    assert result.active[-1, smile]
    assert np.isnan(result.probabilities[2:6]).all()


def test_two_faces_that_cross_have_a_row_each_and_never_one_number_twice(pictures):
    rest, smile = pictures[0], pictures[-1]
    height, width = rest.shape
    n = 25
    result = AUDetector(max_faces=2).run(
        [crossing(rest, smile, share, (height, 3 * width)) for share in np.linspace(0, 1, n)]
    )
    for frame in range(n):
        ids = result.face_id[result.frame == frame].tolist()
        assert ids == sorted(set(ids))
        assert 1 <= len(ids) <= 2
    both = [int((result.frame == frame).sum()) == 2 for frame in range(n)]
    assert both[0]
    assert both[-1]
    centers = result.points[:, :, 0].mean(axis=1)
    for frame in range(n):  # two rows are two faces, not one found twice
        rows = result.frame == frame
        if rows.sum() == 2 and result.face_found[rows].all():
            assert np.ptp(centers[rows]) > 0.2 * width


def crossing(left, right, share, shape):
    """Return a picture in which `left` has gone its share of the way right, in front."""
    picture = np.full(shape, 90, np.uint8)
    height, width = left.shape
    reach = shape[1] - width
    for face, at in ((right, round((1 - share) * reach)), (left, round(share * reach))):
        picture[:height, at : at + width] = face
    return picture


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_face_that_leaves_over_the_border_has_finite_points_or_none(detector, pictures, side):
    shown = []
    for share in np.linspace(0, 0.9, 12):
        dx, dy = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}[side]
        height, width = pictures[0].shape
        shift = np.float32([[1, 0, dx * share * width], [0, 1, dy * share * height]])
        shown.append(cv2.warpAffine(pictures[0], shift, (width, height), borderValue=90))
    result = detector.run(shown)
    assert len(result) == 12
    assert result.face_found[0]
    assert not result.face_found[-1]
    assert np.isfinite(result.points[result.face_found]).all()
    np.testing.assert_array_equal(np.isfinite(result.probabilities), result.seen)
    assert np.isnan(result.points[~result.face_found]).all()


@pytest.mark.parametrize("yaw_deg", [0, 45, 70, 90, 120, 180])
def test_an_extreme_pose_is_scored_and_said_to_be_unreliable(detector, mean_face, yaw_deg):
    yaw = np.radians(yaw_deg)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    turned = (mean_face @ turn.T)[:, :2] * 100 + 200
    still = mean_face[:, :2] * 100 + 200
    result = detector.run(landmarks=np.stack([still, turned]).astype(np.float32))
    assert result.reliable.tolist() == [True, yaw_deg == 0]
    assert np.isfinite(result.probabilities).all()
    assert np.isfinite(result.pose).all()


@pytest.mark.parametrize("turn", [cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE])
def test_a_picture_upside_down_or_on_its_side_is_a_row(detector, pictures, turn):
    result = detector.run(cv2.rotate(pictures[0], turn))
    assert len(result) == 1
    assert np.isnan(result.points).all() == (not result.face_found[0])


def test_a_camera_that_is_unplugged_keeps_the_rows_so_far(detector, pictures, monkeypatch):
    class Camera:
        """Deliver three pictures, then no more."""

        n_read = 0

        def isOpened(self):  # noqa: N802
            return True

        def read(self):
            self.n_read += 1
            shown = cv2.cvtColor(pictures[0], cv2.COLOR_GRAY2BGR)
            return (True, shown) if self.n_read <= 3 else (False, None)

        def get(self, _prop):
            return 0.0

        def release(self):
            self.n_read = 99

    monkeypatch.setattr("au_detect.frames.camera.cv2.VideoCapture", lambda *_: Camera())
    assert [row.frame.tolist() for row in detector.stream(0)] == [[0], [1], [2]]
    assert detector.run(0).face_found.tolist() == [True] * 3


# Models


def test_a_model_of_experimental_action_units_alone_says_how_to_ask_for_them(tmp_path, pictures):
    from au_detect.paths import packaged_folder

    model = tmp_path / "model"
    shutil.copytree(packaged_folder("models") / "open", model)
    manifest = json.loads((model / "manifest.json").read_text())
    for network in manifest["networks"]:
        network["experimental"] = network["aus"]
    (model / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"not experimental, got 'model': .* \(experimental=True"):
        AUDetector(model).run(pictures[0])
    assert AUDetector(model, experimental=True).run(pictures[0]).face_found.all()


@pytest.mark.parametrize("damage", ["cut", "altered", "empty", "missing"])
def test_a_damaged_network_is_refused_before_anything_is_read(tmp_path, damage, capsys):
    from au_detect.paths import packaged_folder

    model = tmp_path / "model"
    model.mkdir()
    for path in (packaged_folder("models") / "open").iterdir():
        if path.is_file():
            (model / path.name).write_bytes(path.read_bytes())
    network = sorted(model.glob("*.tflite"))[0]
    data = network.read_bytes()
    if damage == "missing":
        network.unlink()
    else:
        altered = data[:500] + bytes([data[500] ^ 1]) + data[501:]
        network.write_bytes({"cut": data[:-100], "altered": altered, "empty": b""}[damage])
    for command in ("run", "batch"):
        arguments = [command, str(sample_sequences()["happiness"]), "--model", str(model)]
        assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
        err = capsys.readouterr().err
        assert network.name in err
        assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


# Damaged files by the dozen


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz", FUZZ)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["fuzz"]


@pytest.mark.slow
def test_no_damaged_file_crashes_hangs_or_gives_a_wrong_result():
    command = [sys.executable, str(FUZZ), "--n", "60", "--seed", "3", "--timeout", "120"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout
    assert "60 inputs in " in done.stdout
    assert " 0 findings" in done.stdout


def test_the_same_seed_damages_files_alike_and_another_one_differently(fuzz, tmp_path):
    samples = fuzz.make_samples(tmp_path)
    one = [fuzz.make_input(1, number, samples) for number in range(30)]
    assert one == [fuzz.make_input(1, number, samples) for number in range(30)]
    assert one != [fuzz.make_input(2, number, samples) for number in range(30)]
    whole = {data for _, data in samples}
    assert sum(data in whole for _, data in one) < 3


class Broken:
    """A detector that does what it must not."""

    def __init__(self, fault):
        self.fault = fault

    def run(self, _path):
        self.fault()


def test_a_finding_would_be_found(fuzz, tmp_path):
    def hang():
        raise KeyError("x")

    def wordless():
        raise InputError("")

    assert fuzz.verdict(Broken(hang), tmp_path) == "raised KeyError: 'x'"
    assert fuzz.verdict(Broken(wordless), tmp_path).startswith("message ")


def crash(pipe, folder):
    pipe.recv()
    os._exit(7)


def sleep_for_ever(pipe, folder):
    pipe.recv()
    pipe.poll(600)


def work_for_ever(pipe, folder):
    pipe.recv()
    while True:
        pass


@pytest.mark.parametrize(
    ("fault", "found"),
    [(crash, "crashed with exit code 7"), (sleep_for_ever, "hung"), (work_for_ever, "hung")],
)
def test_a_crash_and_a_hang_would_be_found(fuzz, monkeypatch, fault, found):
    import multiprocessing
    import time

    monkeypatch.setattr(fuzz, "serve", fault)
    monkeypatch.setattr(fuzz, "WALL_FACTOR", 2000 if fault is work_for_ever else 5)
    monkeypatch.setattr(fuzz, "LOAD_S", 0.0)
    worker = fuzz.Worker(multiprocessing.get_context("fork"))
    worker.give(0, (".png", b""), timeout_s=0.2)
    deadline_s = time.monotonic() + 60
    while (answer := worker.answer()) is None and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert answer == found
    assert worker.process is None
