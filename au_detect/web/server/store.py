"""What the server must not forget: jobs and feedback, in any database that SQLAlchemy knows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from au_detect.errors import AUDetectError

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
FINAL = (DONE, FAILED, CANCELLED)
MOST_LISTED = 200

_TABLES = MetaData()
_JOBS = Table(
    "jobs",
    _TABLES,
    Column("id", String(32), primary_key=True),
    Column("name", String(300), nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("waited_for", Boolean, nullable=False),
    Column("of", String(32)),
    Column("options", JSON, nullable=False),
    Column("summary", JSON),
    Column("status", Integer),
    Column("reason", String(2000)),
    Column("created_s", Float(53), nullable=False),
    Column("finished_s", Float(53)),
)
_FEEDBACK = Table(
    "feedback",
    _TABLES,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("job", String(32), nullable=False, index=True),
    Column("face", Integer, nullable=False),
    Column("frame", Integer, nullable=False),
    Column("target", String(40), nullable=False),
    Column("right", Boolean, nullable=False),
    Column("correction", String(40)),
    Column("subject", String(100)),
    Column("created_s", Float(53), nullable=False),
)

Row = Mapping[str, Any]


class Store:
    """The tables of jobs and feedback; they are made where they are missing.

    Parameters
    ----------
    url : str
        As SQLAlchemy takes it.

    Raises
    ------
    AUDetectError
        If the database cannot be used.
    """

    def __init__(self, url: str) -> None:
        try:
            self._engine = create_engine(url, pool_pre_ping=True)
            if self._engine.dialect.name == "sqlite":
                event.listen(self._engine, "connect", _prepare_sqlite)
            _TABLES.create_all(self._engine)
        except (SQLAlchemyError, ImportError) as error:
            text = " ".join(str(error).split())
            raise AUDetectError(f"database must be one that can be used, got: {text}") from error

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine."""
        return self._engine

    def add_job(
        self, id: str, name: str, options: Row, *, waited_for: bool, of: str | None = None
    ) -> None:
        """Add a job that waits; `waited_for` by a caller who will not come back for it."""
        values = {
            "id": id, "name": name[:300], "state": QUEUED, "waited_for": waited_for, "of": of,
            "options": dict(options), "created_s": time.time(),
        }  # fmt: skip
        self._change(insert(_JOBS).values(values))

    def job(self, job: str) -> Row | None:
        """Return a job; None if there is none of this id."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_JOBS).where(_JOBS.c.id == job)).first()
        return None if row is None else row._asdict()

    def jobs(self, state: Sequence[str] = (), limit: int = MOST_LISTED) -> list[Row]:
        """Return jobs, the newest first; those in some states only if these are given."""
        query = select(_JOBS).order_by(_JOBS.c.created_s.desc()).limit(limit)
        if state:
            query = query.where(_JOBS.c.state.in_(state))
        with self._engine.connect() as connection:
            return [row._asdict() for row in connection.execute(query)]

    def ids(self) -> set[str]:
        """Return the ids of all jobs."""
        with self._engine.connect() as connection:
            return set(connection.execute(select(_JOBS.c.id)).scalars())

    def set_state(self, job: str, state: str, **values: Any) -> None:
        """Say how far a job is; `values` are other columns. What is final stays."""
        if state in FINAL:
            values["finished_s"] = time.time()
        if "reason" in values:
            values["reason"] = values["reason"][:2000]
        chosen = (_JOBS.c.id == job) & _JOBS.c.state.not_in(FINAL)
        self._change(update(_JOBS).where(chosen).values(state=state, **values))

    def delete_job(self, job: str) -> bool:
        """Forget a job and what was said of it; return whether it was there."""
        with self._engine.begin() as connection:
            connection.execute(delete(_FEEDBACK).where(_FEEDBACK.c.job == job))
            return connection.execute(delete(_JOBS).where(_JOBS.c.id == job)).rowcount > 0

    def add_feedback(self, **values: Any) -> None:
        """Add what a user says of one action unit or emotion: the columns of the table."""
        self._change(insert(_FEEDBACK).values(values | {"created_s": time.time()}))

    def feedback(self) -> list[Row]:
        """Return all that users said, in this order."""
        with self._engine.connect() as connection:
            query = select(_FEEDBACK).order_by(_FEEDBACK.c.number)
            return [row._asdict() for row in connection.execute(query)]

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _change(self, statement: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(statement)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Let readers go on while somebody writes, and writers wait for each other."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()
