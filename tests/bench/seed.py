"""A month of a busy installation, made inside PostgreSQL in minutes.

``DATABASE_URL=postgres://… python -m tests.bench.seed`` fills an empty, migrated
database with 2 million deliveries and 5 million attempts of 200 webhooks in 40 tenants.
It is no management command: nobody should be able to run it where customers are.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import django
from django.core.management import call_command
from django.db import connection, transaction

if TYPE_CHECKING:
    from subscriptions.models import Webhook

DELIVERIES = 2_000_000
TENANTS = 40
WEBHOOKS_PER_TENANT = 5
DAYS = 30
STEPS = 20

# Events stand in the order of their times, as they do when they are published. Some
# tenants have many times the events of others: the square of a uniform number.
_EVENTS = """
INSERT INTO deliveries_event (tenant_id, subsidiary_id, public_id, type, entity_type,
    entity_id, occurred_at, body, is_test, created_at)
SELECT tenant.id, tenant.main, 'evt_' || lpad(n::text, 26, '0'), kind.name, 'Tender',
    'T-' || (random() * %(events)s / 4)::int, made.at, made.body, false, made.at
FROM (
    SELECT n, random() ^ 2 AS whose, random() ^ 2 AS which,
        now() - make_interval(days => %(days)s) * (1 - n::float / %(events)s) AS at,
        convert_to('{"id":"evt_' || lpad(n::text, 26, '0') || '","data":{"note":"'
            || repeat(md5(n::text), 14) || '"}}', 'UTF8') AS body
    FROM generate_series(%(first)s::int, %(last)s::int) AS n
) AS made
JOIN seed_tenant tenant ON tenant.number = floor(made.whose * %(tenants)s)
JOIN seed_kind kind ON kind.number = floor(made.which * (SELECT count(*) FROM seed_kind))
"""

# Each event goes to two webhooks of its tenant. Of the deliveries 40 % arrive at once;
# receivers that were down made 40 % of them take four attempts, a third of those in vain.
_DELIVERIES = """
INSERT INTO deliveries_delivery (uid, event_id, webhook_id, order_key, state,
    claim_number, attempts_made, is_leased, is_test, is_replay, created_at, ended_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
        || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15)
    )::uuid,
    event_id, webhook_id, entity_id,
    CASE WHEN luck < 0.01 THEN 4 WHEN luck < 0.03 OR luck > 0.87 THEN 3 ELSE 2 END,
    greatest(made, 1), made, false, luck BETWEEN 0.2 AND 0.202, false, at,
    at + (array[0, 0, 10, 40, 100])[made + 1] * interval '1 second' + interval '80 ms'
FROM (
    SELECT *, CASE WHEN luck < 0.01 THEN 0 WHEN luck < 0.4 THEN 1
        WHEN luck < 0.5 THEN 2 WHEN luck < 0.6 THEN 3 ELSE 4 END AS made
    FROM (
        SELECT event.id AS event_id, webhook.id AS webhook_id, event.entity_id,
            event.created_at AS at, random() AS luck
        FROM deliveries_event event
        JOIN seed_webhook webhook ON webhook.tenant_id = event.tenant_id
            AND (webhook.number + event.id) %% %(webhooks)s < 2
        WHERE event.id BETWEEN %(from_id)s AND %(to_id)s
        ORDER BY event.id
    ) AS fanned_out
) AS drawn
"""

_ATTEMPTS = """
INSERT INTO deliveries_attempt (delivery_id, webhook_id, sequence, number, event_type,
    status, status_code, error_kind, error_message, url, started_at, duration_ms,
    wait_ms, remote_address, request_headers, response_headers, response_body, is_test)
SELECT delivery_id, webhook_id, number, number, type, status,
    CASE status WHEN 'success' THEN 200 WHEN 'failed' THEN 503 END,
    CASE status WHEN 'timeout' THEN 'timeout' WHEN 'skipped' THEN 'disabled' ELSE '' END,
    CASE status WHEN 'failed' THEN 'The answer had status 503.' ELSE '' END,
    'https://receiver.example.com/events', at,
    CASE status WHEN 'timeout' THEN 30000 WHEN 'skipped' THEN 0
        ELSE (15 * exp(random() * 3))::int END,
    12, '192.0.2.1',
    jsonb_build_object('X-Alvys-Event', type, 'X-Alvys-Delivery', uid,
        'X-Alvys-Signature', repeat(md5(uid::text), 3), 'traceparent', md5(uid::text),
        'webhook-signature', repeat(md5(uid::text), 2), 'Content-Type', 'application/json'),
    '[["Content-Type", "text/plain"], ["Server", "nginx"]]', 'ok', is_test
FROM (
    SELECT delivery.id AS delivery_id, delivery.uid, delivery.webhook_id,
        delivery.is_test, number, event.type,
        delivery.created_at
            + (array[0, 10, 40, 100])[number] * interval '1 second' AS at,
        CASE WHEN delivery.state = 4 THEN 'skipped'
            WHEN number = delivery.attempts_made AND delivery.state = 2 THEN 'success'
            WHEN random() < 0.2 THEN 'timeout' ELSE 'failed' END AS status
    FROM deliveries_delivery delivery
    JOIN deliveries_event event ON event.id = delivery.event_id
    CROSS JOIN generate_series(1, greatest(delivery.attempts_made, 1)) AS number
    WHERE delivery.event_id BETWEEN %(from_id)s AND %(to_id)s
    ORDER BY delivery.id
) AS tried
"""

_WHO = """
CREATE TEMPORARY TABLE seed_tenant AS
    SELECT tenant_id AS id, min(subsidiary_id) AS main,
        row_number() OVER (ORDER BY tenant_id) - 1 AS number
    FROM subscriptions_webhook GROUP BY tenant_id;
CREATE TEMPORARY TABLE seed_webhook AS
    SELECT id, tenant_id,
        row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS number
    FROM subscriptions_webhook;
CREATE TEMPORARY TABLE seed_kind AS
    SELECT name, row_number() OVER (ORDER BY name) - 1 AS number
    FROM subscriptions_eventtype WHERE name LIKE 'tender.%';
ANALYZE seed_tenant, seed_webhook, seed_kind;
"""


def create_webhooks(
    *, tenants: int = TENANTS, each: int = WEBHOOKS_PER_TENANT
) -> list[Webhook]:
    """The tenants and their active webhooks, without any events."""
    from tests.builders import make_tenant, make_webhook

    found = [make_tenant(f"SEED{number:02}") for number in range(tenants)]
    return [make_webhook(tenant) for tenant in found for _ in range(each)]


def fill(*, deliveries: int = DELIVERIES) -> None:
    """Give the webhooks that are there a month of events, deliveries and attempts."""
    with connection.cursor() as cursor:
        cursor.execute(_WHO)
        cursor.execute(
            "SELECT count(*), max(webhooks.n) FROM seed_tenant, LATERAL"
            " (SELECT count(*) AS n FROM seed_webhook"
            " WHERE tenant_id = seed_tenant.id) AS webhooks"
        )
        tenants, webhooks = cursor.fetchone()
    events = deliveries // 2
    for step in range(STEPS):
        first, last = (events * each // STEPS for each in (step, step + 1))
        bounds = {"first": first + 1, "last": last, "events": events, "days": DAYS}
        _fill_step(bounds | {"tenants": tenants, "webhooks": webhooks})
    with connection.cursor() as cursor:
        # Also the visibility map, without which no scan stays within an index.
        cursor.execute("VACUUM (ANALYZE)")


@transaction.atomic
def _fill_step(bounds: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        # Every row is ours: nothing need be looked up by the foreign keys.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SELECT coalesce(max(id), 0) FROM deliveries_event")
        (before,) = cursor.fetchone()
        cursor.execute(_EVENTS, bounds)
        cursor.execute("SELECT max(id) FROM deliveries_event")
        (after,) = cursor.fetchone()
        bounds = bounds | {"from_id": before + 1, "to_id": after}
        cursor.execute(_DELIVERIES, bounds)
        cursor.execute(_ATTEMPTS, bounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=DELIVERIES)
    arguments = parser.parse_args()
    django.setup()
    from deliveries.payload_index import index_payloads

    if connection.vendor != "postgresql":
        sys.exit("Seeding needs PostgreSQL: set DATABASE_URL.")
    started = time.monotonic()
    create_webhooks()
    fill(deliveries=arguments.deliveries)
    call_command("rebuild_rollups", verbosity=0)
    # The first finds out how far it may go.
    for _ in range(2):
        index_payloads(patience=timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM deliveries_delivery),"
            " (SELECT count(*) FROM deliveries_attempt)"
        )
        counts = "{:,} deliveries, {:,} attempts".format(*cursor.fetchone())
    sys.stdout.write(f"{counts} in {time.monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    main()
