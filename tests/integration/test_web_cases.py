"""Strange requests, made from the server's own description (OpenAPI): none may give a 500.

``benchmarks/web_cases.py`` asks thousands of them.
"""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from au_detect import sample_sequences
from au_detect.frames.pictures import select_pictures

testclient = pytest.importorskip("fastapi.testclient")
pytest.importorskip("sqlalchemy")
pytest.importorskip("python_multipart")
httpx = pytest.importorskip("httpx")

from au_detect.web.server.app import create_app  # noqa: E402
from au_detect.web.server.settings import Limits, ServerSettings  # noqa: E402

HOME = "http://127.0.0.1:8000"
LIMITS = Limits(n_frames=5, n_pixels=200_000, requests_per_s=1e6, burst=1e6)
USUAL = ("auto", "0", "1", "AU12", "0.5", "AU12:0.5", "true", "json", "around", "happiness")
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(USUAL),
    st.text(max_size=40), st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    served = ServerSettings(folder=tmp_path_factory.mktemp("server"), limits=LIMITS)
    with testclient.TestClient(
        create_app(served, 8000), base_url=HOME, raise_server_exceptions=False
    ) as client:
        yield client


@pytest.fixture(scope="module")
def picture():
    return select_pictures(sample_sequences()["happiness"].iterdir())[-1].read_bytes()


@pytest.fixture(scope="module")
def job(client, picture):
    answer = client.post("/v1/predict", files=[("files", ("x.png", picture))])
    return answer.json()["id"]


@pytest.fixture(scope="module")
def operations(client):
    """Return method, path, parameters, type of the body and names of its fields."""
    document, found = client.get("/openapi.json").json(), []
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            content = said.get("requestBody", {}).get("content", {})
            kind, fields = next(iter(content), None), ()
            if kind:
                name = content[kind]["schema"]["$ref"].rpartition("/")[2]
                fields = (*document["components"]["schemas"][name]["properties"],)
            parameters = tuple((p["in"], p["name"]) for p in said.get("parameters", ()))
            found.append((method, path, parameters, kind, fields))
    return found


@pytest.mark.slow
@settings(
    max_examples=200, derandomize=True, deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(data=st.data())
def test_no_request_gives_a_server_error(client, operations, job, picture, data):
    method, path, parameters, kind, fields = data.draw(st.sampled_from(operations))
    known = () if method == "delete" else (job,)
    queries = {}
    for place, name in parameters:
        if place == "path":
            value = data.draw(st.sampled_from((*known, "0" * 32, "happiness", "0")) | NAMES)
            path = path.replace(f"{{{name}}}", value)
        elif data.draw(st.booleans()):
            queries[name] = data.draw(st.sampled_from(USUAL) | NAMES)
    sent = body(data, kind, fields, job, picture)
    try:
        request = client.build_request(method, HOME + path, params=queries, **sent)
    except (
        httpx.InvalidURL,
        ValueError,
        TypeError,
    ):  # no URL, or no header, that could be sent at all
        return
    answer = client.send(request)
    assert answer.status_code < 500, (request.method, request.url, sent, answer.text)
    if answer.status_code >= 400:
        assert answer.json()["detail"]


def body(data, kind, fields, job, picture):
    """Draw what httpx sends as a body."""
    if kind is None or data.draw(st.integers(0, 9)) == 0:
        kinds = (kind or "application/json", "multipart/form-data; boundary=x", "text/plain")
        said = {"content-type": data.draw(st.sampled_from(kinds))}
        return {"content": data.draw(st.binary(max_size=60)), "headers": said} if kind else {}
    chosen = {name: data.draw(VALUES) for name in fields if data.draw(st.booleans())}
    if "id" in fields:
        chosen["id"] = data.draw(st.just(job) | VALUES)
    if kind == "application/json":
        text = json.dumps(chosen).encode("utf-8", "surrogatepass")
        return {"content": text, "headers": {"content-type": kind}}
    files = [
        (name, (data.draw(NAMES), data.draw(st.sampled_from((picture, b"")) | st.binary())))
        for name in ("files", "neutral_file")
        if name in fields and data.draw(st.booleans())
    ]
    texts = {name: str(value) for name, value in chosen.items() if name not in dict(files)}
    return {"data": texts, "files": files or None}
