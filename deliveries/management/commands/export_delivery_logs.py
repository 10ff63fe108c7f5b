from __future__ import annotations

import argparse
import sys
from contextlib import contextmanager
from datetime import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from deliveries.logs import STATUSES, Criteria, DeliveryLog, webhook_with_logs
from deliveries.logs.export import FORMATS, exported
from deliveries.logs.searching import LONGEST, SHORTEST
from subscriptions.models import Tenant, Webhook
from subscriptions.moments import moment_or_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from django.core.management.base import CommandParser

    from deliveries.logs import LogEntry


class Command(BaseCommand):
    help = (
        "Write the delivery log of a tenant, or of one webhook, to a file: all of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company-code", required=True)
        parser.add_argument("--webhook", metavar="ID", help="default: all, one by one")
        parser.add_argument("--status", action="append", choices=STATUSES, default=[])
        parser.add_argument("--event-type", action="append", default=[])
        parser.add_argument("--start-date", type=_moment(time.min), metavar="TIME")
        parser.add_argument("--end-date", type=_moment(time.max), metavar="TIME")
        parser.add_argument("--event-id", default="")
        parser.add_argument("--entity-id", default="")
        parser.add_argument("--search", type=_search, metavar="TEXT")
        parser.add_argument("--format", choices=FORMATS, default="csv")
        parser.add_argument(
            "--output", required=True, metavar="FILE", help="- is standard output"
        )

    def handle(self, **options: Any) -> None:
        webhooks, criteria = _webhooks(options), _criteria(options)
        total = sum(DeliveryLog(each, criteria).count() for each in webhooks)
        batches = _shown(exported(webhooks, criteria), total=total)
        try:
            with _opened(options["output"]) as output:
                output.writelines(FORMATS[options["format"]](batches))
        except OSError as error:
            message = f"{options['output']}: {error.strerror}."
            raise CommandError(message) from None


def _webhooks(options: dict[str, Any]) -> Sequence[Webhook]:
    """Deleted ones as well: their logs are kept."""
    code, public_id = options["company_code"], options["webhook"]
    tenant = Tenant.objects.filter(company_code=code).first()
    if tenant is None:
        message = f"There is no company {code!r}."
        raise CommandError(message)
    if public_id is None:
        return list(Webhook.objects.filter(tenant=tenant).order_by("pk"))
    try:
        return [webhook_with_logs(tenant, public_id)]
    except Webhook.DoesNotExist:
        message = f"The company {code!r} has no webhook {public_id!r}."
        raise CommandError(message) from None


def _criteria(options: dict[str, Any]) -> Criteria:
    since, until = options["start_date"], options["end_date"]
    if since and until and until < since:
        message = "--end-date must not be before --start-date."
        raise CommandError(message)
    return Criteria(
        statuses=options["status"],
        event_types=options["event_type"],
        since=since,
        until=until,
        event_id=options["event_id"],
        entity_id=options["entity_id"],
        search=options["search"] or "",
    )


def _moment(at: time) -> Callable[[str], datetime]:
    def read(text: str) -> datetime:
        try:
            return moment_or_day(text, at=at)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _search(text: str) -> str:
    if not SHORTEST <= len(text) <= LONGEST:
        message = f"This must have {SHORTEST} to {LONGEST} characters."
        raise argparse.ArgumentTypeError(message)
    return text


def _shown(
    batches: Iterator[list[LogEntry]], *, total: int
) -> Iterator[list[LogEntry]]:
    # Nothing is drawn where nobody looks.
    with tqdm(total=total, unit=" entries", disable=None) as bar:
        for batch in batches:
            yield batch
            bar.update(len(batch))


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """A file has its name once it is whole."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = Path(f"{name}.part")
    with unfinished.open("wb") as output:
        yield output
    unfinished.replace(name)
