"""The REST server without a browser: answers are those of the detector, strangers are refused."""

import io
import json
import os
import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from web_serving import wait_until

from au_detect import AUDetector, sample_sequences
from au_detect.errors import InputError
from au_detect.facs import au_label
from au_detect.frames.pictures import read_colour_picture, select_pictures
from au_detect.results.reading import read_result

testclient = pytest.importorskip("fastapi.testclient")
pytest.importorskip("sqlalchemy")
pytest.importorskip("python_multipart")

from au_detect.datasets.loading import load_labelled_sequences  # noqa: E402
from au_detect.web.server.app import create_app, make_server  # noqa: E402
from au_detect.web.server.feedback import export_feedback  # noqa: E402
from au_detect.web.server.settings import Limits, ServerSettings  # noqa: E402

pytestmark = pytest.mark.slow

HOME = "http://127.0.0.1:8000"
LIMITS = Limits(n_frames=60, n_pixels=2_000_000, duration_s=5.0, n_files=30)


@pytest.fixture(scope="module")
def files():
    return select_pictures(sample_sequences()["happiness"].iterdir())


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    database = os.environ.get("AU_DETECT_TEST_DATABASE")  # as in tests/unit/web
    folder = tmp_path_factory.mktemp("server")
    return ServerSettings(folder=folder, database=database, limits=LIMITS)


@pytest.fixture(scope="module")
def client(settings):
    with testclient.TestClient(create_app(settings, 8000), base_url=HOME) as client:
        yield client


def uploads(paths):
    return [("files", (path.name, path.read_bytes())) for path in paths]


@pytest.fixture(scope="module")
def job(client, files):
    """Return the id of the analysed smile."""
    answer = client.post("/v1/jobs", files=uploads(files))
    assert answer.status_code == 202
    return finished(client, answer.json()["id"])["id"]


def finished(client, job):
    end = time.monotonic() + 120
    while (state := client.get(f"/v1/jobs/{job}").json())["state"] in ("queued", "running"):
        assert time.monotonic() < end
        time.sleep(0.1)
    return state


def left_behind(settings):
    """Return everything in the jobs' folders; one may be deleted meanwhile."""
    found = os.walk(settings.folder / "jobs")
    return sorted(name for _, folders, files in found for name in (*folders, *files))


def assert_same(answer, result):
    assert [au["au"] for au in answer["aus"]] == [au_label(au) for au in result.aus]
    assert len(answer["rows"]) == len(result)
    for i, row in enumerate(answer["rows"]):
        got = [row["aus"][au_label(au)]["probability"] for au in result.aus]
        np.testing.assert_allclose(got, result.probabilities[i], atol=1e-6)


def test_a_sequence_is_answered_as_by_the_detector(client, files):
    shuffled = [*files[5:], *files[:5]]  # names say the order
    answer = client.post("/v1/predict", files=uploads(shuffled)).json()
    assert_same(answer, AUDetector().run(files))
    assert answer["kind"] == "sequence"
    assert answer["faces"][0]["emotion"] == "happiness"


@pytest.mark.parametrize("neutral", [None, "rest.png"])
def test_a_picture_is_answered_as_by_the_detector(client, files, neutral):
    sent = uploads(files[-1:])
    if neutral:
        sent.append(("neutral_file", (neutral, files[0].read_bytes())))
    answer = client.post("/v1/predict", files=sent).json()
    expected = AUDetector().run(files[-1], neutral=files[0] if neutral else "auto")
    assert_same(answer, expected)
    assert answer["faces"][0]["neutral"] == ("neutral picture" if neutral else "none")
    assert answer["name"] == files[-1].name


@pytest.fixture(scope="module")
def video(files, tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "smile.avi"
    pictures = [read_colour_picture(file) for file in files]
    size = pictures[0].shape[1::-1]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12.5, size)
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


def test_a_video_is_answered_as_by_the_detector(client, video):
    data = {"threshold": "AU12:0.75", "top": "2"}
    answer = client.post("/v1/predict", files=uploads([video]), data=data).json()
    result = AUDetector(thresholds={12: 0.75}).run(video)
    assert_same(answer, result)
    assert answer["kind"] == "video"
    times = [row["time_s"] for row in answer["rows"]]
    np.testing.assert_allclose(times, result.timestamp_s, atol=1e-6)
    assert {au["au"]: au["threshold"] for au in answer["aus"]}["AU12"] == 0.75
    assert len(answer["faces"][0]["top"]) == 2


def test_another_neutral_needs_no_pictures(client, settings, job, files):
    assert not list((settings.folder / "jobs" / job).glob("input/*"))
    answer = client.post(f"/v1/results/{job}/rescore", json={"neutral": "2"}).json()
    assert answer["id"] != job
    assert answer["faces"][0]["neutral"] == "frame 2"
    assert_same(answer, AUDetector().run(files, neutral=2))
    left = client.post(f"/v1/results/{job}/rescore", json={"leave_out": "0-3 9"}).json()
    assert [row["found"] for row in left["rows"]] == [False] * 4 + [True] * 5 + [False]


def test_every_face_may_have_a_neutral_of_its_own(client, files):
    other = select_pictures(sample_sequences()["surprise"].iterdir())
    both = [
        np.hstack([read_colour_picture(file) for file in pair])
        for pair in zip(files, other, strict=False)
    ]
    sent = [
        ("files", (f"{i}.png", cv2.imencode(".png", p)[1].tobytes())) for i, p in enumerate(both)
    ]
    answer = client.post("/v1/predict", files=sent, data={"max_faces": "2"}).json()
    found = [face["neutral"] for face in answer["faces"]]
    wanted = {"neutral": "auto 1:2"}
    again = client.post(f"/v1/results/{answer['id']}/rescore", json=wanted).json()
    assert [face["neutral"] for face in again["faces"]] == [found[0], "frame 2"]
    wanted = {"neutral": "first 1:median"}
    third = client.post(f"/v1/results/{answer['id']}/rescore", json=wanted).json()
    assert third["faces"][0]["neutral"] == "frame 0"
    assert third["faces"][1]["neutral"].startswith("median of")
    refused = client.post(f"/v1/results/{answer['id']}/rescore", json={"neutral": "2:0"})
    assert refused.status_code == 422
    assert "some of the faces 0, 1, got 2" in refused.json()["detail"]


def test_a_result_as_table_and_page(client, job, tmp_path):
    table = client.get(f"/v1/results/{job}", params={"format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.startswith("frame,face_id,timestamp,confidence,success,AU01_c")
    assert len(table.text.splitlines()) == 11
    page = client.get(f"/v1/results/{job}", params={"format": "html"})
    assert page.text.startswith("<!DOCTYPE html>")
    assert "attachment" in page.headers["content-disposition"]
    assert "sandbox" in page.headers["content-security-policy"]
    assert '"picture": "/9j/' not in page.text  # no picture is left to be shown


def test_progress_is_told_to_the_end(client, files):
    job = client.post("/v1/jobs", files=uploads(files)).json()["id"]
    headers = {"accept": "text/event-stream"}
    with client.stream("GET", f"/v1/jobs/{job}", headers=headers) as stream:
        lines = list(stream.iter_lines())
    told = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert told[-1]["state"] == "done"
    assert told[-1]["frames"] == told[-1]["frames_done"] == len(files)
    assert "event: done" in lines
    assert [t["frames_done"] for t in told] == sorted(t["frames_done"] for t in told)


def test_pictures_are_made_on_request_and_given_once(client, settings, files):
    data = {"annotate": "true", "crop": "true"}
    job = client.post("/v1/jobs", files=uploads(files), data=data).json()["id"]
    assert finished(client, job)["made"] == ["annotated", "crops", "report"]
    crops = client.get(f"/v1/results/{job}/crops").json()
    assert len(crops) == len(files)
    report = client.get(f"/v1/results/{job}", params={"format": "html"})
    assert '"picture": "/9j/' in report.text
    assert client.get(f"/v1/results/{job}/annotated").content[4:8] == b"ftyp"
    assert client.get(f"/v1/results/{job}/annotated").status_code == 404
    assert finished(client, job)["made"] == []
    again = client.get(f"/v1/results/{job}", params={"format": "html"})
    assert '"picture": "/9j/' not in again.text


def test_a_copy_is_drawn_afterwards_into_files_that_are_sent_again(client, settings, job, files):
    place, before = f"/v1/results/{job}/annotated", left_behind(settings)
    drawn = client.post(place, files=uploads(files))
    assert drawn.status_code == 200, drawn.text
    assert drawn.headers["content-type"] in ("video/mp4", "video/webm")
    assert drawn.content[4:8] == b"ftyp" or drawn.content[:4] == b"\x1aE\xdf\xa3"
    larger = cv2.imencode(".png", np.full((400, 400), 90, np.uint8))[1].tobytes()
    for sent, said in (
        (None, "files must be sent again: they were deleted, got none"),
        (uploads(files[:3]), "10 frames of 320x320, got 3"),
        (uploads(files[:1]), "10 frames of 320x320, got one of 320x320"),
        ([*uploads(files), ("files", ("x.png", files[0].read_bytes()))], "got more"),
        ([("files", (f"{i}.png", larger)) for i in range(10)], "got one of 400x400"),
    ):
        refused = client.post(place, files=sent)
        assert refused.status_code == 422, refused.text
        assert said in refused.json()["detail"]
    assert client.post(f"/v1/results/{'0' * 32}/annotated").status_code == 404
    assert left_behind(settings) == before
    assert job in [row["id"] for row in client.get("/v1/jobs").json()]
    assert not [row for row in client.get("/v1/jobs").json() if row["made"]]


def test_a_copy_is_drawn_afterwards_into_pictures_that_were_kept(files, tmp_path):
    settings = ServerSettings(folder=tmp_path, limits=LIMITS, keep=True)
    with testclient.TestClient(create_app(settings, 8000), base_url=HOME) as client:
        answer = client.post("/v1/predict", files=uploads(files[-1:])).json()
        again = client.post(f"/v1/results/{answer['id']}/rescore", json={}).json()
        for job in (answer["id"], again["id"]):
            drawn = client.post(f"/v1/results/{job}/annotated")
            assert drawn.headers["content-type"] == "image/png"
            assert client.get(f"/v1/results/{job}/annotated").content == drawn.content
        assert len(client.get("/v1/jobs").json()) == 2
        said = {"id": answer["id"], "face": 0, "frame": 0, "target": "AU12", "right": True}
        assert client.post("/v1/feedback", json=said).status_code == 201
        assert export_feedback(settings, tmp_path / "said.csv") == (1, 1)
    table, _ = load_labelled_sequences(tmp_path / "said.csv")
    coded = np.isfinite(table.intensity)
    assert np.flatnonzero(coded[0]).tolist() == [table.aus.index(12)]
    np.testing.assert_allclose(table.intensity[coded], [1.0], rtol=1e-6)


def test_a_picture_is_answered_with_its_thumbnail_and_copy(client, settings, files):
    data = {"annotate": "true", "crop": "true"}
    answer = client.post("/v1/predict", files=uploads(files[-1:]), data=data).json()
    assert answer["crops"]["0"].startswith("/9j/")
    assert answer["annotated"].startswith("iVBOR")
    kept = [path.name for path in (settings.folder / "jobs" / answer["id"]).rglob("*")]
    assert sorted(kept) == ["answer.json", "measurements.npz", "result.json"]


def test_deleting_leaves_nothing(client, settings, files):
    answer = client.post("/v1/predict", files=uploads(files[-1:])).json()
    job = answer["id"]
    said = {"id": job, "face": 0, "frame": 0, "target": "AU12", "right": True}
    assert client.post("/v1/feedback", json=said).status_code == 201
    assert client.delete(f"/v1/results/{job}").status_code == 204
    assert not (settings.folder / "jobs" / job).exists()
    for path in (f"/v1/results/{job}", f"/v1/jobs/{job}"):
        assert client.get(path).status_code == 404
    assert client.delete(f"/v1/results/{job}").status_code == 404
    assert client.post("/v1/feedback", json=said).status_code == 404


def png(width, height, data=b""):
    """Return a PNG file that says it is so large."""

    def chunk(name, content):
        crc = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    inside = chunk(b"IDAT", zlib.compress(data))
    return b"\x89PNG\r\n\x1a\n" + header + inside + chunk(b"IEND", b"")


def animated_png(n_frames):
    """Return an animation of so many frames."""
    image = pytest.importorskip("PIL.Image")
    frames = [image.new("L", (16, 16), i % 256) for i in range(n_frames)]
    file = io.BytesIO()
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:], duration=10)
    return file.getvalue()


def video_of(n_frames, fps, size=(64, 48)):
    """Return an AVI file of so many grey frames."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 90, np.uint8), "rgb24")
        for _ in range(n_frames):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def hostile():
    """Yield name, content and the status that it is refused with."""
    yield "empty.png", b"", 415
    yield "text.png", b"hello", 415
    yield "page.html", b"<!DOCTYPE html><script>alert(1)</script>", 415
    yield (
        "drawing.svg",
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
        415,
    )
    yield "list.m3u8", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", 415
    yield "list.ffconcat", b"ffconcat version 1.0\nfile /etc/passwd\n", 415
    yield "list.mp4", b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nhttp://127.0.0.1/\n", 415
    yield "archive.zip", b"PK\x03\x04" + b"\0" * 100, 415
    yield "program", b"\x7fELF" + bytes(range(256)) * 4, 415
    yield "bomb.png", png(60_000, 60_000), 413
    yield "wide.png", png(2**31 - 1, 1), 413
    yield "bomb.gif", b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0" * 20, 413
    yield "bomb.bmp", b"BM" + b"\0" * 12 + struct.pack("<Iii", 40, 50_000, 50_000) + b"\0" * 40, 413
    yield "bomb.pgm", b"P5 60000 60000 255\n", 413
    yield "many.png", animated_png(61), 413
    yield "cut.png", png(64, 64, b"\0" * 65 * 64)[:60], 422
    yield "cut.jpg", b"\xff\xd8\xff\xe0 cut short", 422
    yield "wrong.png", png(64, 64, b"\0" * 5), 422
    yield "cut.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08mdat", 415
    yield "long.avi", video_of(61, 30), 413
    yield "slow.avi", video_of(20, 1), 413
    yield "wide.avi", video_of(2, 30, (2000, 1500)), 415  # FFmpeg cannot tell it from damage


@pytest.mark.parametrize(("name", "content", "status"), list(hostile()), ids=lambda v: str(v)[:20])
@pytest.mark.parametrize("path", ["/v1/predict", "/v1/jobs"])
def test_hostile_uploads_are_refused_and_leave_nothing(
    client, settings, path, name, content, status
):
    before = left_behind(settings)
    answer = client.post(path, files=[("files", (name, content))])
    if answer.status_code == 202:  # what only decoding shows
        state = finished(client, answer.json()["id"])
        assert (state["state"], state["status"]) == ("failed", status)
        reason = state["reason"]
    else:
        assert answer.status_code == status, answer.text
        reason = answer.json()["detail"]
    assert len(reason) > 20
    assert str(settings.folder) not in reason
    wait_until(lambda: set(left_behind(settings)) <= set(before), 10)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "..\\..\\x.png", "a\0b.png", "\x1b[2J.png", "x" * 2000, ""],
)
def test_names_of_uploads_become_text_alone(client, settings, files, name):
    upload = ("files", (name or "x", files[-1].read_bytes()))
    answer = client.post("/v1/predict", files=[upload]).json()
    assert "/" not in answer["name"]
    assert len(answer["name"]) <= 120
    assert "\x1b" not in answer["name"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"neutral": "../../x.png"}, "neutral must be one of"),
        ({"neutral": "50"}, "neutral frame 50 must show the face"),
        ({"threshold": "AU99:0.5"}, "an action unit must be one of"),
        ({"threshold": "2"}, "threshold must be a number above 0"),
        ({"fps": "nan"}, "fps"),
        ({"fps": "-1"}, "fps"),
        ({"max_faces": "100"}, "max_faces"),
        ({"min_face": "inf"}, "min_face"),
        ({"smooth": "no"}, "smooth"),
        ({"top": "0"}, "top"),
        ({"url": "http://example.com/"}, "either files or a url"),
    ],
)
def test_wrong_options_are_said(client, settings, files, data, said):
    before = left_behind(settings)
    answer = client.post("/v1/predict", files=uploads(files), data=data)
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]
    assert left_behind(settings) == before


def test_nothing_and_too_much_are_refused(client, settings, files):
    before = left_behind(settings)
    assert client.post("/v1/predict").status_code == 422
    many = [("files", (f"{i}.png", b"x")) for i in range(31)]
    assert client.post("/v1/predict", files=many).status_code == 413
    mixed = [*uploads(files[:1]), ("files", ("x.txt", b"hello"))]
    assert client.post("/v1/predict", files=mixed).status_code == 415
    faceless = cv2.imencode(".png", np.full((64, 64), 90, np.uint8))[1].tobytes()
    sent = [*uploads(files[:1]), ("neutral_file", ("wall.png", faceless))]
    answer = client.post("/v1/predict", files=sent)
    assert answer.status_code == 422
    assert "neutral picture must show a face" in answer.json()["detail"]
    assert left_behind(settings) == before


def test_addresses_are_refused_unless_the_server_was_started_with_them(client, settings):
    before = left_behind(settings)
    answer = client.post("/v1/predict", data={"url": "http://example.com/a.png"})
    assert answer.status_code == 403
    assert left_behind(settings) == before


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:8000/v1/jobs", "http://localhost/", "http://[::1]/", "http://0/"),
        *("http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "http://10.0.0.1/"),
        *("ftp://example.com/a", "data:image/png;base64,AA", "http://2130706433/", "x"),
    ],
)
def test_hostile_addresses_are_refused(tmp_path, url):
    settings = ServerSettings(folder=tmp_path, allow_urls=True)
    app = testclient.TestClient(create_app(settings, 8000), base_url=HOME)  # no worker is started
    answer = app.post("/v1/jobs", data={"url": url})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("url ")
    assert left_behind(settings) == []


@pytest.mark.parametrize(
    "job", ["x", "..", "%2e%2e%2fjobs.sqlite", "0" * 31, "0" * 33, "G" * 32, "0" * 32]
)
def test_no_id_is_a_path(client, job):
    for method, path in (("GET", "results"), ("DELETE", "results"), ("GET", "jobs")):
        assert client.request(method, f"/v1/{path}/{job}").status_code in (404, 422)


def test_samples_are_those_of_the_package(client, files):
    assert client.get("/v1/samples").json()["happiness"] == len(files)
    assert client.get("/v1/samples/happiness/0").content == files[0].read_bytes()
    for path in ("happiness/10", "happiness/-1", "x/0", "..%2f..%2fmodels/0"):
        assert client.get(f"/v1/samples/{path}").status_code in (404, 422)


def test_what_the_server_says_of_itself(client):
    info = client.get("/v1/info").json()
    assert {"au": "AU12", "name": "Lip Corner Puller", "part": "lower"}.items() <= next(
        au for au in info["aus"] if au["au"] == "AU12"
    ).items()
    assert "happiness" in info["emotions"]
    assert client.get("/v1/health").json()["status"] == "ok"
    document = client.get("/openapi.json").json()
    assert {"/v1/predict", "/v1/jobs", "/v1/feedback"} <= document["paths"].keys()
    assert client.get("/docs").status_code == 404


def test_pages_are_the_servers_own_and_name_nobody_else(client):
    for path in ("/", "/page.css", "/main.js", "/live/", "/live/page.js"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "http://" not in answer.text
        assert "https://" not in answer.text.replace('placeholder="https://"', "")
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_feedback_becomes_labels_that_training_reads(client, settings, job, files, tmp_path):
    def say(target, right, frame=9, **more):
        said = {"id": job, "face": 0, "frame": frame, "target": target, "right": right, **more}
        assert client.post("/v1/feedback", json=said).status_code == 201

    say("AU12", True)
    say("AU25", True, correction="C")
    say("AU06", False)
    say("AU04", False, correction="AU09", frame=8)
    say("happiness", True, subject="anna")
    for path in (tmp_path / "said.npz",):
        n_faces, n_said = export_feedback(settings, path)
        assert (n_faces, n_said) == (2, 5)
        table, _ = load_labelled_sequences(path)
    assert table.aus == (4, 6, 9, 12, 25)
    by_frame = dict(zip(("9", "8"), table.intensity, strict=True))
    np.testing.assert_allclose(by_frame["9"], [np.nan, 0, np.nan, 1, 3], rtol=1e-6)
    np.testing.assert_allclose(by_frame["8"], [0, np.nan, 1, np.nan, np.nan], rtol=1e-6)
    assert table.subject.tolist() == ["anna", f"{job[:12]}-0"]
    assert table.attributes["emotion"].tolist() == ["happiness", ""]
    # What training sees of the face is what the detector saw.
    result = read_result(settings.folder / "jobs" / job / "result.json")
    np.testing.assert_array_equal(table.points[0], result.points[9])
    features = table.features(uses_neutral=True, uses_furrows=True)
    model = AUDetector().model
    from au_detect.classifiers.manifest import NetworkKind

    kind = NetworkKind(uses_neutral=True, uses_furrows=True)
    again = model.predict(features.upper[:1], features.lower[:1], kind, (12, 25))
    assert (again > 0.5).all()


def test_feedback_on_what_is_not_there_is_refused(client, job):
    said = {"id": job, "face": 0, "frame": 9, "target": "AU12", "right": True}
    for wrong in (
        *({"face": 1}, {"frame": 10}, {"target": "AU99"}, {"target": "DROP TABLE"}),
        *({"correction": "AU98"}, {"correction": "F"}, {"subject": "a b"}, {"right": None}),
        *({"target": "boredom"}, {"frame": -1}, {"id": "x"}),
    ):
        assert client.post("/v1/feedback", json=said | wrong).status_code == 422, wrong
    assert client.post("/v1/feedback", json=said | {"id": "0" * 32}).status_code == 404


def test_feedback_cannot_be_exported_as_pictures_that_are_gone(client, settings, job, tmp_path):
    said = {"id": job, "face": 0, "frame": 9, "target": "AU12", "right": True}
    client.post("/v1/feedback", json=said)
    with pytest.raises(InputError, match="pictures must have been kept"):
        export_feedback(settings, tmp_path / "said.csv")


def test_other_machines_need_a_token(tmp_path):
    import socket

    with (
        socket.create_server(("127.0.0.2", 0)) as listener,
        pytest.raises(InputError, match=r"a token must be given .* got host 127\.0\.0\.2"),
    ):
        make_server(ServerSettings(folder=tmp_path), listener)


def test_the_live_room_is_there(client, files):
    headers = {"host": "127.0.0.1:8000", "origin": HOME}
    with client.websocket_connect("/frames", headers=headers) as page:
        assert page.receive_json()["type"] == "hello"
        page.send_bytes(files[0].read_bytes())
        assert page.receive_json()["face_found"]


def test_independent_pictures_are_answered_as_by_the_detector(client, files):
    chosen = [files[0], files[-1]]
    data = {"independent": "true"}
    answer = client.post("/v1/predict", files=uploads(chosen), data=data).json()
    assert_same(answer, AUDetector().run(chosen, independent=True))
    assert [row["time_s"] for row in answer["rows"]] == [0.0, 0.0]
