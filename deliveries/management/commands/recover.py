from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from deliveries.models.recoveries import STATES
from deliveries.recovery import (
    Order,
    RecoveryIsRunning,
    count_matches,
    start_recovery,
)
from deliveries.replays import NotActive
from subscriptions.clock import database_time
from subscriptions.models import Tenant, Webhook

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.core.management.base import CommandParser

EXAMPLE = "2026-11-21T08:30:00Z"


class Command(BaseCommand):
    help = "Send again what the webhooks of a tenant did not get."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company-code", required=True)
        parser.add_argument("--webhook", metavar="ID", help="all of them, if left out")
        parser.add_argument("--since", required=True, metavar="TIME")
        parser.add_argument("--until", metavar="TIME", help="now, if left out")
        parser.add_argument(
            "--status", action="append", choices=list(STATES), help="both, if left out"
        )
        parser.add_argument("--event-type", action="append", default=[], metavar="TYPE")
        parser.add_argument("--include-missed", action="store_true")
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, **options: Any) -> None:
        order = _order(options)
        for webhook in _webhooks(options["company_code"], options["webhook"]):
            if options["dry_run"]:
                matched = count_matches(webhook, order, now=database_time())
                self.stdout.write(f"{webhook.public_id} matched={matched}")
            else:
                self.stdout.write(_start(webhook, order))


def _order(options: dict[str, Any]) -> Order:
    order = Order(
        since=_moment("--since", options["since"]),
        until=options["until"] and _moment("--until", options["until"]),
        statuses=options["status"] or list(STATES),
        event_types=options["event_type"],
        include_missed=options["include_missed"],
    )
    if order.until is not None and order.until < order.since:
        message = "--until: This must not be before --since."
        raise CommandError(message)
    return order


def _moment(option: str, text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        message = f"{option}: This must be a time with its offset, such as {EXAMPLE}."
        raise CommandError(message)
    return found


def _webhooks(company_code: str, public_id: str | None) -> Iterable[Webhook]:
    try:
        tenant = Tenant.objects.get(company_code=company_code)
    except Tenant.DoesNotExist:
        message = f"There is no company {company_code!r}."
        raise CommandError(message) from None
    mine = Webhook.objects.of(tenant).order_by("pk")
    if public_id is None:
        all_of_them: Iterable[Webhook] = mine
        return all_of_them
    try:
        return [mine.by_public_id(public_id)]
    except Webhook.DoesNotExist:
        message = f"The company {company_code!r} has no webhook {public_id!r}."
        raise CommandError(message) from None


def _start(webhook: Webhook, order: Order) -> str:
    """Say what became of it; that one webhook is disabled keeps no other waiting."""
    try:
        recovery = start_recovery(
            webhook, order, created_by="manage.py recover", now=database_time()
        )
    except (NotActive, RecoveryIsRunning) as error:
        return f"{webhook.public_id} left out: {error}"
    return (
        f"{webhook.public_id} recovery={recovery.public_id} matched={recovery.matched}"
    )
