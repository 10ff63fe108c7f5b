"""What a benchmark needs in the database, written by the product's own functions."""

from __future__ import annotations

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from deliveries.facts import Fact, event_of
from deliveries.models import Attempt, Delivery, Event
from deliveries.publishing import publish_batch
from subscriptions.catalogue import definitions_named
from subscriptions.identifiers import new_uid
from subscriptions.models import Subsidiary, Tenant, Webhook
from subscriptions.tenancy import ensure_tenant
from subscriptions.webhooks import create_webhook
from tests.bench import plain_design

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TYPE = "tender.created"
SIZE = 1024
BATCH = 500
PUBLISHERS = 4


def create_tables() -> None:
    call_command("migrate", verbosity=0)


def set_up(hooks: Mapping[str, Sequence[str]]) -> None:
    """Create tenants; each has a subsidiary with one webhook for each of its URLs."""
    for code, urls in hooks.items():
        places = {f"S{number}": f"Place {number}" for number in range(len(urls))}
        tenant, _ = ensure_tenant(
            company_code=code, name=code.title(), subsidiaries=places
        )
        for subsidiary, url in zip(_subsidiaries(tenant), urls, strict=True):
            create_webhook(
                tenant=tenant,
                subsidiary=subsidiary,
                name=url,
                url=url,
                events=[TYPE],
                created_by="bench",
            )
    # As if each had passed its challenge.
    Webhook.objects.update(
        status=Webhook.Status.ACTIVE,
        verification_due_at=None,
        verified_at=timezone.now(),
    )


def publish(code: str, count: int) -> None:
    """Publish *count* events, to the tenant's subsidiaries in turn."""
    for batch in _batches(list(_facts(code, count))):
        publish_batch(batch)


def publish_plain(code: str, count: int) -> None:
    """The same events in the plain design."""
    for fact in _facts(code, count):
        plain_design.publish(fact)


def publish_steadily(code: str, rate: int, seconds: float, into: str) -> None:
    """One event after the other; write down when each was committed."""
    facts = list(_facts(code, int(rate * seconds)))
    started = time.monotonic()

    def one(number: int) -> tuple[str, float]:
        time.sleep(max(0, started + number / rate - time.monotonic()))
        return _committed(facts[number])

    # Several at once, as web processes do it: commits wait for the disk.
    with ThreadPoolExecutor(PUBLISHERS) as pool:
        commits = dict(pool.map(one, range(len(facts))))
    Path(into).write_text(json.dumps(commits))


def _committed(fact: Fact) -> tuple[str, float]:
    """Publish; return the event's id, and when it was there for others to see."""
    moments: list[float] = []
    with transaction.atomic():
        # The first to be called after the commit.
        transaction.on_commit(lambda: moments.append(time.monotonic()))
        (publication,) = publish_batch([fact])
    return publication.event.public_id, moments[0]


def pile_up(code: str, count: int) -> None:
    """*count* deliveries, due for a minute; as publishing leaves them, but quicker."""
    facts = list(_facts(code, count))
    webhooks = dict(Webhook.objects.values_list("subsidiary", "pk"))
    for batch in _batches(facts):
        events = Event.objects.bulk_create(map(_event, batch))
        Delivery.objects.bulk_create(
            Delivery(
                event=event,
                webhook_id=webhooks[event.subsidiary_id],
                order_key=event.entity_id,
                due_at=event.created_at,
                created_at=event.created_at,
            )
            for event in events
        )


def fill_log(code: str, count: int) -> None:
    """*count* entries in the log of the tenant's first webhook, two to a delivery."""
    webhook = Webhook.objects.filter(tenant__company_code=code).order_by("pk")[0]
    facts = list(_facts(code, count // 2))
    for batch in _batches(facts):
        events = Event.objects.bulk_create(map(_event, batch))
        deliveries = Delivery.objects.bulk_create(
            Delivery(
                event=event,
                webhook=webhook,
                state=Delivery.State.SUCCEEDED,
                claim_number=2,
                attempts_made=2,
                created_at=event.created_at,
                ended_at=event.created_at,
            )
            for event in events
        )
        Attempt.objects.bulk_create(
            _attempt(delivery, number) for delivery in deliveries for number in (1, 2)
        )


def _attempt(delivery: Delivery, number: int) -> Attempt:
    failed = number == 1
    return Attempt(
        delivery=delivery,
        webhook=delivery.webhook,
        sequence=number,
        number=number,
        event_type=TYPE,
        status=Attempt.Status.FAILED if failed else Attempt.Status.SUCCESS,
        status_code=503 if failed else 200,
        error_message="The answer had status 503." if failed else "",
        url=delivery.webhook.url,
        started_at=delivery.created_at + timedelta(seconds=10 * number),
        duration_ms=12,
    )


def pile_up_log(code: str, count: int, days: int) -> None:
    """*count* deliveries that ended *days* ago and in the ten days after."""
    webhooks = dict(Webhook.objects.values_list("subsidiary", "pk"))
    ages = _ages(count, timedelta(days=days))
    for batch in _batches(list(_facts(code, count))):
        events = Event.objects.bulk_create(_event(fact, next(ages)) for fact in batch)
        deliveries = Delivery.objects.bulk_create(
            Delivery(
                event=event,
                webhook_id=webhooks[event.subsidiary_id],
                order_key=event.entity_id,
                state=Delivery.State.SUCCEEDED,
                claim_number=1,
                attempts_made=1,
                created_at=event.created_at,
                ended_at=event.created_at,
            )
            for event in events
        )
        Attempt.objects.bulk_create(map(_expired, deliveries))
    call_command("rebuild_rollups", verbosity=0, stdout=io.StringIO())


def _ages(count: int, oldest: timedelta) -> Iterator[timedelta]:
    """From the oldest on, over ten days."""
    for number in range(count):
        yield oldest - number / count * timedelta(days=10)


def _expired(delivery: Delivery) -> Attempt:
    return Attempt(
        delivery=delivery,
        webhook_id=delivery.webhook_id,
        sequence=1,
        number=1,
        event_type=TYPE,
        status=Attempt.Status.SUCCESS,
        status_code=200,
        url="https://receiver.example.com/events",
        started_at=delivery.created_at,
        duration_ms=80,
        response_body=b"ok",
    )


def _event(fact: Fact, age: timedelta = timedelta(minutes=1)) -> Event:
    return event_of(fact, definitions_named([TYPE])[TYPE], now=timezone.now() - age)


def _facts(code: str, count: int) -> Iterator[Fact]:
    """Each of an entity of its own, its body SIZE bytes long."""
    tenant = Tenant.objects.get(company_code=code)
    subsidiaries = _subsidiaries(tenant)
    for number in range(count):
        tender = f"tender-{new_uid()}"
        yield Fact(
            tenant=tenant,
            subsidiary=subsidiaries[number % len(subsidiaries)],
            type=TYPE,
            data=_data(tender),
            entity_id=tender,
        )


def _data(tender: str) -> dict[str, Any]:
    details = {"id": tender, "status": "New", "notes": ["n" * (SIZE - 281)]}
    return {"tenderId": tender, "tender": details}


def _subsidiaries(tenant: Tenant) -> list[Subsidiary]:
    found = Subsidiary.objects.filter(tenant=tenant)
    return sorted(found, key=lambda subsidiary: int(subsidiary.code[1:]))


def _batches(facts: Sequence[Fact]) -> Iterator[Sequence[Fact]]:
    for start in range(0, len(facts), BATCH):
        yield facts[start : start + BATCH]
