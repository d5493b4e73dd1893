"""The guard: who may ask, how often, and how much."""

import pytest

testclient = pytest.importorskip("starlette.testclient")

from starlette.applications import Starlette  # noqa: E402
from starlette.responses import PlainTextResponse  # noqa: E402
from starlette.routing import Route  # noqa: E402

from au_detect.errors import InputError  # noqa: E402
from au_detect.web.server.guard import Guard, Rates  # noqa: E402
from au_detect.web.server.settings import Limits, ServerSettings  # noqa: E402

HOME = "http://127.0.0.1:8000"
TOKEN = "a-token-of-twenty-two.."


async def echo(request):
    return PlainTextResponse(str(len(await request.body())))


def client_of(tmp_path, *, is_full=False, hosts=(), **settings):
    app = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST", "DELETE"])])
    settings = ServerSettings(folder=tmp_path, **settings)
    guard = Guard(app, settings, 8000, lambda: is_full, hosts)
    return testclient.TestClient(guard, base_url=HOME)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_own_names_are_answered(tmp_path, host):
    answer = client_of(tmp_path).get("/v1/jobs", headers={"host": host})
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "example.com:8000"},
        {"host": "127.0.0.1:9000"},
        {"host": "127.0.0.1"},
        {"origin": "https://example.com"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9000"},
        {"origin": "http://localhost:8000"},
    ],
)
def test_other_names_and_pages_are_refused(tmp_path, headers):
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        answer = client_of(tmp_path).request(method, "/v1/jobs", headers=headers)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_pages_that_were_named_may_ask(tmp_path):
    client = client_of(tmp_path, origins=("https://example.com",))
    headers = {"origin": "https://example.com"}
    answer = client.get("/v1/jobs", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://example.com"
    assert client.options("/v1/jobs", headers=headers).status_code == 204
    assert client.get("/v1/jobs", headers={"origin": "https://other.com"}).status_code == 403


def test_a_token_is_asked_for_everywhere_but_on_the_page(tmp_path):
    client = client_of(tmp_path, token=TOKEN)
    for path in ("/v1/jobs", "/v1/predict", "/openapi.json", "/frames", "/v1"):
        assert client.get(path).status_code == 401, path
        wrong = client.get(path, headers={"authorization": f"Bearer {TOKEN[:-1]}"})
        assert wrong.status_code == 401
        assert wrong.json() == {"detail": "a token is needed"}
        assert client.get(path, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
        cookie = {"cookie": f"au_detect_token={TOKEN}"}
        assert client.get(path, headers=cookie).status_code == 200
    for path in ("/", "/page.css", "/v1/health"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("token", ["short", "with spaces in it, long enough", "x" * 201])
def test_tokens_that_are_no_good_are_refused(tmp_path, token):
    with pytest.raises(InputError, match="token must be 16 to 200 letters"):
        ServerSettings(folder=tmp_path, token=token)


def test_too_large_a_request_is_broken_off(tmp_path):
    client = client_of(tmp_path, limits=Limits(upload_bytes=1000))
    assert client.post("/v1/x", content=b"x" * 1000).text == "1000"
    assert client.post("/v1/x", content=b"x" * 1001).status_code == 413

    def pieces():
        for _ in range(100):
            yield b"x" * 100

    answer = client.post("/v1/x", content=pieces())  # no length is promised
    assert answer.status_code == 413
    assert answer.json()["detail"] == "a request must have at most 1000 bytes, got more"


def test_jobs_are_refused_before_their_upload_is_read_while_too_many_wait(tmp_path):
    client = client_of(tmp_path, is_full=True)
    for path in ("/v1/predict", "/v1/jobs"):
        answer = client.post(path, content=b"x")
        assert answer.status_code == 429
        assert answer.headers["retry-after"]
        assert client.get(path).status_code == 200


def test_so_many_requests_at_once_and_no_more(tmp_path):
    client = client_of(tmp_path, limits=Limits(requests_per_s=1e-6, burst=5))
    codes = [client.get("/v1/jobs").status_code for _ in range(8)]
    assert codes == [200] * 5 + [429] * 3


def test_every_client_has_a_rate_of_its_own():
    rates = Rates(1e-6, 1)
    assert [rates.take(name) for name in ("a", "a", "b", "a")] == [True, False, True, False]
