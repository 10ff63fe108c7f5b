from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from deliveries.policy.liveness import Part, Signs, complaints, remarks
from deliveries.supervision.signs import all_signs, time_of_signs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Say whether events are delivered. Exit code 1 when they are not."
    # Asked every few seconds by containers and the like.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        signs, now = all_signs(), time_of_signs()
        found = complaints(signs, now=now)
        if options["format"] == "json":
            self.stdout.write(json.dumps(_facts(signs, found)))
        else:
            said = list(found.values()) or ["Workers are at work."]
            self.stdout.write(" ".join([*said, *remarks(signs, now=now)]))
        if found:
            sys.exit(1)


def _facts(signs: Signs, found: Mapping[Part, str]) -> dict[str, Any]:
    return {
        "status": "failed" if found else "ok",
        "checks": {part: "failed" if part in found else "ok" for part in Part},
        "reasons": list(found.values()),
        "egress": "down" if signs.egress_down_since else "up",
        "poison": signs.poisoned,
        "worker_seen_at": _shown(signs.seen_at),
        "oldest_due_at": _shown(signs.due_since),
        "last_attempt_at": _shown(signs.attempted_at),
    }


def _shown(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
