"""A database that is locked or away: 503 with Retry-After, and nothing has changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.db import connection

from tests.engine.test_running_product import CREATED
from tests.engine.test_supervision import SERVER, close_doors, open_doors

WEBHOOK = {
    "Name": "Mine",
    "SubsidiaryId": "MAIN",
    "Url": "https://hooks.example.com/",
    "Events": [CREATED],
}
UNAVAILABLE = "The database is busy or away. Please ask again in a moment."


@contextmanager
def outage_of(product):
    """Somebody holds SQLite's one pen; PostgreSQL lets nobody in."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(product.database)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(SERVER, autocommit=True) as server:
        close_doors(server, product.database)
        try:
            yield
        finally:
            open_doors(server, product.database)


@pytest.fixture
def database_options():
    """How long SQLite waits for the pen: we need not wait for 20 s."""
    return "?timeout=1" if connection.vendor == "sqlite" else ""


def test_who_writes_during_an_outage_is_asked_to_come_again(product):
    with outage_of(product):
        refused = product.call("POST", "/webhooks", WEBHOOK)

    assert refused.status_code == 503
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 5
    assert refused.json() == {
        "Type": "about:blank",
        "Title": "Service Unavailable",
        "Status": 503,
        "Detail": UNAVAILABLE,
        "Instance": "/api/p/v3/webhooks",
    }
    assert product.call("GET", "/webhooks").json()["Total"] == 0
    assert product.call("POST", "/webhooks", WEBHOOK).status_code == 201


@pytest.mark.postgresql
def test_an_outage_makes_readyz_red_and_leaves_livez_green(product, set_up_once):
    _, client = set_up_once

    with outage_of(product):
        ready, alive = product.probe("/readyz"), product.probe("/livez")
        token = product.ask_for_token(client)

    assert (ready.status_code, alive.status_code) == (503, 200)
    assert ready.json()["checks"] == {
        "database": "failed",
        "broker": "failed",
        "worker": "failed",
    }
    assert token.status_code == 503
    assert "Retry-After" in token.headers
    assert product.probe("/readyz").json()["checks"]["database"] == "ok"
