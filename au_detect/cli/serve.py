"""The commands ``serve`` and ``feedback``: the web application, and what its users said."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from au_detect.cli.options import Raw, add_landmarks_option
from au_detect.cli.printing import say
from au_detect.errors import AUDetectError, InputError

TOKEN_VARIABLE = "AU_DETECT_TOKEN"
_MISSING = "the server needs its libraries: pip install 'au-detect[web]'"


def add_serve_commands(commands: Any) -> None:
    """Add ``serve`` and ``feedback``."""
    serve = commands.add_parser(
        "serve",
        help="a page and a REST service on this machine",
        description="Serve a page and a REST service. Pictures are deleted once they were "
        "analysed, and nothing leaves this machine.",
        epilog="examples:\n  au-detect serve\n  au-detect serve --port 9000 --jobs 2 --keep",
        formatter_class=Raw,
    )
    serve.set_defaults(command=_serve)
    serve.add_argument(
        "--host", default="127.0.0.1", help="other machines need --token (default: %(default)s)"
    )
    serve.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: 8000)")
    serve.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="worker processes (default: 1)"
    )
    _add_store_options(serve)
    serve.add_argument("--keep", action="store_true", help="keep pictures too")
    serve.add_argument(
        "--token", metavar="T",
        help=f"that every request must bear (safer in the environment: {TOKEN_VARIABLE})",
    )  # fmt: skip
    serve.add_argument("--allow-urls", action="store_true", help="fetch public addresses")
    serve.add_argument(
        "--cors", action="append", default=[], metavar="ORIGIN", help="another page that may ask"
    )
    serve.add_argument("--queue", type=int, metavar="N", help="jobs that may wait (default: 32)")
    serve.add_argument("--timeout", type=float, metavar="S", help="of a job (default: 900)")
    serve.add_argument("--max-upload", type=float, metavar="MB", help="(default: 500)")
    serve.add_argument("--max-frames", type=int, metavar="N", help="(default: 20000)")
    serve.add_argument("--max-duration", type=float, metavar="S", help="(default: 900)")
    serve.add_argument("--model", metavar="DIR", help="another model folder")
    add_landmarks_option(serve)
    serve.add_argument(
        "--experimental", action="store_true", help="report AUs that are not reliable too"
    )
    _add_feedback(commands)


def _add_feedback(commands: Any) -> None:
    feedback = commands.add_parser(
        "feedback",
        help="what users of the server said",
        description="Work with the answers of users who said in the page or by the service whether "
        "an action unit or emotion was right.",
        epilog="examples:\n  au-detect feedback export --out answers.npz",
        formatter_class=Raw,
    )
    actions = feedback.add_subparsers(required=True, metavar="ACTION", help="what to do with it")
    export = actions.add_parser("export", help="write it as a labelled table to train with")
    export.set_defaults(command=_export)
    export.add_argument(
        "--out", type=Path, required=True, metavar="FILE",
        help="measured faces (.npz), or with pictures that the server kept a table (.csv)",
    )  # fmt: skip
    _add_store_options(export)


def _add_store_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", metavar="URL", help="of SQLAlchemy (default: SQLite)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="of results (default: yours)")


def _serve(options: argparse.Namespace) -> int:
    try:
        from au_detect.web.server.app import make_server
    except ImportError as error:
        raise AUDetectError(f"{_MISSING}, got no {error.name}") from error
    from au_detect.batch.lock import locked_folder
    from au_detect.web.server.listening import listening

    settings = _settings(options)
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        locked_folder(os.fspath(settings.folder), None),
        listening(options.host, options.port) as listener,
        suppress(KeyboardInterrupt),
    ):
        server = make_server(settings, listener)
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"Open http://{shown}:{port} in a browser; Ctrl+C stops.", flush=True)
        server.run([listener])
    return 0


def _settings(options: argparse.Namespace) -> Any:
    from au_detect.detect import AUDetector
    from au_detect.web.server.settings import Limits, ServerSettings

    if options.model or options.landmark_model:  # what is wrong with them is said now
        AUDetector(options.model, landmark_model=options.landmark_model)
    upload = options.max_upload
    limits = {
        "n_queued": options.queue,
        "job_s": options.timeout,
        "upload_bytes": None if upload is None else int(upload * 2**20),
        "n_frames": options.max_frames,
        "duration_s": options.max_duration,
    }
    if options.jobs < 1:
        raise InputError(f"--jobs must be 1 or more, got {options.jobs}")
    return ServerSettings(
        **({"folder": options.folder} if options.folder else {}),
        database=options.database,
        n_workers=options.jobs,
        keep=options.keep,
        token=options.token or os.environ.get(TOKEN_VARIABLE) or None,
        allow_urls=options.allow_urls,
        origins=tuple(options.cors),
        model=options.model,
        landmark_model=options.landmark_model,
        experimental=options.experimental,
        limits=Limits(**{name: value for name, value in limits.items() if value is not None}),
    )


def _export(options: argparse.Namespace) -> int:
    try:
        from au_detect.web.server.feedback import export_feedback
    except ImportError as error:
        raise AUDetectError(f"{_MISSING}, got no {error.name}") from error
    from au_detect.web.server.settings import ServerSettings

    folder = {"folder": options.folder} if options.folder else {}
    settings = ServerSettings(**folder, database=options.database)
    n_faces, n_said = export_feedback(settings, options.out)
    say(f"{n_said} answers about {n_faces} faces -> {options.out}")
    return 0
