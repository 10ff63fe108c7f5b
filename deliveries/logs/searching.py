"""Which deliveries and events a text leads to: by an id, or by what the event says.

An id of a delivery or of a log entry may be cut short. That of an event is looked up
where it is whole. Any other text is looked for in the event's payload, its id included,
and in its entity's id; letter case is of no account. Payloads are found by the index of
`deliveries.payload_index`, those that are too new for it by reading them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from django.db.models import Q, TextField
from django.db.models.expressions import Func, RawSQL

from deliveries.models import Event, EventText, PayloadIndex

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet
    from django.db.models.sql.compiler import SQLCompiler

    from subscriptions.models import Webhook

# An index of trigrams has nothing for less.
SHORTEST = 3
LONGEST = 200
DIGITS = 26
DELIVERY_OR_ENTRY = re.compile(
    rf"(?:dlv|log)_([0-9a-v]{{0,{DIGITS}}})(?:(?<=[0-9a-v]{{{DIGITS}}})_([0-9]{{0,9}}))?"
)
EVENT = re.compile(rf"evt_[0-9a-v]{{{DIGITS}}}")
_BY_WORDS = (
    "SELECT rowid FROM deliveries_eventtext_words"
    " WHERE deliveries_eventtext_words MATCH %s"
)


class _Body(Func):
    """The bytes of a payload as the text that they are."""

    function = "convert_from"
    template = "%(function)s(%(expressions)s, 'UTF8')"
    output_field = TextField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: Any, **extra: Any
    ) -> tuple[str, Any]:
        template = "CAST(%(expressions)s AS TEXT)"
        return self.as_sql(compiler, connection, template=template, **extra)


def containing(text: str, webhook: Webhook, *, prefix: str) -> Q:
    """The condition on a table whose lookups of a delivery begin with *prefix*."""
    if not text:
        return Q()
    name = text.lower()
    if named := DELIVERY_OR_ENTRY.fullmatch(name):
        return Q(**{f"{prefix}uid__range": _uids(named[1])}) & _attempt(
            named[2], prefix=prefix
        )
    event, tenant = f"{prefix}event", webhook.tenant_id
    if is_event_id(name):
        return Q(**{f"{event}__tenant": tenant, f"{event}__public_id": name})
    return Q(**{f"{event}__in": _events(text, tenant)})


def is_event_id(text: str) -> bool:
    """Whether it is looked up, and not looked for."""
    return bool(EVENT.fullmatch(text.lower()))


def events_saying(
    text: str, tenant: int, *, below: int | None, limit: int
) -> list[int]:
    """The newest events of a tenant that say so, the newest first.

    *below*: only those with a lower number than that.
    """
    found = _events(text, tenant, below=below).order_by("-event")
    return list(found.values_list("event", flat=True)[:limit])


def _attempt(sequence: str | None, *, prefix: str) -> Q:
    # An entry that is pending has no sequence yet: its delivery is enough.
    return Q(sequence=int(sequence)) if sequence and prefix else Q()


def _uids(digits: str) -> tuple[UUID, UUID]:
    """The first and the last id that begin with these digits of base 32."""
    missing = 5 * (DIGITS - len(digits))
    first = int(digits or "0", 32)
    # 26 digits say 130 bits, of which an id has 128.
    low, high = first << missing >> 2, ((first + 1 << missing) - 1) >> 2
    return UUID(int=low), UUID(int=min(high, 2**128 - 1))


def _events(text: str, tenant: int, *, below: int | None = None) -> QuerySet[Any, Any]:
    before = {"pk__lt": below} if below else {}
    indexed = EventText.objects.filter(tenant=tenant, **before).order_by()
    if connection.vendor == "postgresql":
        indexed = indexed.filter(text__icontains=text)
    else:
        phrase = '"' + text.replace('"', '""') + '"'
        found = RawSQL(_BY_WORDS, [phrase])  # noqa: S611 (our own statement)
        indexed = indexed.filter(event__in=found)
    newer = _not_indexed(text, tenant).filter(**before)
    return indexed.values("event").union(newer, all=True)


def _not_indexed(text: str, tenant: int) -> QuerySet[Any, Any]:
    newer = Event.objects.filter(tenant=tenant, pk__gt=PayloadIndex.reaches())
    said = newer.order_by().annotate(said=_Body(EventText.SOURCE))
    return said.filter(Q(said__icontains=text) | Q(entity_id__icontains=text)).values(
        "pk"
    )
