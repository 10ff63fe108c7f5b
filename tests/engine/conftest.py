from __future__ import annotations

import os
import ssl
import uuid
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from tests.engine.product import Product
from tests.receiver import HOST, Receiver


@pytest.fixture
def receiver(authority):
    """A real receiver, at 127.0.0.1: other processes have no name service of ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", HOST).configure_cert(context)
    receiver = Receiver(context)
    yield receiver
    receiver.close()


@pytest.fixture
def database_url(tmp_path):
    """An empty database that other processes can open, of the kind under test."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{tmp_path / 'db.sqlite3'}"
        return
    name = f"engine_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def product(tmp_path, database_url, ca_bundle):
    """The product, set up and serving; its workers are not started yet."""
    environment = {"DATABASE_URL": database_url, "WEBHOOKS_CA_BUNDLE": ca_bundle}
    if settings.REDIS_URL:
        environment["REDIS_URL"] = settings.REDIS_URL
    product = Product(tmp_path, environment)
    product.set_up()
    product.start_web()
    yield product
    product.close()
