"""The live server, without a browser: who may ask, and what it answers."""

import socket
import subprocess
import sys
import time

import cv2
import pytest

from au_detect import AUDetector, sample_sequences
from au_detect.cli.main import main
from au_detect.errors import InputError
from au_detect.frames.pictures import decode_picture, read_colour_picture, select_pictures
from au_detect.results.smoothing import REACH_S
from au_detect.web.live.server import LiveOptions, create_app, make_server

testclient = pytest.importorskip("fastapi.testclient")
disconnect = pytest.importorskip("starlette.websockets").WebSocketDisconnect

PORT = 8000
HOME = f"http://127.0.0.1:{PORT}"
OWN = {"host": f"127.0.0.1:{PORT}", "origin": HOME}


@pytest.fixture(scope="module")
def files():
    return select_pictures(sample_sequences()["happiness"].iterdir())


@pytest.fixture
def client():
    return client_of(LiveOptions(neutral="first"))


def client_of(options):
    return testclient.TestClient(create_app(options, PORT), base_url=HOME)


def connect(client, **headers):
    return client.websocket_connect("/frames", headers=OWN | headers)


def ask(page, **message):
    page.send_json(message)
    return page.receive_json()


def test_a_frame_goes_in_and_its_row_comes_out(client, files):
    whole = AUDetector().run([files[0], files[-1]], neutral="first", smooth="none")
    with connect(client) as page:
        hello = page.receive_json()
        assert (hello["type"], hello["source"]) == ("hello", "browser")
        assert hello["names"]["12"] == "AU12 Lip Corner Puller"
        for number, file in enumerate((files[0], files[-1])):
            time.sleep(number * 2 * REACH_S)  # so that the first frame does not steady the second
            page.send_bytes(file.read_bytes())
            row = page.receive_json()
            assert (row["type"], row["frame"], row["neutral"]) == ("row", number, "frame 0")
            expected = dict(zip(whole.aus, whole.probabilities[number].tolist(), strict=True))
            assert row["probabilities"] == pytest.approx(
                [expected[au] for au in row["aus"]], abs=1e-4
            )
            assert 0 < row["detection_ms"] <= row["total_ms"]


def test_the_neutral_button(client, files):
    with connect(client) as page:
        page.receive_json()
        refused = ask(page, type="neutral")
        assert refused["type"] == "error"
        assert "the neutral frame must show the face" in refused["message"]
        for file in files[:2]:
            page.send_bytes(file.read_bytes())
            page.receive_json()
        assert ask(page, type="neutral") == {"type": "neutral", "neutral": "frame 1"}
        page.send_bytes(files[-1].read_bytes())
        assert page.receive_json()["neutral"] == "frame 1"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "a frame must be a PNG, JPEG"),
        (b"no picture", "a frame must be a PNG, JPEG"),
        (b"\xff\xd8\xff\xe0 cut short", "a frame cannot be decoded as JPEG"),
    ],
)
def test_a_bad_frame_is_said_and_the_session_goes_on(client, files, data, said):
    with connect(client) as page:
        page.receive_json()
        page.send_bytes(data)
        answer = page.receive_json()
        assert answer["type"] == "error"
        assert answer["message"].startswith(said)
        page.send_bytes(files[0].read_bytes())
        assert page.receive_json()["face_found"]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"type": "shell"}', '{"type": "next"}'])
def test_another_message_is_refused_and_the_session_goes_on(client, text):
    with connect(client) as page:
        page.receive_json()
        page.send_text(text)
        assert page.receive_json()["message"].startswith("a message must ask for")
        assert ask(page, type="neutral")["type"] == "error"


@pytest.mark.slow
def test_a_clip_comes_picture_by_picture(files):
    pictures = [read_colour_picture(file) for file in files[:3]]
    with connect(client_of(LiveOptions(source=pictures, fps=1.0))) as page:
        assert page.receive_json()["source"] == "clip"
        for number, picture in enumerate(pictures):
            page.send_json({"type": "next"})
            assert decode_picture(page.receive_bytes()).shape == picture.shape
            assert page.receive_json()["frame"] == number
        assert ask(page, type="next") == {"type": "end"}


def test_a_source_that_is_gone_is_said_before_the_page_is_left():
    with connect(client_of(LiveOptions(source="gone.mp4"))) as page:
        assert page.receive_json() == {"type": "error", "message": "gone.mp4 does not exist"}
        with pytest.raises(disconnect):
            page.receive_json()


def test_every_page_has_a_face_of_its_own(client, files):
    with connect(client) as one, connect(client) as other:
        for page, file in ((one, files[0]), (other, files[-1]), (one, files[1])):
            page.send_bytes(file.read_bytes())
        rows = [[page.receive_json() for _ in range(n)][1:] for page, n in ((one, 3), (other, 2))]
    assert [[row["frame"] for row in of_page] for of_page in rows] == [[0, 1], [0]]
    assert not rows[1][0]["active"][rows[1][0]["aus"].index(12)]  # its own first frame


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://example.com"},
        {"origin": "null"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"origin": "http://127.0.0.1:9000"},
        {"origin": f"http://localhost:{PORT}"},  # own, but not the one that was asked for
        {"host": "example.com:8000", "origin": "http://example.com:8000"},
        {"host": "127.0.0.1:9000", "origin": "http://127.0.0.1:9000"},
    ],
)
def test_foreign_pages_cannot_connect(client, headers):
    with pytest.raises(disconnect), connect(client, **headers):
        pass


def test_a_connection_without_an_origin_is_refused(client):
    with (
        pytest.raises(disconnect),
        client.websocket_connect("/frames", headers={"host": OWN["host"]}),
    ):
        pass


def test_both_own_names_are_served(client):
    local = {"host": f"localhost:{PORT}", "origin": f"http://localhost:{PORT}"}
    with connect(client, **local) as page:
        assert page.receive_json()["type"] == "hello"
    assert client.get("/", headers=local).status_code == 200


@pytest.mark.parametrize("path", ["/", "/page.css", "/page.js"])
def test_files_are_the_pages_own_and_name_nobody_else(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_other_hosts_and_paths_get_nothing(client):
    assert client.get("/", headers={"host": "example.com:8000"}).status_code == 403
    assert client.get("/", headers={"origin": "https://example.com"}).status_code == 403
    for path in ("/docs", "/openapi.json", "/page.py", "/../setup.cfg"):
        assert client.get(path).status_code == 404


def test_other_machines_cannot_be_served():
    expected = pytest.raises(InputError, match=r"listener must be bound to 127\.0\.0\.1, got 127")
    with socket.create_server(("127.0.0.2", 0)) as listener, expected:
        make_server(LiveOptions(), listener)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port", "70000"], "--port must be in 0 to 65535, got 70000"),
        (["--video", "gone.mp4"], "gone.mp4 does not exist"),
        (["--neutral", "median"], 'neutral of a stream must be "auto", "first", None'),
        (["--fps", "0", "--video", "."], "fps must be a positive number"),
    ],
)
def test_wrong_options_are_said_at_once(options, said, capsys):
    assert main(["live", *options]) == 2
    assert said in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(capsys):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert main(["live", "--port", str(port)]) == 2
    assert f"--port must be free on 127.0.0.1, got {port}" in capsys.readouterr().err


@pytest.mark.slow
def test_without_the_extra_the_error_says_what_to_install():
    code = "import sys; sys.modules['fastapi'] = None; from au_detect.cli.main import main; "
    run = [sys.executable, "-c", f"{code}sys.exit(main(['live', '--port', '0']))"]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'au-detect[web]'" in done.stderr


def test_a_grey_picture_is_a_frame(client, files):
    grey = cv2.imread(str(files[0]), cv2.IMREAD_GRAYSCALE)
    with connect(client) as page:
        page.receive_json()
        page.send_bytes(cv2.imencode(".png", grey)[1].tobytes())
        assert page.receive_json()["face_found"]
