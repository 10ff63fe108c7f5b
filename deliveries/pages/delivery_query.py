"""What the address of a list of deliveries asks for, and what else it could."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from deliveries.logs.delivery_criteria import DeliveryCriteria
from deliveries.logs.delivery_status import DeliveryStatus
from deliveries.logs.searching import LONGEST, SHORTEST
from deliveries.pages.reasons import REASONS
from subscriptions.moments import DATE, moment_or_day

if TYPE_CHECKING:
    from django.http import QueryDict

TESTS = "test"
STATUSES = (*DeliveryStatus, TESTS)
CODES = ("2xx", "3xx", "4xx", "5xx")
_CODE = re.compile(r"[1-5](xx|[0-9]{2})", re.ASCII)
# As a field of a form says it: in UTC, as all times of the form.
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)
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
    since: datetime | None
    until: datetime | None
    words: str
    recovery: str
    errors: tuple[str, ...]

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        said = {name: query.get(name, "").strip() for name in NARROWING}
        errors = _errors(said)
        since, until = (_moment(said[name], name) for name in ("from", "to"))
        if since and until and until <= since:
            errors.append(_("The period ends before it begins."))
        return cls(
            status=said["status"],
            event=said["event"],
            code=said["code"],
            reason=said["reason"],
            since=since,
            until=until,
            words=said["q"],
            recovery=said["recovery"],
            errors=tuple(errors),
        )

    @property
    def is_narrowed(self) -> bool:
        told = (self.status, self.event, self.code, self.reason, self.recovery)
        return any((*told, self.since, self.until, self.words))

    def criteria(self) -> DeliveryCriteria:
        """Tests are among them where one asks for them, or for an id or a text."""
        tests = None if self.words or self.recovery else False
        statuses = [DeliveryStatus(self.status)] if self._is_status else []
        return DeliveryCriteria(
            statuses=statuses,
            event_types=[self.event] if self.event else [],
            codes=_codes(self.code) if self.code else None,
            reason=self.reason,
            since=self.since,
            until=self.until,
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
    if any("\0" in text for text in said.values()):
        found.append(_("Null characters are not allowed."))
    if said["q"] and not SHORTEST <= len(said["q"]) <= LONGEST:
        limits = {"least": SHORTEST, "most": LONGEST}
        found.append(_("Search for %(least)d to %(most)d characters.") % limits)
    found += [
        _("This is not a time: %s.") % said[name][:50]
        for name in ("from", "to")
        if said[name] and _moment(said[name], name) is None
    ]
    return found


def _moment(text: str, name: str) -> datetime | None:
    """None: nothing is said, or nothing that can be understood."""
    if _LOCAL.fullmatch(text):
        text = f"{text}Z" if text.count(":") > 1 else f"{text}:00Z"
    try:
        found = moment_or_day(text, at=time.min) if text else None
        is_last_day = name == "to" and DATE.fullmatch(text)
        if found and is_last_day:
            found += timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return found.astimezone(UTC) if found else None


def _codes(text: str) -> range:
    if text.endswith("xx"):
        return range(int(text[0]) * 100, int(text[0]) * 100 + 100)
    return range(int(text), int(text) + 1)
