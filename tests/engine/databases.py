"""Databases that other processes can open; those with Acme in them are copies of one."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.engine.product import Product

SERVER = os.environ.get("DATABASE_URL", "")


@pytest.fixture(scope="session")
def set_up_once(tmp_path_factory):
    """A database with Acme in it, to copy, and the client that was created."""
    folder = tmp_path_factory.mktemp("template")
    with database(folder) as url:
        yield url, Product(folder, {"DATABASE_URL": url}).set_up()


@contextmanager
def database(folder, *, template=""):
    """One of the kind under test; yields its DATABASE_URL."""
    if SERVER.startswith("postgres"):
        name, original = f"engine_{uuid.uuid4().hex[:8]}", urlsplit(template).path[1:]
        with psycopg.connect(SERVER, autocommit=True) as connection:
            copy = f"TEMPLATE {original}" if original else ""
            connection.execute(f"CREATE DATABASE {name} {copy}")
            yield urlsplit(SERVER)._replace(path=f"/{name}").geturl()
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        return
    path = folder / "db.sqlite3"
    if template:
        shutil.copy(template.removeprefix("sqlite:///"), path)
    yield f"sqlite:///{path}"
