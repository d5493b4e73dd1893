"""Cases made from the server's own description (OpenAPI) by schemathesis: none may give a 500.

    pip install schemathesis
    python benchmarks/web_cases.py [--cases 2000]

Every other case asks about a result that is there, every third that may send files sends a picture.
Prints how many answers there were of each status, and every answer of 500 or above.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from itertools import count
from pathlib import Path

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings

from au_detect import sample_sequences
from au_detect.frames.pictures import select_pictures
from au_detect.web.server.app import create_app
from au_detect.web.server.settings import Limits, ServerSettings

PORT, HOME = 8000, "http://127.0.0.1:8000"
LIMITS = Limits(requests_per_s=1e6, burst=1e6, n_queued=10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    options = parser.parse_args()
    statuses: Counter[int] = Counter()
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(ServerSettings(folder=Path(folder), limits=LIMITS), PORT)
        with TestClient(app, base_url=HOME, raise_server_exceptions=False) as client:
            schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
            operations = [operation.ok() for operation in schema.get_all_operations()]
            n_each, turn = -(-options.cases // len(operations)), 0
            while sum(statuses.values()) < options.cases:  # some have few cases
                for operation in operations:
                    before = statuses.copy()
                    _try(operation, client, n_each, turn, statuses, broken)
                    print(operation.label, dict(statuses - before), flush=True)
                turn += 1
    print(f"{sum(statuses.values())} cases of {len(operations)} operations")
    for status, n in sorted(statuses.items()):
        print(f"{status}: {n}")
    print("\n".join(broken) or "none of 500 or above")


def _try(operation, client, n, turn, statuses, broken):
    picture = select_pictures(sample_sequences()["happiness"].iterdir())[-1].read_bytes()
    known = client.post("/v1/predict", files=[("files", ("x.png", picture))]).json()["id"]
    numbers = count()

    @seed(turn)
    @settings(
        max_examples=n, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def ask(case) -> None:
        number = next(numbers)
        if number % 2 and "job" in (case.path_parameters or {}):
            case.path_parameters["job"] = known
        if number % 2 and isinstance(case.body, dict) and "id" in case.body:
            case.body["id"] = known
        sent = case.as_transport_kwargs(base_url=HOME)
        sent = {name: value for name, value in sent.items() if name != "cookies"}
        if number % 3 == 2 and sent.get("files"):
            ours = ("files", "neutral_file", "url")
            sent["files"] = [part for part in sent["files"] if part[0] not in ours]
            sent["files"].append(("files", ("x.png", picture)))
        data = sent.pop("data", None)
        if isinstance(data, (bytes, str)):
            sent["content"] = data
        elif data is not None:
            sent["data"] = data
        answer = client.request(**sent)
        statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            broken.append(f"{answer.status_code} {case.method} {case.path} {answer.text[:300]}")

    ask()


if __name__ == "__main__":
    main()
