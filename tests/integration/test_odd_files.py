"""Odd files, all the way through: from the file to the result and its settings."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from video_files import join, moving_square, write_video

from au_detect import AUDetector, sample_sequences
from au_detect.cli import main as command
from au_detect.frames.limits import MAX_PICTURE_PIXELS
from au_detect.frames.pictures import read_picture, select_pictures

pytestmark = pytest.mark.slow

CALM = {"crf": "8", "preset": "veryfast"}


@pytest.fixture(scope="module")
def pictures():
    folder = sample_sequences()["happiness"]
    shown = [read_picture(path) for path in select_pictures(folder.iterdir())]
    height, width = (side // 2 * 2 for side in shown[0].shape)
    return [picture[:height, :width] for picture in shown]


@pytest.fixture(scope="module")
def detector():
    return AUDetector()


@pytest.fixture(scope="module")
def expected(detector, pictures):
    return detector.run(pictures).probabilities


def run(*arguments):
    return command.main([str(argument) for argument in ("run", *arguments)])


# Videos


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("p.mp4", {"options": CALM}),
        ("tff.mp4", {"options": CALM | {"x264opts": "tff=1"}, "interlaced": True}),
        (
            "x.mpg",
            {"codec": "mpeg2video", "interlaced": True, "options": {"qmin": "1", "qmax": "2"}},
        ),
        ("x.mov", {"codec": "prores_ks", "pixel_format": "yuv422p10le"}),
        ("full.mp4", {"options": CALM, "color_range": 2}),
    ],
)
def test_a_video_gives_what_its_pictures_give(
    tmp_path, detector, pictures, expected, name, options
):
    result = detector.run(write_video(tmp_path / name, pictures, **options))
    assert result.face_found.all()
    assert np.abs(result.probabilities - expected).mean() < 0.02


@pytest.mark.parametrize(
    ("ratio", "width", "height"), [("2", 0.5, 1), ("4/3", 0.75, 1), ("1/2", 1, 0.5)]
)
def test_a_video_whose_pixels_are_not_square(
    tmp_path, detector, pictures, expected, ratio, width, height
):
    size = [
        2 * round(side * share / 2)
        for side, share in zip(pictures[0].shape[::-1], (width, height), strict=True)
    ]
    narrow = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
    path = write_video(tmp_path / "x.mp4", narrow, pixel_aspect_ratio=ratio, options=CALM)
    result = detector.run(path)
    assert result.face_found.all()
    assert np.abs(result.probabilities - expected).mean() < 0.04
    smile = result.aus.index(12)
    assert result.probabilities[-1, smile] > 0.8


def test_what_was_used_is_in_the_settings(tmp_path, pictures):
    write_video(tmp_path / "x.mov", pictures, first_frame=45, sound_s=3.0, options=CALM)
    write_video(tmp_path / "y.h264", pictures, rate=50, container="h264")
    assert run(tmp_path / "x.mov", tmp_path / "y.h264", "--out", tmp_path / "a") == 0
    assert run(tmp_path / "x.mov", "--fps", 10, "--out", tmp_path / "b") == 0
    x, y, b = (
        json.loads((tmp_path / name).read_text())["settings"]
        for name in ("a/x.settings.json", "a/y.settings.json", "b/x.settings.json")
    )
    assert (x["fps"], x["time_from"], x["codec"]) == (30.0, "video", "h264")
    assert x["start_offset_s"] == pytest.approx(1.5, abs=0.002)
    assert (y["fps"], y["time_from"]) == (50.0, "fps")
    assert (b["fps"], b["time_from"]) == (10.0, "fps")


def test_less_than_promised_is_said(tmp_path, pictures, capsys):
    path = write_video(
        tmp_path / "x.mov", pictures * 3, options=CALM, file_options={"movflags": "faststart"}
    )
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2])
    assert run(path, "--out", tmp_path / "out") == 0
    err = capsys.readouterr().err
    assert f"of {3 * len(pictures)} frames could be read" in err
    settings = json.loads((tmp_path / "out" / "x.settings.json").read_text())["settings"]
    assert settings["notices"][0] in err


def test_time_goes_on_in_joined_recordings(tmp_path, detector):
    part = write_video(tmp_path / "a.ts", moving_square(), options=CALM)
    result = detector.run(join(tmp_path / "x.ts", part, part))
    assert (np.diff(result.timestamp_s) > 0.02).all()


# One frame has no neutral of its own


@pytest.fixture(
    params=["folder", "x.mp4", "x.png", "x.gif", "x.jp2", "x.qoi", "x.pcx", "x.dpx", "x.tga"]
)
def one_frame(request, tmp_path, pictures):
    name, smile = request.param, pictures[-1]
    if name == "folder":
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "only.png"), smile)
    elif name in ("x.png", "x.gif"):
        cv2.imwrite(str(tmp_path / name), np.dstack([smile] * 3))
    else:
        codec = {"mp4": "libx264", "jp2": "jpeg2000", "tga": "targa"}.get(name[2:], name[2:])
        pixels = {"mp4": "yuv420p", "jp2": "gray", "tga": "bgr24"}.get(name[2:], "rgb24")
        shown = [smile if pixels in ("gray", "yuv420p") else np.dstack([smile] * 3)]
        write_video(
            tmp_path / name, shown, codec=codec, pixel_format=pixels,
            container=None if name == "x.mp4" else "image2",
        )  # fmt: skip
    return tmp_path / name


def test_one_frame_is_not_its_own_neutral(one_frame, detector, pictures):
    result, picture = detector.run(one_frame), detector.run(pictures[-1])
    assert result.neutral == picture.neutral == {0: "none"}
    smile = result.aus.index(12)
    assert result.probabilities[0, smile] == pytest.approx(
        picture.probabilities[0, smile], abs=0.05
    )
    assert result.probabilities[0, smile] > 0.5


def test_the_frames_of_moving_pictures_are_a_sequence(tmp_path, detector, pictures):
    animation = cv2.Animation()
    animation.frames = [np.dstack([picture] * 3) for picture in pictures]
    animation.durations = [40] * len(pictures)
    assert cv2.imwriteanimation(str(tmp_path / "x.png"), animation)
    assert cv2.imwriteanimation(
        str(tmp_path / "x.webp"), animation, [cv2.IMWRITE_WEBP_QUALITY, 101]
    )
    assert cv2.imwritemulti(str(tmp_path / "x.tif"), pictures)
    for name in ("x.png", "x.webp", "x.tif"):
        result = detector.run(tmp_path / name)
        step_s = 1 / 30 if name == "x.tif" else 0.04
        wanted = detector.run(pictures, fps=1 / step_s).probabilities
        np.testing.assert_allclose(result.probabilities, wanted, atol=1e-3)
        assert np.diff(result.timestamp_s) == pytest.approx(step_s, abs=1e-3)


# Values


def test_12_bits_in_a_16_bit_file_are_said(tmp_path, detector, pictures, capsys):
    deep = (pictures[-1].astype(np.uint32) * 4095 // 255).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "x.tif"), deep)
    cv2.imwrite(str(tmp_path / "f.tif"), deep.astype(np.float32))
    wanted = detector.run(pictures[-1]).probabilities
    for name in ("x.tif", "f.tif"):
        assert run(tmp_path / name, "--out", tmp_path) == 0
        assert "is taken as black" in capsys.readouterr().err
        assert np.abs(detector.run(tmp_path / name).probabilities - wanted).max() < 0.02


# Small faces


def test_the_smallest_face_is_what_is_asked_for(tmp_path, pictures):
    from au_detect.landmarks.points import interocular_distance_px

    shown = AUDetector().run(pictures[0])
    scale = 26.0 / float(interocular_distance_px(shown.points)[0])
    small = cv2.resize(pictures[0], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    large = np.full((1080, 1920), 110, np.uint8)
    large[400 : 400 + small.shape[0], 900 : 900 + small.shape[1]] = small
    usual, finer = AUDetector(), AUDetector(smallest_face_px=20)
    assert not usual.run(large).face_found[0]
    result = finer.run(large)
    assert result.face_found[0]
    assert float(interocular_distance_px(result.points)[0]) == pytest.approx(26.0, rel=0.1)
    assert result.settings["smallest_face_px"] == 20
    assert result.settings["searched_face_px"] == 20.0
    assert usual.run(large).settings["searched_face_px"] == 32.0
    assert usual.run(np.vstack([large] * 4)).settings["searched_face_px"] == 64.0
    cv2.imwrite(str(tmp_path / "x.png"), large)
    assert run(tmp_path / "x.png", "--out", tmp_path) == 3
    assert run(tmp_path / "x.png", "--out", tmp_path, "--smallest-face", 20) == 0


# Limits


def test_opencv_enforces_the_limit_in_the_command():
    assert str(MAX_PICTURE_PIXELS) == command.MAX_PICTURE_PIXELS
    code = (
        "import sys; from au_detect.cli.main import main\n"
        "try: main(['info'])\n"
        "except SystemExit: pass\n"
        "import cv2, numpy as np\n"
        "try: cv2.imdecode(np.frombuffer(sys.stdin.buffer.read(), np.uint8), 1)\n"
        "except cv2.error as error: print('limited', error.err)\n"
    )
    large = b"P5 40000 40000 255\n"
    done = subprocess.run([sys.executable, "-c", code], input=large, capture_output=True)
    assert b"limited" in done.stdout


def test_too_little_memory_is_one_line(tmp_path, monkeypatch, capsys, pictures):
    cv2.imwrite(str(tmp_path / "x.png"), pictures[0])

    def full(*_args, **_options):
        raise MemoryError

    monkeypatch.setattr("au_detect.frames.pictures.cv2.imdecode", full)
    assert run(tmp_path / "x.png", "--out", tmp_path) == 2
    assert capsys.readouterr().err == "au-detect: the input needs more memory than there is\n"


def test_av_says_nothing_to_the_user(tmp_path):
    data = bytearray(write_video(tmp_path / "x.mp4", moving_square(20)).read_bytes())
    at = data.index(b"mdat") + 900
    data[at : at + 300] = bytes(300)
    (tmp_path / "x.mp4").write_bytes(data)
    code = "import sys; from au_detect.frames import open_frames; list(open_frames(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.mp4")], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


# Results that somebody else wrote


@pytest.fixture(scope="module")
def result_json(tmp_path_factory, detector, pictures):
    path = tmp_path_factory.mktemp("result") / "good.json"
    detector.run([pictures[0], pictures[-1]]).to_json(path)
    return path.read_text()


def with_settings(text, settings):
    document = json.loads(text)
    document["settings"] = settings
    return json.dumps(document)


HOSTILE = {
    "nested arrays": lambda text: "[" * 200_000 + "]" * 200_000,
    "nested settings": lambda text: text.replace(
        '"settings": ', '"settings": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + ', "x": ', 1
    ),
    "5000 digits": lambda text: text.replace('"frame": ', '"frame": ' + "9" * 5000, 1).replace(
        '"format_version": ', '"format_version": ' + "9" * 5000, 1
    ),
    "5000 digits as a face": lambda text: json.dumps(
        json.loads(text) | {"neutral": {"9" * 5000: "x"}}
    ),
    "half a character in the input": lambda text: json.dumps(
        json.loads(text) | {"input": "\ud800"}
    ),
    "half a character in the neutral": lambda text: json.dumps(
        json.loads(text) | {"neutral": {"0": "\udfff"}}
    ),
    "half a character in the settings": lambda text: with_settings(text, {"model": "\ud800"}),
    "settings as a list": lambda text: with_settings(text, [1]),
    "settings as a text": lambda text: with_settings(text, "x"),
    "no settings": lambda text: with_settings(text, None),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("arguments", [["report"], ["plot"]], ids=["report", "plot"])
def test_a_hostile_result_is_one_line(tmp_path, result_json, capsys, kind, arguments):
    path = tmp_path / "x.json"
    path.write_text(HOSTILE[kind](result_json))
    out = ["--out", str(tmp_path / ("o.html" if arguments == ["report"] else "o.png"))]
    assert command.main([*arguments, str(path), *out]) == 2
    err = capsys.readouterr().err
    assert err.startswith("au-detect: ")
    assert err.count("\n") == 1
    assert len(err) < 1000


def test_a_hostile_side_car_is_one_line(tmp_path, detector, pictures, capsys):
    detector.run(pictures[-1]).to_csv(tmp_path / "x.csv")
    for text in ("[" * 200_000, "9" * 5000, '{"aus": "\\ud800"}'):
        (tmp_path / "x.settings.json").write_text(text)
        assert command.main(["report", str(tmp_path / "x.csv"), "--out", str(tmp_path / "o")]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("changed", [{"input": "\udcff"}, {"neutral": {"0": "\udcff"}}])
def test_bytes_of_names_that_are_no_text_are_shown_as_escapes(tmp_path, result_json, changed):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(json.loads(result_json) | changed))
    for task, out in (("report", "o.html"), ("plot", "o.png")):
        assert command.main([task, str(path), "--out", str(tmp_path / out)]) == 0
        assert (tmp_path / out).stat().st_size > 1000


def test_settings_of_another_type_are_no_matter_in_a_report(tmp_path, result_json):
    path = tmp_path / "x.json"
    path.write_text(with_settings(result_json, {"model": [1], "fps": {}, "notices": 5}))
    assert command.main(["report", str(path), "--out", str(tmp_path / "o.html")]) == 0


@pytest.mark.parametrize("neutral", ["9" * 5000, "9" * 19])
def test_a_frame_number_of_too_many_digits_is_one_line(tmp_path, pictures, capsys, neutral):
    cv2.imwrite(str(tmp_path / "x.png"), pictures[0])
    assert run(tmp_path / "x.png", "--out", tmp_path, "--neutral", neutral) == 2
    err = capsys.readouterr().err
    assert err.startswith("au-detect: ")
    assert err.count("\n") == 1
    table = tmp_path / "list.csv"
    table.write_text(f"input,neutral\nx.png,{neutral}\n")
    assert command.main(["batch", str(table), "--out", str(tmp_path / "out")]) in (0, 2)


@pytest.mark.parametrize("text", ["[" * 200_000, "9" * 5000, '"\\ud800"'])
def test_a_hostile_model_manifest_is_one_line(tmp_path, pictures, capsys, text):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "manifest.json").write_text(text)
    cv2.imwrite(str(tmp_path / "x.png"), pictures[0])
    assert run(tmp_path / "x.png", "--out", tmp_path, "--model", tmp_path / "model") == 2
    assert capsys.readouterr().err.count("\n") == 1
