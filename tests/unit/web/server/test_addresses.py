"""Addresses: public ones only, whatever they are called and wherever they lead."""

import http.server
import threading
import time

import pytest

from au_detect.errors import InputError, TooLargeError
from au_detect.web.server.addresses import fetch, is_public


class Site(http.server.BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self):
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("location", self.path[4:])
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(1000):
                self.wfile.write(b"x" * 1000)
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(50):
                self.wfile.write(b"x")
                time.sleep(0.1)
        elif self.path.startswith("/ok"):
            self.send_response(200)
            self.send_header("content-length", "5")
            self.end_headers()
            self.wfile.write(b"hello")
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://site.test:{server.server_port}"
    server.shutdown()


def get(address, tmp_path, **changes):
    """Fetch, where site.test is the local server and nothing else is public."""
    known = {"site.test": ["127.0.0.1"], "private.test": ["10.0.0.1"]}
    known |= {"both.test": ["127.0.0.1", "10.0.0.1"]}
    options = {
        "max_bytes": 10_000,
        "timeout_s": 5.0,
        "resolve": lambda host, port: known.get(host, [host]),
        "allows": lambda ip: ip == "127.0.0.1",
    }
    return fetch(address, tmp_path / "file", **options | changes)


@pytest.mark.parametrize(
    "ip",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "no address", ""),
        *("192.0.2.1", "198.18.0.1", "192.0.0.1"),
    ],
)
def test_what_is_not_public(ip):
    assert not is_public(ip)


@pytest.mark.parametrize("ip", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_what_is_public(ip):
    assert is_public(ip)


def test_a_file_is_fetched_also_after_redirects(site, tmp_path):
    assert get(f"{site}/to/{site}/ok.png", tmp_path) == "ok.png"
    assert (tmp_path / "file").read_bytes() == b"hello"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("file:///etc/passwd", "must begin with http"),
        ("ftp://site.test/a", "must begin with http"),
        ("gopher://site.test/a", "must begin with http"),
        ("//site.test/a", "must begin with http"),
        ("http://", "must begin with http"),
        ("http://site.test:99999/", "must be an address"),
        ("http://user:secret@site.test/", "must not have a user name"),
        ("http://site.test/a b", "plain characters"),
        ("http://site.test/a\r\nHost: other", "plain characters"),
        ("http://" + "a" * 3000, "at most 2000"),
        ("http://private.test/", "must lead to a public address"),
        ("http://both.test/", "must lead to a public address"),
        ("http://169.254.169.254/latest/meta-data", "must lead to a public address"),
        ("http://[::1]/", "must lead to a public address"),
        ("{site}/to/http://private.test/secret", "must lead to a public address"),
        ("{site}/to/file:///etc/passwd", "must begin with http"),
        ("{site}/missing", "got HTTP 404"),
    ],
)
def test_what_is_refused(site, tmp_path, address, said):
    with pytest.raises(InputError, match=said):
        get(address.replace("{site}", site), tmp_path)
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "0", "127.1", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_refused_under_all_its_names(site, tmp_path, host):
    port = site.rpartition(":")[2]
    with pytest.raises(InputError, match=r"must lead to a public address|host that is known"):
        fetch(f"http://{host}:{port}/ok", tmp_path / "file", max_bytes=10, timeout_s=5)


def test_a_circle_of_redirects_ends(site, tmp_path):
    address = f"{site}/ok"
    for _ in range(7):
        address = f"{site}/to/{address}"
    with pytest.raises(InputError, match="redirected at most 5 times"):
        get(address, tmp_path)


def test_what_does_not_end_is_broken_off(site, tmp_path):
    with pytest.raises(TooLargeError, match="at most 10000 bytes"):
        get(f"{site}/endless", tmp_path)


def test_what_comes_too_slowly_is_broken_off(site, tmp_path):
    with pytest.raises(InputError, match=r"too long|TimeoutError"):
        get(f"{site}/slow", tmp_path, timeout_s=0.5)
