from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from deliveries.conf import get_conf
from deliveries.supervision.supervisor import Patience, Supervisor

# Beyond a send's own time: until the stop is heard, and for the records at the end.
MARGIN = 10.0


class Command(BaseCommand):
    help = "Run the workers: a qcluster that is restarted when it dies or falls silent."

    def handle(self, *args: Any, **options: Any) -> None:
        end = get_conf().timeout.total_seconds() + MARGIN
        command = [sys.executable, sys.argv[0], "qcluster"]
        Supervisor(command, patience=Patience(end=end)).run()
