"""The command ``live``: a page on this machine that shows action units as they come."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from au_detect.cli.options import Raw, add_landmarks_option
from au_detect.errors import InputError


def add_live_command(commands: Any) -> None:
    """Add ``live``."""
    live = commands.add_parser(
        "live",
        help="a page on this machine that shows action units of a camera or clip",
        description="Serve a page on 127.0.0.1. Without a source, it uses the browser's camera. "
        "Nothing leaves this machine and nothing is stored, unless you save the rows in the page.",
        epilog="examples:\n  au-detect live\n  au-detect live --video clip.mp4 --no-browser",
        formatter_class=Raw,
    )
    live.set_defaults(command=_live)
    source = live.add_mutually_exclusive_group()
    source.add_argument("--camera", type=int, metavar="N", help="a camera, read by OpenCV")
    source.add_argument("--video", metavar="CLIP", help="video, picture folder or URL")
    live.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: 8000)")
    live.add_argument(
        "--neutral", default="auto", metavar="WHAT",
        help='until the page\'s button is pressed: "auto" (default: the calmest frames so far), '
        '"first" frame, "none", or a picture',
    )  # fmt: skip
    live.add_argument(
        "--fps", type=float, metavar="RATE",
        help="frames per second instead of the time stamps (default: 30 without)",
    )  # fmt: skip
    live.add_argument("--emotion-rules", type=Path, metavar="FILE", help="your own (TOML)")
    live.add_argument(
        "--emotion-network", type=Path, metavar="DIR",
        help="a network of `au-detect appearance train`: what it says of the pixels is shown "
        "beside the rules' emotions",
    )  # fmt: skip
    live.add_argument("--model", type=Path, metavar="DIR", help="another model folder")
    add_landmarks_option(live)
    live.add_argument(
        "--no-browser", dest="opens_browser", action="store_false",
        help="only say the address (default: open it, where the command runs in a terminal)",
    )  # fmt: skip
    live.add_argument(
        "--experimental", action="store_true", help="show AUs that are not reliable too"
    )


def _live(options: argparse.Namespace) -> int:
    from au_detect.detect import AUDetector
    from au_detect.emotions import read_emotion_rules
    from au_detect.frames import open_frames
    from au_detect.web.live.server import LiveOptions, make_server
    from au_detect.web.live.session import LiveSession

    source = options.camera if options.camera is not None else options.video
    settings = {"landmark_model": options.landmark_model, "experimental": options.experimental}
    first = AUDetector(options.model, **settings)
    neutral = None if options.neutral.lower() == "none" else options.neutral
    LiveSession(first, neutral)  # a wrong neutral or source is said now, not in the page
    if source is not None:
        open_frames(source, fps=options.fps).close()
    live = LiveOptions(
        make_detector=lambda: AUDetector(first.model, **settings),
        source=source,
        neutral=neutral,
        fps=options.fps,
        rules=read_emotion_rules(options.emotion_rules),
        appearance=_network(options.emotion_network),
    )
    with _listener(options.port) as listener, suppress(KeyboardInterrupt):
        port = listener.getsockname()[1]
        server = make_server(live, listener)
        print(f"Open http://127.0.0.1:{port} in a browser; Ctrl+C stops.", flush=True)
        if options.opens_browser and sys.stdout.isatty():
            _open_soon(f"http://127.0.0.1:{port}")
        server.run([listener])
    return 0


def _open_soon(address: str) -> None:
    """Open a page in the user's browser; its connection waits until the server answers."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _network(folder: Path | None) -> Any:
    from au_detect.appearance.emotion_network import load_emotion_network

    return None if folder is None else load_emotion_network(folder)


def _listener(port: int) -> Any:
    import socket

    from au_detect.web.live.access import HOST

    if not 0 <= port < 2**16:
        raise InputError(f"--port must be in 0 to 65535, got {port}")
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise InputError(f"--port must be free on {HOST}, got {port}: {error.strerror}") from error
