from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DataError

from deliveries.facts import InvalidData
from deliveries.publishing import publish
from subscriptions.catalogue import UnknownEventTypes
from subscriptions.models import Subsidiary

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Publish an event from a JSON file; with --count, that many in a row."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company-code", required=True)
        parser.add_argument("--subsidiary", required=True, metavar="ID")
        parser.add_argument("--type", required=True)
        parser.add_argument(
            "--data", required=True, metavar="FILE", help="- is standard input"
        )
        parser.add_argument("--entity-type", default="")
        parser.add_argument("--entity-id", default="")
        parser.add_argument("--count", type=int, default=1)

    def handle(self, **options: Any) -> None:
        subsidiary = _subsidiary(options["company_code"], options["subsidiary"])
        if options["count"] < 1:
            message = "--count is at least 1."
            raise CommandError(message)
        fact = {
            "tenant": subsidiary.tenant,
            "subsidiary": subsidiary,
            "type": options["type"],
            "data": _json_object(options["data"]),
            "entity_type": options["entity_type"],
            "entity_id": options["entity_id"],
        }
        for _ in range(options["count"]):
            self.stdout.write(_publish(fact))


def _subsidiary(company_code: str, code: str) -> Subsidiary:
    known = Subsidiary.objects.select_related("tenant")
    try:
        return known.get(tenant__company_code=company_code, code=code)
    except Subsidiary.DoesNotExist:
        message = f"The company {company_code!r} has no subsidiary {code!r}."
        raise CommandError(message) from None


def _json_object(name: str) -> dict[str, Any]:
    try:
        content = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        data = json.loads(content)
    except OSError as error:
        message = f"{name}: {error.strerror}."
        raise CommandError(message) from None
    except (ValueError, RecursionError):
        message = f"{name}: This is not JSON."
        raise CommandError(message) from None
    if not isinstance(data, dict):
        message = f"{name}: This is not a JSON object."
        raise CommandError(message)
    return data


def _publish(fact: dict[str, Any]) -> str:
    try:
        publication = publish(**fact)
    except (UnknownEventTypes, InvalidData, DataError) as error:
        raise CommandError(str(error)) from None
    return f"{publication.event.public_id} deliveries={publication.deliveries}"
