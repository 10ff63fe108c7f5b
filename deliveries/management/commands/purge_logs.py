from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from deliveries.conf import get_conf
from deliveries.retention.periods import periods
from deliveries.retention.purging import PurgeUnderWay, expired, purge
from subscriptions.clock import database_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser

MAX_DAYS = 3650
PATIENCE = timedelta(hours=12)


class Command(BaseCommand):
    help = "Delete what is older than the retention; workers do it by themselves, too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument(
            "--older-than",
            type=int,
            metavar="DAYS",
            help="instead of WEBHOOKS_RETENTION_DAYS; a tenant's own period stands",
        )

    def handle(self, **options: Any) -> None:
        days = options["older_than"]
        if days is not None and not 1 <= days <= MAX_DAYS:
            message = f"--older-than is 1 to {MAX_DAYS}."
            raise CommandError(message)
        chosen = periods(get_conf(), now=database_time(), days=days)
        if options["dry_run"]:
            self.stdout.write(f"Would delete {_words(expired(chosen))}.")
            return
        try:
            purged = purge(chosen, patience=PATIENCE)
        except PurgeUnderWay as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Deleted {_words(purged.counts)}.")
        if purged.why_stopped:
            self.stdout.write(f"Stopped early: {purged.why_stopped}. Run it again.")


def _words(counts: Mapping[str, int]) -> str:
    words = [f"{n} {name.replace('_', ' ')}" for name, n in counts.items() if n]
    return ", ".join(words) or "nothing"
