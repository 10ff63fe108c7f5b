"""/metrics: what Prometheus reads, and who may read it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from deliveries.engine.counting import recount
from deliveries.engine.folding import fold
from deliveries.models import Delivery, Egress, Occurrence, Purger, Rollup, hour_of
from subscriptions.models import User
from tests.builders import (
    make_attempt,
    make_delivery,
    make_incident,
    make_many_attempts,
    make_recovery,
    make_rule,
    make_sign_of_life,
    publish_sample,
)
from tests.processes import ROOT
from tests.profiles import make_profile, make_webhook_of

ALVYS = ("profile", "alvys")


def read(client, **headers):
    response = client.get("/metrics", headers=headers)
    assert response.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_answers_in_the_format_of_prometheus(client, db):
    response = client.get("/metrics")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == (
        "text/plain; version=0.0.4; charset=utf-8"
    )
    assert b"\nwebhooks_database_up 1.0\n" in response.content


def test_the_backlog_is_what_is_due_and_what_waits(client, webhook):
    now = timezone.now()
    make_delivery(webhook, due_at=now - timedelta(seconds=90))
    make_delivery(webhook, due_at=now + timedelta(hours=1))
    waiting = Delivery.State.WAITING
    make_delivery(webhook, state=waiting, due_at=None, order_key="LD1")

    found = read(client)

    assert found["webhooks_deliveries_pending",] == 2
    assert found["webhooks_deliveries_due",] == 1
    assert found["webhooks_deliveries_waiting",] == 1
    assert found["webhooks_deliveries_leased",] == 0
    assert found["webhooks_oldest_due_age_seconds",] >= 90


def test_attempts_are_counted_by_status_and_kind(client, webhook):
    make_attempt(make_delivery(webhook), status="success", duration_ms=40)
    make_attempt(
        make_delivery(webhook), status="failed", status_code=503, duration_ms=700
    )
    make_attempt(make_delivery(webhook), status="timeout", error_kind="timeout")
    fold()

    found = read(client)

    assert found["webhooks_attempts_total", ALVYS, ("status", "success")] == 1
    assert found["webhooks_attempts_total", ALVYS, ("status", "failed")] == 1
    assert found["webhooks_attempts_failed_total", ("kind", "http_5xx")] == 1
    assert found["webhooks_attempts_failed_total", ("kind", "timeout")] == 1


def test_what_no_row_tells_is_read_from_its_counts(client, acme, webhook):
    publish_sample(acme)
    kind = Occurrence.Kind
    Occurrence.objects.note(kind.CLAIMED, {"alvys": 3, "gone": 1})
    Occurrence.objects.note(kind.CLAIMED, {"alvys": 2})
    Occurrence.objects.note(kind.OVERSLEPT, {"": 2})
    Occurrence.objects.note(kind.VERIFICATION, {"failed": 4})
    Occurrence.objects.note(kind.PURGED, {"attempts": 500})

    found = read(client)

    assert found["webhooks_events_total",] >= 1
    assert found["webhooks_deliveries_claimed_total", ALVYS] == 5
    assert found["webhooks_deliveries_claimed_total", ("profile", "gone")] == 1
    assert found["webhooks_leases_overslept_total",] == 2
    assert found["webhooks_verifications_total", ("result", "failed")] == 4
    assert found["webhooks_rows_purged_total", ("table", "attempts")] == 500


def test_what_has_never_happened_is_zero(client, db):
    found = read(client)

    for name, labels in {
        "deliveries_claimed": ("profile", "alloy"),
        "verifications": ("result", "outdated"),
        "rows_purged": ("table", "audit_events"),
    }.items():
        assert found[f"webhooks_{name}_total", labels] == 0
    assert found["webhooks_leases_overslept_total",] == 0


def test_attempts_of_each_profile_are_counted_by_themselves(client, webhook, speak):
    other = make_webhook_of(speak(make_profile("post")), webhook.tenant)
    make_attempt(make_delivery(webhook), status="success")
    make_attempt(make_delivery(other), status="failed", status_code=503)
    fold()
    make_attempt(make_delivery(other), status="failed", status_code=503)
    fold()

    found = read(client)

    entries = {
        key: n for key, n in found.items() if key[0] == "webhooks_attempts_total"
    }
    assert entries == {
        ("webhooks_attempts_total", ALVYS, ("status", "success")): 1,
        ("webhooks_attempts_total", ("profile", "post"), ("status", "failed")): 2,
    }


def test_recoveries_incidents_and_mail_under_way_are_shown(client, webhook):
    now = timezone.now()
    make_recovery(webhook)
    make_recovery(webhook, status="completed", ended_at=now)
    incident = make_incident(make_rule(webhook.tenant))
    person = User.objects.create_user("jane", tenant=webhook.tenant)
    for ended_at in (None, None, now):
        incident.notices.create(
            person=person, about="opened", created_at=now, ended_at=ended_at
        )
    Purger.objects.create(pk=1, purged_at=now - timedelta(hours=2))

    found = read(client)

    assert found["webhooks_recoveries_running",] == 1
    assert found["webhooks_incidents_open",] == 1
    assert found["webhooks_notices_unsent",] == 2
    assert 7200 <= found["webhooks_purge_age_seconds",] < 7300


def test_durations_fall_into_the_steps_of_a_histogram(client, webhook):
    make_attempt(make_delivery(webhook), status="success", duration_ms=40)
    make_attempt(make_delivery(webhook), status="success", duration_ms=700)
    fold()

    found = read(client)

    name = "webhooks_attempt_duration_seconds"
    assert found[f"{name}_bucket", ("le", "0.025")] == 0
    assert found[f"{name}_bucket", ("le", "0.05")] == 1
    assert found[f"{name}_bucket", ("le", "1.0")] == 2
    assert found[f"{name}_count",] == 2
    assert found[f"{name}_sum",] == 0.74


def test_a_counter_never_shrinks_whatever_is_purged_or_counted_anew(client, webhook):
    attempt = make_attempt(make_delivery(webhook), status="success")
    make_attempt(
        make_delivery(webhook), status="success", started_at=attempt.started_at
    )
    hour = hour_of(attempt.started_at)

    # Before it was folded: the totals have not seen it yet.
    recount(webhook.pk, since=hour, until=hour + timedelta(hours=1))
    fold()
    fold()
    Rollup.objects.all().delete()

    found = read(client)
    assert found["webhooks_attempts_total", ALVYS, ("status", "success")] == 2


def test_webhooks_are_counted_by_status_and_named_nowhere(client, webhook):
    make_attempt(make_delivery(webhook))
    fold()

    text = client.get("/metrics").content.decode()

    assert read(client)["webhooks_webhooks", ("status", "Active")] == 1
    assert webhook.url not in text
    assert webhook.tenant.name not in text
    assert webhook.public_id not in text


def test_an_outage_and_the_workers_of_each_node_are_shown(client, db):
    Egress.objects.go_down(now=timezone.now())
    make_sign_of_life(timezone.now() - timedelta(minutes=5), node="north")
    make_sign_of_life(timezone.now(), node="south")

    found = read(client)

    age = "webhooks_worker_seen_age_seconds"
    assert found["webhooks_egress_down",] == 1
    assert found[age, ("node", "north")] >= 300
    assert found[age, ("node", "south")] < 300


def test_requests_are_counted_by_route_and_never_by_path(client, db):
    key = ("method", "GET"), ("route", "livez"), ("status", "200")
    before = read(client).get(("webhooks_http_requests_total", *key), 0)

    client.get("/livez")
    client.get("/guessed/4711")

    found = read(client)
    assert found["webhooks_http_requests_total", *key] == before + 1
    assert not any("4711" in str(sample) for sample in found)


def test_without_its_database_it_says_so_and_nothing_else_of_it(client, db):
    def broken(execute, sql, params, many, context):
        message = "secret-host refused"
        raise OperationalError(message)

    with connection.execute_wrapper(broken):
        found = read(client)

    assert found["webhooks_database_up",] == 0
    assert ("webhooks_deliveries_due",) not in found


def test_the_queries_stay_the_same_however_long_the_log(
    client, webhook, django_assert_max_num_queries
):
    make_many_attempts(make_delivery(webhook), count=300)

    # PostgreSQL is asked for the time.
    with django_assert_max_num_queries(12 + (connection.vendor == "postgresql")):
        client.get("/metrics")


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("", {}, 404),
        # Through a proxy on this machine that nobody told us of.
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
    ],
)
def test_in_production_only_this_machine_reads_it(
    client, db, settings, address, headers, status
):
    settings.DEBUG = False

    response = client.get("/metrics", headers=headers, REMOTE_ADDR=address)

    assert response.status_code == status


def test_a_network_that_is_named_reads_it(client, db, settings):
    settings.DEBUG = False
    settings.WEBHOOKS_METRICS_NETWORKS = ["192.0.2.0/24"]

    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404


@pytest.mark.parametrize(
    ("given", "status"), [("Bearer s3cret", 200), ("Bearer other", 404), ("", 404)]
)
def test_with_a_token_only_who_knows_it_reads_it(client, db, settings, given, status):
    settings.WEBHOOKS_METRICS_TOKEN = "s3cret"

    response = client.get("/metrics", headers={"Authorization": given})

    assert response.status_code == status


def test_it_is_neither_cached_nor_redirected_nor_written_to(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert "no-store" in client.get("/metrics").headers["Cache-Control"]
    assert client.post("/metrics").status_code == 405


SEVERAL = """
import os, sys
from prometheus_client import CollectorRegistry, generate_latest, multiprocess
for _ in range(3):
    if not os.fork():
        from webhooks_project.metrics.requests import _answered
        _answered.labels("livez", "GET", "200").inc()
        os._exit(0)
    os.wait()
registry = CollectorRegistry()
multiprocess.MultiProcessCollector(registry)
sys.stdout.write(generate_latest(registry).decode())
"""


def test_the_processes_of_a_web_server_add_up_after_their_end(tmp_path):
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PATH": ""}

    done = subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-c", SEVERAL],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    line = 'webhooks_http_requests_total{method="GET",route="livez",status="200"} 3.0'
    assert line in done.stdout
