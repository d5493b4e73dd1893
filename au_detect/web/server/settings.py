"""What a server is started with, and how much it takes from whom."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_data_path

from au_detect.errors import InputError, check_positive

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_TOKEN = re.compile(r"[A-Za-z0-9_.~-]{16,200}")


@dataclass(frozen=True)
class Limits:
    """What is refused before it is decoded, and how long things may take.

    Parameters
    ----------
    upload_bytes : int
        Of one request.
    n_files : int
        Pictures of one sequence.
    n_pixels : int
        Of one picture or frame.
    n_frames : int
        Of one input.
    duration_s : float
        Of one video.
    n_queued : int
        Jobs that wait; more are answered with 429.
    job_s : float
        After which a job has failed and its worker process is ended.
    fetch_s : float
        For everything that an address delivers.
    requests_per_s, burst : float
        Of one client's address, on average and at once.
    """

    upload_bytes: int = 500 * 2**20
    n_files: int = 1000
    n_pixels: int = 40_000_000
    n_frames: int = 20_000
    duration_s: float = 900.0
    n_queued: int = 32
    job_s: float = 900.0
    fetch_s: float = 30.0
    requests_per_s: float = 100.0
    burst: float = 400.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            check_positive(name, value)


@dataclass(frozen=True)
class ServerSettings:
    """How a server works.

    Parameters
    ----------
    folder : path
        Holds results, and pictures while they are analysed; readable by its owner alone.
    database : str, optional
        An SQLAlchemy URL; by default an SQLite file in `folder`.
    n_workers : int
        Processes that analyse.
    keep : bool
        Whether pictures stay after they were analysed.
    token : str, optional
        That every request must bear.
    allow_urls : bool
        Whether inputs may be fetched from public addresses.
    origins : tuple of str
        Of other pages that may ask, such as ``"https://example.org"``.
    model, landmark_model : str, optional
        As in `AUDetector`.
    experimental : bool
        Whether to report action units that are not reliable too.
    limits : Limits

    Raises
    ------
    InputError
        If a number is not above 0, or the token is too short or has odd characters.
    """

    folder: Path = field(default_factory=lambda: user_data_path("au_detect") / "web")
    database: str | None = None
    n_workers: int = 1
    keep: bool = False
    token: str | None = None
    allow_urls: bool = False
    origins: tuple[str, ...] = ()
    model: str | None = None
    landmark_model: str | None = None
    experimental: bool = False
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        check_positive("n_workers", self.n_workers)
        object.__setattr__(self, "folder", Path(os.path.abspath(self.folder)))
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise InputError(
                "token must be 16 to 200 letters, digits, '-', '_', '.' or '~', "
                f"got {len(self.token)} characters"
            )

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL."""
        return self.database or f"sqlite:///{self.folder / 'jobs.sqlite'}"
