"""The page in a browser: a smile is analysed, found on the timeline, judged, and learnt from."""

import base64
import json
import os
import time

import cv2
import numpy as np
import pytest
from chromium import open_page
from web_serving import serving

from au_detect import sample_sequences
from au_detect.frames.pictures import read_colour_picture, select_pictures

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from au_detect.cli.main import main
from au_detect.datasets.loading import load_labelled_sequences

pytestmark = pytest.mark.slow

MARK_PX = 16


@pytest.fixture(scope="module")
def pictures():
    """Return a smile that comes and goes; the number of every frame stands in its corner."""
    files = select_pictures(sample_sequences()["happiness"].iterdir())
    seen = [read_colour_picture(file) for file in files]
    frames = []
    for number, picture in enumerate([*seen, *seen[::-1]]):
        marked = picture.copy()
        for bit in range(5):
            value = 255 if number >> bit & 1 else 0
            marked[:MARK_PX, bit * MARK_PX : (bit + 1) * MARK_PX] = value
        frames.append(marked)
    return frames


@pytest.fixture(scope="module")
def clip(pictures, tmp_path_factory):
    """Return the smile as a video whose frames are not evenly spaced in time."""
    av = pytest.importorskip("av")
    path = tmp_path_factory.mktemp("clip") / "smile.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 320, 320, "yuv420p"
        stream.bit_rate = 2_000_000
        time_ms = 0
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:, :, ::-1]), "rgb24")
            frame.pts = time_ms
            time_ms += 40 if number % 3 else 120
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


def choose(page, path, field="files"):
    """Choose a file in the page's form, as a user does."""
    document = page.call("DOM.getDocument")["root"]["nodeId"]
    node = page.call("DOM.querySelector", nodeId=document, selector=f"#{field}")["nodeId"]
    page.call("DOM.setFileInputFiles", files=[str(path)], nodeId=node)


def keep(page, name):
    """Write the whole page's picture where the environment says, to be looked at."""
    if folder := os.environ.get("AU_DETECT_SCREENSHOTS"):
        shot = page.call("Page.captureScreenshot", captureBeyondViewport=True)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(base64.b64decode(shot["data"]))


def keep_all(page, name):
    """Write pictures of the page on a desk and a phone, light and dark."""
    if not os.environ.get("AU_DETECT_SCREENSHOTS"):
        return
    for width in (1280, 390):
        for colours in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": colours}]
            page.call("Emulation.setEmulatedMedia", features=features)
            page.call(
                "Emulation.setDeviceMetricsOverride",
                width=width, height=900, deviceScaleFactor=1, mobile=width < 500,
            )  # fmt: skip
            time.sleep(0.3)
            height = page.ask("document.documentElement.scrollHeight")
            page.call(
                "Emulation.setDeviceMetricsOverride",
                width=width, height=min(height, 4000), deviceScaleFactor=1, mobile=width < 500,
            )  # fmt: skip
            page.ask("dispatchEvent(new Event('resize'))")
            time.sleep(0.7)
            keep(page, f"{name}_{width}_{colours}.png")
            overflow = page.ask("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, f"{name} at {width} px is {overflow} px too wide"
    page.call("Emulation.clearDeviceMetricsOverride")
    page.call("Emulation.setEmulatedMedia", features=[])


def drawn_number(page):
    """Return the number that stands in the corner of the frame that is drawn."""
    data = page.ask("document.getElementById('view').toDataURL('image/png')").split(",")[1]
    image = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_GRAYSCALE)
    half = MARK_PX // 2
    return sum((image[half, bit * MARK_PX + half] > 127) << bit for bit in range(5))


def press(page, key, code, modifiers=0):
    about = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
    page.call("Input.dispatchKeyEvent", type="keyDown", **about)
    page.call("Input.dispatchKeyEvent", type="keyUp", **about)


def mouse(page, kind, x, y, modifiers=0):
    page.call(
        "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1,
        buttons=0 if kind == "mouseReleased" else 1, modifiers=modifiers,
    )  # fmt: skip


def place_of(page, frame):
    """Return where a frame is on the timeline, in the window."""
    return json.loads(
        page.ask(
            "(() => { const plot = document.querySelector('.plot'); plot.scrollIntoView();"
            "const canvas = document.querySelector('.rows canvas').getBoundingClientRect();"
            "const times = window.auDetect.times, half = times.length - 1;"
            "const step = (times[half] - times[0]) / half, from = times[0] - step / 2;"
            f"const x = canvas.left + canvas.width * (times[{frame}] - from)"
            " / (times[half] - times[0] + step);"
            "return JSON.stringify([x, canvas.top + 10]); })()"
        )
    )


def drawn(page, frame):
    page.wait_for(
        f"document.getElementById('view').dataset.frame == '{frame}'"
        f" && document.getElementById('view').dataset.shown == '{frame}'"
    )


def test_a_smile_is_analysed_sought_judged_and_learnt(server, clip, pictures, tmp_path):
    with open_page(server.address, tmp_path / "profile") as page:
        page.wait_for("Boolean(window.auDetect)")
        keep_all(page, "analyse")
        choose(page, clip)
        page.wait_for("document.body.dataset.result", 180)
        text = page.ask("document.getElementById('result').innerText")
        assert "smile.webm" in text
        assert "AU12" in page.ask("document.getElementById('top-all').innerText")
        # The smile is on the timeline: most in the middle, none at the ends.
        smile = json.loads(
            page.ask(
                "JSON.stringify(window.auDetect.answer.rows.map((r) => r.aus.AU12.probability))"
            )
        )
        assert max(smile[9:11]) > 0.9
        assert max(smile[0], smile[-1]) < 0.5
        # A click there seeks exactly that frame, and so do keys.
        for frame in (9, 3, 16):
            x, y = place_of(page, frame)
            mouse(page, "mousePressed", x, y)
            mouse(page, "mouseReleased", x, y)
            drawn(page, frame)
            assert drawn_number(page) == frame
        assert page.ask("document.getElementById('clock').textContent").endswith("· frame 16")
        assert page.ask("document.activeElement.getAttribute('role')") == "slider"
        press(page, "ArrowLeft", 37)
        drawn(page, 15)
        assert drawn_number(page) == 15
        press(page, "Home", 36)
        drawn(page, 0)
        value = "document.querySelector('.cursor').getAttribute('aria-valuetext')"
        assert page.ask(value) == "00:00, frame 0"
        # Another neutral face.
        before = page.ask("document.body.dataset.result")
        page.ask("document.querySelectorAll('.frame')[0].click()")
        chosen = page.ask("document.getElementById('neutral').value")
        page.ask("document.querySelector('#redo button.main').click()")
        page.wait_for(f"document.body.dataset.result != '{before}'", 120)
        page.wait_for(
            f"document.getElementById('neutral-told').textContent.includes('frame {chosen}.')"
        )
        # Shift and drag leave a range out.
        (a, y), (b, _) = place_of(page, 2), place_of(page, 5)
        mouse(page, "mousePressed", a, y, 8)
        mouse(page, "mouseMoved", (a + b) / 2, y, 8)
        mouse(page, "mouseMoved", b, y, 8)
        mouse(page, "mouseReleased", b, y, 8)
        assert page.ask("document.getElementById('leave_out').value") == "2-5"
        # The annotated copy, drawn into the file that the page still has.
        page.ask(
            "[...document.querySelectorAll('#links button')]"
            ".find((b) => b.textContent == 'Annotated copy').click()"
        )
        page.wait_for("document.getElementById('said').textContent.includes('is downloaded')")
        # Feedback by a click on an action unit.
        page.ask("window.auDetect.seek(9)")
        drawn(page, 9)
        page.ask(
            "[...document.querySelectorAll('.au .name')]"
            ".find((b) => b.textContent.startsWith('AU12')).click()"
        )
        page.wait_for("document.getElementById('judge').open")
        assert "Frame 9, face 0" in page.ask("document.getElementById('judge-told').textContent")
        page.ask("document.getElementById('right').click()")
        page.wait_for("document.getElementById('said').textContent.startsWith('Noted: AU12')")
        keep_all(page, "result")
        page.ask("location.hash = '#results'")
        page.wait_for("document.querySelectorAll('#listed tr').length >= 2")
        for number in (0, 1):
            page.ask(f"document.querySelectorAll('#listed input')[{number}].click()")
        page.ask("document.getElementById('compare').click()")
        page.wait_for("document.querySelectorAll('#compared tbody tr').length > 10")
        keep_all(page, "results")
        assert page.complaints == []
        assert all(url.startswith((server.address, "data:", "blob:")) for url in page.requests)
    folder = server.process.args[server.process.args.index("--folder") + 1]
    out = tmp_path / "said.npz"
    assert main(["feedback", "export", "--folder", folder, "--out", str(out)]) == 0
    table, _ = load_labelled_sequences(out)
    assert table.aus == (12,)
    np.testing.assert_allclose(table.intensity, [[1.0]], rtol=1e-6)


def test_pictures_are_recorded_by_the_camera_and_analysed(server, pictures, tmp_path):
    camera = tmp_path / "camera.mjpeg"
    camera.write_bytes(b"".join(cv2.imencode(".jpg", p)[1].tobytes() for p in pictures))
    fake = f"--use-file-for-fake-video-capture={camera}"
    with open_page(server.address, tmp_path / "profile", fake) as page:
        page.wait_for("Boolean(window.auDetect)")
        page.ask("document.getElementById('record').click()")
        page.wait_for("parseFloat(document.getElementById('recorded').textContent) >= 2")
        page.ask("document.getElementById('stop').click()")
        page.wait_for("document.body.dataset.result", 180)
        assert page.ask("window.auDetect.answer.rows.filter((r) => r.found).length") > 1
        last = page.ask("window.auDetect.times.length - 1")
        for frame in (last, last // 2, 0):
            page.ask(f"window.auDetect.seek({frame})")
            drawn(page, frame)
        assert page.complaints == []


def test_the_sample_and_the_live_room_are_a_click_away(server, tmp_path):
    with open_page(server.address, tmp_path / "profile") as page:
        page.wait_for("Boolean(window.auDetect)")
        page.ask("document.getElementById('sample').click()")
        page.wait_for("document.body.dataset.result", 120)
        assert page.ask("window.auDetect.answer.faces[0].emotion") == "happiness"
        drawn(page, page.ask("window.auDetect.index"))
        keep_all(page, "sample")
        page.ask("location.href = '/live/'")
        page.wait_for("Boolean(document.querySelector('#rows .au'))", 180)
        assert page.ask("document.querySelectorAll('#rooms a').length") == 3
        assert page.complaints == []
