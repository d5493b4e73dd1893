"""The live page in a browser, with a clip for a camera."""

import io
import os
import socket
import threading

import cv2
import pandas as pd
import pytest
from chromium import open_page

from au_detect import sample_sequences
from au_detect.frames.pictures import read_colour_picture, select_pictures

pytest.importorskip("fastapi")
uvicorn = pytest.importorskip("uvicorn")

from au_detect.web.live.server import LiveOptions, make_server  # noqa: E402

pytestmark = pytest.mark.slow

BARS = "[...document.querySelectorAll('.au .value')].map((e) => parseFloat(e.textContent))"


@pytest.fixture
def address_of():
    """Serve live options; return a function from them to the page's address."""
    running = []

    def start(options):
        listener = socket.create_server(("127.0.0.1", 0))
        server = make_server(options, listener)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def clip():
    """Return the pictures of a smile that comes and goes."""
    files = select_pictures(sample_sequences()["happiness"].iterdir())
    pictures = [read_colour_picture(file) for file in files]
    return [*pictures, *pictures[::-1]]


@pytest.fixture
def camera_file(clip, tmp_path):
    path = tmp_path / "camera.mjpeg"
    path.write_bytes(b"".join(cv2.imencode(".jpg", picture)[1].tobytes() for picture in clip))
    return path


def keep(page, name):
    """Write the page's picture where the environment says, to be looked at."""
    if folder := os.environ.get("AU_DETECT_SCREENSHOTS"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(page.screenshot())


def test_the_browsers_camera_is_measured(address_of, camera_file, tmp_path):
    address = address_of(LiveOptions())
    fake = f"--use-file-for-fake-video-capture={camera_file}"
    with open_page(address, tmp_path / "profile", fake) as page:
        page.wait_for("Number(document.body.dataset.frames) > 30")
        bars = page.ask(BARS)
        assert len(bars) > 15
        assert all(0 <= p <= 1 for p in bars)
        assert page.ask("document.getElementById('mirror').checked")
        assert page.ask("document.getElementById('speed').textContent").count("frames/s") == 1
        page.ask("document.getElementById('neutral').click()")
        page.wait_for(
            "/frame [1-9][0-9]*\\./.test(document.getElementById('reference').textContent)"
        )
        page.wait_for("row.frame > 50")
        assert page.ask("row.neutral") in page.ask(
            "document.getElementById('reference').textContent"
        )
        keep(page, "camera.png")
        assert page.ask("row.face_found")
        assert page.complaints == []
        assert {url for url in page.requests if not url.startswith("data:")} == {
            address,
            f"{address}page.css",
            f"{address}page.js",
        }


def test_a_clip_is_shown_to_its_end_and_again(address_of, clip, tmp_path):
    address = address_of(LiveOptions(source=clip, fps=10.0))
    with open_page(address, tmp_path / "profile") as page:
        page.wait_for("!document.getElementById('again').hidden")
        assert page.ask("document.getElementById('note').textContent") == "The clip has ended."
        assert page.ask("row.frame") == len(clip) - 1
        assert page.ask("view.width") == clip[0].shape[1]
        assert not page.ask("document.getElementById('mirror').checked")
        keep(page, "clip.png")
        table = pd.read_csv(io.StringIO(page.ask("csvText()")))
        saved = table["frame"].tolist()  # a machine that is busy misses some
        assert saved == sorted(set(saved))
        assert (saved[0], saved[-1]) == (0, len(clip) - 1)
        assert table["success"].all()
        assert (table["AU12_c"] == (table["AU12_p"] >= 0.5)).all()
        assert table["AU12_c"].any()
        assert table["AU12_r"].between(0, 5).all()
        smiled = table["AU12_r"] == table["AU12_r"].max()
        assert (table["AU12_p"][smiled] > 0.9).all()
        page.ask("document.getElementById('save').click()")
        assert "AU45 blinks so far" in page.ask("document.getElementById('blinks').textContent")
        page.ask("document.getElementById('again').click()")
        page.wait_for("row.frame < 5")
        page.wait_for("!document.getElementById('again').hidden")
        assert page.complaints == []


def test_a_camera_that_is_refused_is_said(address_of, tmp_path):
    address = address_of(LiveOptions())
    refused = "--use-fake-device-for-media-stream=device-count=0"
    with open_page(address, tmp_path / "profile", refused) as page:
        said = page.wait_for("document.getElementById('note').textContent")
        assert said.startswith("The camera cannot be used: ")
