"""/livez and /readyz: what a load balancer and an orchestrator ask."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.conf import Conf

from deliveries import queue
from deliveries.models import Delivery, Egress, SignOfLife
from tests.builders import make_attempt, make_delivery, make_sign_of_life


@pytest.fixture
def worker(db):
    """A worker that was seen just now."""
    return make_sign_of_life(timezone.now())


@pytest.fixture
def broken_broker(monkeypatch):
    """Redis is the broker, and nobody listens there."""
    monkeypatch.setattr(Conf, "ORM", None)
    monkeypatch.setattr(Conf, "REDIS", "redis://127.0.0.1:1/0")
    queue._broker.cache_clear()
    yield
    queue._broker.cache_clear()


def broken_database(execute, sql, params, many, context):
    message = "secret-host:5432 refused"
    raise OperationalError(message)


def test_a_living_process_says_so_without_asking_the_database(client):
    # No database fixture: a query would fail this test.
    response = client.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready_when_database_broker_and_worker_are(client, worker):
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "broker": "ok", "worker": "ok"},
        "egress": "up",
        "poison": 0,
    }


@pytest.mark.parametrize("age", [timedelta(seconds=61), None])
def test_not_ready_without_a_worker_in_the_last_minute(client, worker, age):
    if age:
        SignOfLife.objects.update(seen_at=timezone.now() - age)
    else:
        SignOfLife.objects.all().delete()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {
        "status": "failed",
        "checks": {"database": "ok", "broker": "ok", "worker": "failed"},
        "egress": "up",
        "poison": 0,
    }


def test_one_living_group_of_any_node_is_enough(client, worker):
    make_sign_of_life(timezone.now() - timedelta(hours=1))
    make_sign_of_life(timezone.now() - timedelta(hours=1), node="another-node")

    assert client.get("/readyz").json()["checks"]["worker"] == "ok"


def test_an_outage_of_our_own_is_shown_and_keeps_the_node_in_service(client, worker):
    Egress.objects.go_down(now=timezone.now())

    response = client.get("/readyz")

    assert (response.status_code, response.json()["status"]) == (200, "ok")
    assert response.json()["egress"] == "down"


def test_what_was_given_up_is_shown(client, worker, webhook):
    delivery = make_delivery(webhook, state=Delivery.State.FAILED)
    make_attempt(delivery, error_kind="poison", status="failed")

    response = client.get("/readyz")

    assert (response.status_code, response.json()["poison"]) == (200, 1)


def test_not_ready_before_any_worker_came(client, db):
    assert client.get("/readyz").json()["checks"]["worker"] == "failed"


def test_not_ready_without_its_broker(client, worker, broken_broker):
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"] == {
        "database": "ok",
        "broker": "failed",
        "worker": "ok",
    }


def test_not_ready_without_its_database_and_tells_nothing_of_it(client, worker):
    with connection.execute_wrapper(broken_database):
        response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "failed"
    assert b"secret-host" not in response.content


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
class TestBothProbes:
    def test_are_never_cached(self, client, worker, path):
        assert "no-store" in client.get(path).headers["Cache-Control"]

    def test_answer_head(self, client, worker, path):
        response = client.head(path)

        assert (response.status_code, response.content) == (200, b"")

    @pytest.mark.parametrize("method", ["post", "put", "delete"])
    def test_refuse_every_other_method(self, client, worker, path, method):
        assert getattr(client, method)(path).status_code == 405

    def test_are_not_redirected_to_https(self, client, worker, path, settings):
        settings.SECURE_SSL_REDIRECT = True

        assert client.get(path).status_code == 200
        assert client.get("/admin/").status_code == 301
