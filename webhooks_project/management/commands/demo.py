from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webhooks_project.demo.places import Places, free_port
from webhooks_project.demo.running import NotRunning, run
from webhooks_project.demo.story import perform
from webhooks_project.demo.waiting import NotReady

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Run everything on this machine, with a receiver and events to watch."
    # The processes it starts check themselves, with their own settings.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "part", nargs="?", choices=("all", "story"), default="all", help="(all)"
        )
        parser.add_argument("--fresh", action="store_true", help="start clean")
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / ".demo")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--receiver-port", type=int, default=8443)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["part"] == "story":
            self._tell_story(options)
        else:
            self._run_all(options)

    def _run_all(self, options: dict[str, Any]) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        places = Places(
            options["folder"].resolve(),
            web_port=free_port(options["port"]),
            receiver_port=free_port(options["receiver_port"]),
        )
        try:
            run(places, is_fresh=options["fresh"], screen=sys.stdout)
        except NotRunning as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            pass
        self.stdout.write("The demo has ended.")

    def _tell_story(self, options: dict[str, Any]) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        places = Places(options["folder"], options["port"], options["receiver_port"])
        try:
            perform(places, say=self.stdout.write)
        except NotReady as error:
            raise CommandError(str(error)) from None
