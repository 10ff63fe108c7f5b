from __future__ import annotations

import ssl

import pytest
from django.conf import settings

from tests.engine.databases import database
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
def database_options():
    """What the address of the database says besides, such as ?timeout=1."""
    return ""


@pytest.fixture
def product(tmp_path, set_up_once, ca_bundle, database_options):
    """The product on a database of its own, serving; its workers are not started."""
    template, client = set_up_once
    with database(tmp_path, template=template) as url:
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
