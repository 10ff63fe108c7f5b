from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from subscriptions.clock import database_time
from subscriptions.models import Webhook
from subscriptions.origins import Origin
from subscriptions.signing_secrets import (
    NoSigningSecret,
    rotate_secret,
    webhooks_to_rotate,
)

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

BY_COMMAND = Origin.of_command("rotate_webhook_secret")
MAX_GRACE_HOURS = 168
MAX_DAYS = 3650


class Command(BaseCommand):
    help = "Replace signing secrets; the one before still signs until the grace ends."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("webhook_id", nargs="?", metavar="WEBHOOK_ID")
        which.add_argument("--all", action="store_true", help="of every tenant")
        which.add_argument("--older-than", type=int, metavar="DAYS")
        parser.add_argument("--grace-hours", type=int, default=24, metavar="HOURS")
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, **options: Any) -> None:
        grace = timedelta(hours=_within(options, "grace_hours", most=MAX_GRACE_HOURS))
        webhooks = _wanted(options)
        for webhook in webhooks:
            outcome = "" if options["dry_run"] else _rotated(webhook, grace)
            # Only who names one webhook asks to see its secret.
            shown = f" {outcome}" if options["webhook_id"] else ""
            self.stdout.write(f"{_line(webhook)}{shown}".rstrip())
        verb = "would be rotated" if options["dry_run"] else "rotated"
        self.stdout.write(f"{len(webhooks)} {verb}.")


def _rotated(webhook: Webhook, grace: timedelta) -> str:
    try:
        now = database_time()
        return rotate_secret(webhook, grace=grace, now=now, origin=BY_COMMAND)
    except Webhook.DoesNotExist:
        # Deleted since the list was read: it signs no more, the others still do.
        return ""
    except NoSigningSecret as error:
        raise CommandError(str(error)) from None


def _wanted(options: dict[str, Any]) -> list[Webhook]:
    if options["webhook_id"] is not None:
        return [_webhook(options["webhook_id"])]
    if options["older_than"] is None:
        return list(webhooks_to_rotate())
    age = timedelta(days=_within(options, "older_than", most=MAX_DAYS))
    return list(webhooks_to_rotate(issued_before=timezone.now() - age))


def _within(options: dict[str, Any], name: str, *, most: int) -> int:
    value: int = options[name]
    if not 0 <= value <= most:
        message = f"--{name.replace('_', '-')} is 0 to {most}."
        raise CommandError(message)
    return value


def _webhook(webhook_id: str) -> Webhook:
    present = Webhook.objects.present().select_related("tenant")
    try:
        webhook: Webhook = present.by_public_id(webhook_id)
    except Webhook.DoesNotExist:
        message = f"There is no webhook {webhook_id!r}."
        raise CommandError(message) from None
    return webhook


def _line(webhook: Webhook) -> str:
    return f"{webhook.public_id} {webhook.tenant.company_code} {webhook.name}"
