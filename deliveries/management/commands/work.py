from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from deliveries.conf import get_conf
from deliveries.supervision.supervisor import Patience, Supervisor

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

# Beyond a send's own time: until the stop is heard, and for the records at the end.
MARGIN = 10.0


class Command(BaseCommand):
    help = "Run the workers: a qcluster that is restarted when it dies or falls silent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--silence",
            type=float,
            default=25.0,
            metavar="SECONDS",
            help="without a sign of life, after which all are killed and replaced (25)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        silence = options["silence"]
        end = get_conf().longest_timeout.total_seconds() + MARGIN
        patience = Patience(ring=0.4 * silence, kill=silence, end=end)
        command = [sys.executable, sys.argv[0], "qcluster"]
        Supervisor(command, patience=patience).run()
