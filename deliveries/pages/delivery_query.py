"""What the address of a list of deliveries asks for, and what else it could."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from deliveries.logs.delivery_criteria import DeliveryCriteria
from deliveries.logs.delivery_status import DeliveryStatus
from deliveries.logs.searching import LONGEST, SHORTEST
from deliveries.pages.periods import asked_period
from deliveries.pages.reasons import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

    from deliveries.pages.periods import Period

TESTS = "test"
STATUSES = (*DeliveryStatus, TESTS)
CODES = ("2xx", "3xx", "4xx", "5xx")
_CODE = re.compile(r"[1-5](xx|[0-9]{2})", re.ASCII)
# Beyond these a search is for nothing that exists.
_LONGEST_NAME = 100
NARROWING = ("status", "event", "code", "reason", "from", "to", "q", "recovery")


@dataclass(frozen=True, slots=True)
class Asked:
    """*errors*: what of it cannot be understood; nothing is found then."""

    status: str
    event: str
    code: str
    reason: str
    period: Period
    words: str
    recovery: str
    errors: tuple[str, ...]

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        said = {name: query.get(name, "").strip() for name in NARROWING}
        period, wrong = asked_period(said)
        return cls(
            status=said["status"],
            event=said["event"],
            code=said["code"],
            reason=said["reason"],
            period=period,
            words=said["q"],
            recovery=said["recovery"],
            errors=(*_errors(said), *wrong),
        )

    @property
    def is_narrowed(self) -> bool:
        told = (self.status, self.event, self.code, self.reason, self.recovery)
        return any((*told, *self.period, self.words))

    def criteria(self) -> DeliveryCriteria:
        """Tests are among them where one asks for them, or for an id or a text."""
        tests = None if self.words or self.recovery else False
        statuses = [DeliveryStatus(self.status)] if self._is_status else []
        return DeliveryCriteria(
            statuses=statuses,
            event_types=[self.event] if self.event else [],
            codes=_codes(self.code) if self.code else None,
            reason=self.reason,
            since=self.period.since,
            until=self.period.until,
            search=self.words,
            recovery=self.recovery,
            tests=True if self.status == TESTS else tests,
        )

    @property
    def _is_status(self) -> bool:
        return bool(self.status) and self.status != TESTS


def _errors(said: dict[str, str]) -> list[str]:
    known: dict[str, Any] = {
        "status": said["status"] in ("", *STATUSES),
        "code": not said["code"] or bool(_CODE.fullmatch(said["code"])),
        "reason": said["reason"] in ("", *REASONS),
        "event": len(said["event"]) <= _LONGEST_NAME,
        "recovery": len(said["recovery"]) <= _LONGEST_NAME,
    }
    found = [
        _("There is no such filter: %s.") % f"{name}={said[name][:50]}"
        for name, is_known in known.items()
        if not is_known
    ]
    return found + wrong_texts(said)


def wrong_texts(said: Mapping[str, str]) -> list[str]:
    """What no text may hold, and how long one that is searched for may be."""
    found = []
    if any("\0" in text for text in said.values()):
        found.append(_("Null characters are not allowed."))
    if said["q"] and not SHORTEST <= len(said["q"]) <= LONGEST:
        limits = {"least": SHORTEST, "most": LONGEST}
        found.append(_("Search for %(least)d to %(most)d characters.") % limits)
    return found


def _codes(text: str) -> range:
    if text.endswith("xx"):
        return range(int(text[0]) * 100, int(text[0]) * 100 + 100)
    return range(int(text), int(text) + 1)
