from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from deliveries.engine.rebuilding import differing_days, rebuild
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Count the log anew for health's roll-ups; may run while the product runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--webhook", metavar="WEBHOOK_ID", help="only of this one")
        parser.add_argument(
            "--check",
            action="store_true",
            help="only compare; exit code 1 when something differs",
        )

    def handle(self, **options: Any) -> None:
        webhooks = _webhooks(options["webhook"])
        if not options["check"]:
            days = sum(map(rebuild, webhooks))
            self.stdout.write(f"{len(webhooks)} webhooks, {days} days counted anew.")
            return
        differing = [(each, day) for each in webhooks for day in differing_days(each)]
        for webhook, day in differing:
            self.stdout.write(f"{webhook.public_id} differs on {day:%Y-%m-%d}.")
        self.stdout.write(f"{len(webhooks)} webhooks, {len(differing)} days differ.")
        if differing:
            sys.exit(1)


def _webhooks(public_id: str | None) -> list[Webhook]:
    if public_id is None:
        return list(Webhook.objects.order_by("pk"))
    try:
        return [Webhook.objects.by_public_id(public_id)]
    except Webhook.DoesNotExist:
        message = f"There is no webhook {public_id!r}."
        raise CommandError(message) from None
