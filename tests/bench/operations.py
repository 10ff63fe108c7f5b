"""The operations that must not slow down as the log grows, each ready to be timed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, set_token_value

from deliveries.conf import get_conf
from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.claiming import Limits, claim
from deliveries.engine.delivering import deliver, prepare
from deliveries.engine.recording import record
from deliveries.facts import Fact
from deliveries.models import Attempt, Delivery
from deliveries.publishing import publish_batch
from deliveries.tokens import Tokens
from deliveries.wire.exchange import Exchange, Response, Timing
from subscriptions.models import ApiClient, Subsidiary, Webhook
from subscriptions.tenancy import create_api_client
from subscriptions.verification import claim_challenges
from tests.builders import make_attempt, make_delivery, make_event, sample_of

if TYPE_CHECKING:
    from collections.abc import Callable

FACTS = 6
LIMITS = Limits(lambda _: 8, lambda _: 8, lambda _: timedelta(seconds=45))
PAGE = 50
_BY_SIZE = """
SELECT webhook_id, count(*) FROM deliveries_attempt GROUP BY webhook_id ORDER BY 2 DESC
"""


def ok(request: object, *, timeout: timedelta) -> Exchange:
    return Exchange(Response(200, (("Content-Type", "text/plain"),), b"ok"), Timing(3))


@dataclass
class Cast:
    """Who is measured: webhooks whose log is read, and a tenant that publishes."""

    average: Webhook
    largest: Webhook
    publisher: Webhook


def choose_cast() -> Cast:
    """By the size of their logs; where these are empty, each gets one page."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_SIZE)
        sizes = dict(cursor.fetchall())
    sizes = sizes or dict.fromkeys(Webhook.objects.values_list("pk", flat=True), 0)
    mean = sum(sizes.values()) / len(sizes)
    usual = min(sizes, key=lambda pk: abs(sizes[pk] - mean))
    busiest = max(sizes.keys() - {usual}, key=lambda pk: sizes[pk])
    webhooks = Webhook.objects.select_related("tenant", "subsidiary").in_bulk()
    average, largest = webhooks[usual], webhooks[busiest]
    for webhook in (average, largest):
        # What earlier runs published succeeded.
        if not webhook.attempts.exclude(status=Attempt.Status.SUCCESS).exists():
            _fill_page(webhook)
    read = {average.tenant_id, largest.tenant_id}
    strangers = (each for each in webhooks.values() if each.tenant_id not in read)
    return Cast(average, largest, next(strangers))


def _fill_page(webhook: Webhook) -> None:
    at = timezone.now() - timedelta(hours=1)
    for number in range(PAGE):
        made = {"state": Delivery.State.FAILED, "attempts_made": 1, "claim_number": 1}
        event = make_event(webhook.tenant, entity_id=f"T-{number // 4}")
        delivery = make_delivery(webhook, event=event, created_at=at, **made)
        status = (Attempt.Status.FAILED, Attempt.Status.TIMEOUT)[number % 2]
        make_attempt(delivery, status=status, started_at=at, duration_ms=number)


class Engine:
    """One round of publish, look, claim, record: it leaves nothing behind to be done."""

    def __init__(self, publisher: Webhook) -> None:
        self._tenant = publisher.tenant
        self._main = Subsidiary.objects.filter(tenant=self._tenant).first()
        self._claimed: list[Any] = []
        self._sent: list[Any] = []
        self._busy: list[Any] = []

    def steps(self) -> dict[str, Callable[[], object]]:
        """In this order, each time."""
        return {
            "publish 6 events to 5 webhooks": self._publish,
            "look for due work": self._look,
            "look for challenges": self._challenges,
            "claim 30": self._claim,
            "read what 30 need": self._prepare,
            "record 30": self._record,
        }

    def _publish(self) -> None:
        publish_batch(
            [
                Fact(
                    tenant=self._tenant,
                    subsidiary=self._main,
                    type="tender.created",
                    data=sample_of("tender.created"),
                    entity_id=secrets.token_hex(8),
                )
                for _ in range(FACTS)
            ]
        )

    def _look(self) -> None:
        self._busy = busy_webhooks()

    def _challenges(self) -> None:
        timeout = get_conf().verification_timeout
        claim_challenges(limit=8, lease=timeout, now=timezone.now())

    def _claim(self) -> None:
        self._claimed = claim(self._busy, limits=LIMITS, now=timezone.now())

    def _prepare(self) -> None:
        made = partial(deliver, send=ok, style=get_conf().style, clock=timezone.now)
        outgoing = prepare(
            self._claimed,
            rules_of=get_conf().rules,
            tokens=Tokens(),
            now=timezone.now(),
        )
        self._sent = [made(each) for each in outgoing]

    def _record(self) -> None:
        record(self._sent, now=timezone.now())


def reads(cast: Cast) -> dict[str, Callable[[], object]]:
    """Through the API, as those who wait for the answer."""
    log = f"/api/p/v3/webhooks/{cast.average.public_id}/delivery-logs"
    busiest = f"/api/p/v3/webhooks/{cast.largest.public_id}/delivery-logs"
    health = f"/api/p/v3/webhooks/{cast.average.public_id}/health"
    newest = cast.average.attempts.select_related("delivery__event").first()
    event = newest.delivery.event
    get = _reader(cast.average)
    found = {
        f"log: two statuses, {days} d": partial(get, log, **_failed_since(days))
        for days in (1, 7, 30)
    }
    found |= {
        "log: of an entity": partial(get, log, EntityId=event.entity_id),
        "log: of an event": partial(get, log, EventId=event.public_id),
        "log: an entry": partial(get, f"{log}/{newest.public_id}"),
    }
    found |= {f"health, {d} d": partial(get, health, Days=d) for d in (1, 7, 30)}
    of_largest = _reader(cast.largest)
    found["log of the busiest, 1 d"] = partial(of_largest, busiest, **_failed_since(1))
    found["list of webhooks"] = partial(get, "/api/p/v3/webhooks")
    return found


def _failed_since(days: int) -> dict[str, Any]:
    since = timezone.now() - timedelta(days=days)
    return {"Status": ["failed", "timeout"], "StartDate": f"{since:%Y-%m-%dT%H:%M:%SZ}"}


def _reader(webhook: Webhook) -> Callable[..., object]:
    # A database that is found again has one: there may not be many.
    client = ApiClient.objects.filter(tenant=webhook.tenant).first()
    client = client or create_api_client(tenant=webhook.tenant, name="scale").client
    row = AccessToken(
        application=client,
        scope=client.scopes,
        expires=timezone.now() + timedelta(hours=1),
    )
    token = secrets.token_urlsafe(20)
    set_token_value(row, token)
    row.save()
    caller = Client(headers={"Authorization": f"Bearer {token}"})

    def get(path: str, **query: Any) -> object:
        answer = caller.get(path, query)
        if answer.status_code != 200:
            raise RuntimeError(answer.content.decode())
        return answer

    return get
