"""Headless Chromium that tests can ask and photograph, over its DevTools protocol."""

import base64
import json
import shutil
import subprocess
import time
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--window-size=1280,900"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
    "--remote-debugging-port=0",
)


class Page:
    """The page that is open."""

    def __init__(self, socket):
        self._socket, self._n_calls, self.complaints, self.requests = socket, 0, [], []
        for domain in ("Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self._n_calls += 1
        call = {"id": self._n_calls, "method": method, "params": parameters}
        self._socket.send(json.dumps(call))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == self._n_calls:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _note(self, message):
        kind, told = message.get("method"), message.get("params", {})
        if kind == "Runtime.exceptionThrown" or (
            kind == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning")
        ):
            self.complaints.append(told)
        elif kind == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.complaints.append(told["entry"]["text"])
        elif kind == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])

    def ask(self, expression):
        """Return the value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, expression, seconds=60):
        """Return the expression's value as soon as it is true."""
        end = time.monotonic() + seconds
        while not (value := self.ask(expression)):
            assert time.monotonic() < end, f"{expression} stays {value!r}: {self.complaints}"
            time.sleep(0.1)
        return value

    def screenshot(self):
        """Return a PNG file's content."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])


@contextmanager
def open_page(url, profile, *options):
    """Open a page in a browser of its own; skip the test where there is none."""
    if BROWSER is None:
        pytest.skip("no Chromium or Chrome is installed")
    client = pytest.importorskip("websockets.sync.client")
    command = [BROWSER, *OPTIONS, *options, f"--user-data-dir={profile}", "about:blank"]
    browser = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        port = _debugging_port(profile, browser)
        with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=30) as answer:
            target = next(t for t in json.load(answer) if t["type"] == "page")
        with client.connect(target["webSocketDebuggerUrl"], max_size=None) as socket:
            page = Page(socket)
            page.call("Page.navigate", url=url)
            page.wait_for("location.href != 'about:blank' && document.readyState == 'complete'")
            yield page
    finally:
        browser.terminate()
        browser.wait(timeout=30)


def _debugging_port(profile, browser):
    file = profile / "DevToolsActivePort"
    end = time.monotonic() + 60
    while not (file.exists() and file.read_text()):
        assert browser.poll() is None, "the browser has ended"
        assert time.monotonic() < end, "the browser does not start"
        time.sleep(0.1)
    return file.read_text().split()[0]
