"""How long the server takes for each page of the dashboard when the log is full.

A part of ``python -m tests.bench.scale``: each page of the busiest webhook and of an
average one. None may take longer than 150 ms, ask more than 12 questions, or read a
table whole.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.test import Client
from django.urls import reverse

from subscriptions.models import User
from tests.bench.figures import say, table
from tests.bench.operations import choose_cast
from tests.bench.plans import statements
from tests.people import make_person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from subscriptions.models import Webhook

# Of the server alone; the design's goals.
MS, QUESTIONS = 150, 12
HEAD = ["", "ms", "questions", "KB", "read whole"]


@dataclass(frozen=True, slots=True)
class Cost:
    milliseconds: float
    questions: int
    size: int
    read_whole: list[str]

    @property
    def is_too_much(self) -> bool:
        dear = self.milliseconds > MS or self.questions > QUESTIONS
        return dear or bool(self.read_whole)

    @property
    def row(self) -> list[str]:
        whole = ", ".join(self.read_whole)
        size = f"{self.size / 1000:.0f}"
        return [f"{self.milliseconds:.0f}", str(self.questions), size, whole]


def measure(*, runs: int) -> int:
    """Print the tables. Returns how many pages cost too much."""
    cast, failed = choose_cast(), 0
    for what, webhook in (("busiest", cast.largest), ("average", cast.average)):
        browser = _browser(webhook)
        costs = {
            name: _cost_of(path, browser, runs=runs) for name, path in _pages(webhook)
        }
        failed += sum(cost.is_too_much for cost in costs.values())
        title = f"Pages of the {what} webhook: {webhook.attempts.count():,} attempts"
        say(table(title, HEAD, [[name, *cost.row] for name, cost in costs.items()]))
    return failed


def _browser(webhook: Webhook) -> Client:
    name = f"admin-of-{webhook.tenant.company_code}".lower()
    person = User.objects.filter(username=name).first()
    client = Client()
    client.force_login(person or make_person(name, webhook.tenant))
    return client


def _pages(webhook: Webhook) -> Iterator[tuple[str, str]]:
    def page(name: str, *more: Any) -> str:
        return reverse(f"admin:{name}", args=[webhook.public_id, *more])

    failed = webhook.deliveries.filter(state=3).latest("created_at")
    yield "list", reverse("admin:webhooks")
    for days in ("24h", "7d", "30d"):
        yield f"overview, {days}", page("webhook_overview") + f"?range={days}"
    for query in (
        "",
        "status=failed",
        "status=skipped",
        "code=5xx",
        "reason=timeout",
        "event=tender.created",
        "status=failed&event=tender.created&code=5xx",
        f"cursor={failed.public_id}",
        f"q={failed.public_id}",
        f"q={failed.event.public_id}",
    ):
        name = query.partition("=")[0] if "dlv_" in query or "evt_" in query else query
        yield f"deliveries {name}".strip(), page("webhook_deliveries") + f"?{query}"
    yield "delivery", page("webhook_delivery", failed.public_id)
    event = failed.event
    for query in (
        "",
        f"event={event.type}",
        f"from={failed.created_at:%Y-%m-%d}",
        f"event={event.type}&from={failed.created_at:%Y-%m-%d}",
        f"entity={event.entity_id}",
        f"q={event.public_id}",
        f"q={event.entity_id}",
    ):
        address = reverse("admin:published_events")
        yield f"published {query}".strip()[:40], f"{address}?{query}"
    address = reverse("admin:published_event", args=[event.public_id])
    yield "published event", address
    yield "recover", page("webhook_recover")
    yield "resend all failed", page("webhook_resend_matching") + "?status=failed"
    for name in ("settings", "secret", "test"):
        yield name, page(f"webhook_{name}")
    for name in ("events", "rules", "audit_log", "api_clients", "people"):
        yield name.replace("_", " "), reverse(f"admin:{name}")


def _cost_of(path: str, browser: Client, *, runs: int) -> Cost:
    answer = browser.get(path)
    if answer.status_code != 200:
        raise RuntimeError(path, answer.status_code)
    with statements() as found:
        browser.get(path)
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        answer = browser.get(path)
        took.append(time.perf_counter() - started)
    return Cost(
        milliseconds=statistics.median(took) * 1000,
        questions=len(found.planned),
        size=len(answer.content),
        read_whole=found.read_whole(),
    )
