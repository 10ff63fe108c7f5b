from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from subscriptions.origins import Origin
from subscriptions.resealing import count_stale, reseal_all
from subscriptions.sealing import key_ring

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Seal every stored secret under the first of WEBHOOKS_ENCRYPTION_KEYS. "
        "The product may run meanwhile; it can be stopped and run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="change nothing; end with 1 while a secret uses another key",
        )

    def handle(self, **options: Any) -> str:
        if not options["check"]:
            self._rotate()
        key_id = key_ring().current
        if stale := count_stale():
            message = f"{stale} of the secrets still use another key than {key_id}."
            raise CommandError(message)
        return f"Every secret is sealed under {key_id}."

    def _rotate(self) -> None:
        total = count_stale()
        origin = Origin.of_command("rotate_encryption_key")
        for progress in reseal_all(origin=origin):
            self.stdout.write(f"{progress.seen} of {total}")
            if progress.unopened:
                unopened = f"{progress.unopened} could not be opened by any key."
                self.stderr.write(unopened)
