"""Databases and brokers of a benchmark's own, set up once and copied for each run."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
from redis import Redis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_numbers = itertools.count(1)


@dataclass(frozen=True)
class SQLite:
    folder: Path
    name: str = "empty"

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.name}.sqlite3"

    @contextmanager
    def copied(self) -> Iterator[SQLite]:
        copy = SQLite(self.folder, f"bench{next(_numbers)}")
        # What stands in the journal belongs to it.
        self.query("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self._path, copy._path)
        try:
            yield copy
        finally:
            for path in self.folder.glob(f"{copy.name}.sqlite3*"):
                path.unlink()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._path, timeout=20)) as connection, connection:
            return connection.execute(sql).fetchall()

    def settle(self) -> None:
        """SQLite has no housekeeping."""


@dataclass(frozen=True)
class PostgreSQL:
    url: str

    @property
    def _name(self) -> str:
        return urlsplit(self.url).path[1:]

    @contextmanager
    def copied(self) -> Iterator[PostgreSQL]:
        copy = f"bench{next(_numbers)}"
        # FILE_COPY ends with a checkpoint: what was written before is on the disk.
        how = f"TEMPLATE {self._name} STRATEGY FILE_COPY"
        self._administer(f"CREATE DATABASE {copy} {how}")
        try:
            yield PostgreSQL(urlsplit(self.url)._replace(path=f"/{copy}").geturl())
        finally:
            self._administer(f"DROP DATABASE {copy} WITH (FORCE)")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def settle(self) -> None:
        """Do at once what autovacuum would do a minute later."""
        self.query("VACUUM ANALYZE")

    def _administer(self, sql: str) -> None:
        anywhere = urlsplit(self.url)._replace(path="/template1").geturl()
        with psycopg.connect(anywhere, autocommit=True) as connection:
            connection.execute(sql)


@dataclass(frozen=True)
class Store:
    """A database and a broker: what an operator chooses between."""

    name: str
    database: SQLite | PostgreSQL
    redis_url: str = field(default="")

    def environment(self, database: SQLite | PostgreSQL) -> dict[str, str]:
        broker = {"REDIS_URL": self.redis_url} if self.redis_url else {}
        return {"DATABASE_URL": database.url} | broker

    def empty_broker(self, database: SQLite | PostgreSQL) -> None:
        """No bell of an earlier run is left."""
        database.query("DELETE FROM django_q_ormq")
        if self.redis_url:
            with Redis.from_url(self.redis_url) as connection:
                connection.flushall()
