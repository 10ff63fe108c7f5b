from __future__ import annotations

import os
import shutil
import ssl
import uuid
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from tests.engine.product import Product
from tests.receiver import HOST, Receiver

SERVER = os.environ.get("DATABASE_URL", "")


@pytest.fixture
def receiver(authority):
    """A real receiver, at 127.0.0.1: other processes have no name service of ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", HOST).configure_cert(context)
    receiver = Receiver(context)
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def set_up_once(tmp_path_factory):
    """A database with Acme in it, to copy, and the client that was created."""
    folder = tmp_path_factory.mktemp("template")
    with _database(folder) as url:
        yield url, Product(folder, {"DATABASE_URL": url}).set_up()


@pytest.fixture
def database_options():
    """What the address of the database says besides, such as ?timeout=1."""
    return ""


@pytest.fixture
def product(tmp_path, set_up_once, ca_bundle, database_options):
    """The product on a database of its own, serving; its workers are not started."""
    template, client = set_up_once
    with _database(tmp_path, template=template) as url:
        environment = {
            "DATABASE_URL": url + database_options,
            "WEBHOOKS_CA_BUNDLE": ca_bundle,
        }
        if settings.REDIS_URL:
            environment["REDIS_URL"] = settings.REDIS_URL
        product = Product(tmp_path, environment)
        product.start_web(client)
        yield product
        product.close()


@contextmanager
def _database(folder, *, template=""):
    """A database that other processes can open, of the kind under test."""
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
