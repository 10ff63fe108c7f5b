"""What the address of the list of events asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from deliveries.logs.event_criteria import EventCriteria
from deliveries.pages.delivery_query import wrong_texts
from deliveries.pages.periods import asked_period

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import QueryDict

    from deliveries.pages.periods import Period
    from subscriptions.models import Subsidiary, Tenant
    from subscriptions.pages.visitor import Visitor

NARROWING = ("tenant", "event", "entity", "from", "to", "q")
# Beyond it a filter is for nothing that exists.
LONGEST = 200


@dataclass(frozen=True, slots=True)
class AskedEvents:
    """*tenant*: whose events; None: of all of them, for the platform's support.

    *errors*: what of it cannot be understood; nothing is found then.
    """

    tenant: Tenant | None
    subsidiary: Subsidiary | None
    event: str
    entity: str
    period: Period
    words: str
    is_narrowed: bool
    errors: tuple[str, ...]

    @classmethod
    def of(
        cls, query: QueryDict, visitor: Visitor, *, tenants: Iterable[Tenant]
    ) -> AskedEvents:
        """*tenants*: those among which the support chooses."""
        said = {name: query.get(name, "").strip() for name in NARROWING}
        period, wrong = asked_period(said)
        by_code = {each.company_code: each for each in tenants}
        if not visitor.is_support:
            said["tenant"] = ""
        return cls(
            tenant=visitor.tenant or by_code.get(said["tenant"]),
            subsidiary=visitor.subsidiary,
            event=said["event"],
            entity=said["entity"],
            period=period,
            words=said["q"],
            is_narrowed=any(said.values()),
            errors=(*_errors(said, known=by_code.keys()), *wrong),
        )

    def criteria(self) -> EventCriteria:
        return EventCriteria(
            tenant=self.tenant,
            subsidiary=self.subsidiary,
            type=self.event,
            entity_id=self.entity,
            since=self.period.since,
            until=self.period.until,
            search=self.words,
        )


def _errors(said: dict[str, str], *, known: Iterable[str]) -> list[str]:
    refused = [name for name in ("event", "entity") if len(said[name]) > LONGEST]
    if said["tenant"] and said["tenant"] not in known:
        refused.append("tenant")
    told = _("There is no such filter: %s.")
    return [told % f"{name}={said[name][:50]}" for name in refused] + wrong_texts(said)
