"""What an attempt means for its delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deliveries.models import Delivery
from deliveries.policy.egress import PAUSE
from deliveries.policy.outcomes import Outcome, classify
from deliveries.policy.retry import retry_after

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from deliveries.engine.delivering import Sent
    from deliveries.engine.leases import Claimed
    from deliveries.policy.rules import Rules

State = Delivery.State


class Verdict(NamedTuple):
    """*due_at*: of the next attempt, if there is one."""

    sent: Sent
    outcome: Outcome
    state: State
    due_at: datetime | None

    @property
    def claimed(self) -> Claimed:
        return self.sent.claimed

    @property
    def rules(self) -> Rules:
        return self.sent.rules

    @property
    def has_ended(self) -> bool:
        return self.state != State.PENDING

    @property
    def has_succeeded(self) -> bool:
        return self.outcome is Outcome.DELIVERED

    @property
    def has_failed(self) -> bool:
        """By the receiver's fault, or on the way to it."""
        return self.outcome not in {Outcome.DELIVERED, Outcome.EXCUSED}

    @property
    def charge(self) -> int:
        """What it adds to the attempts that were made."""
        return 0 if self.outcome is Outcome.EXCUSED else 1

    @property
    def ended_at(self) -> datetime | None:
        return self.sent.ended_at if self.has_ended else None

    @property
    def unacknowledged_since(self) -> datetime | None:
        """Since when its event is, if it was not before; where that is of account."""
        is_noted = self.rules.patience is not None and not self.claimed.is_test
        return self.sent.started_at if is_noted and self.has_failed else None


def verdict_on(sent: Sent) -> Verdict:
    outcome = classify(sent.exchange.reply, sent.rules)
    if outcome is Outcome.DELIVERED:
        return Verdict(sent, outcome, State.SUCCEEDED, None)
    if outcome is Outcome.EXCUSED:
        return Verdict(sent, outcome, State.PENDING, sent.ended_at + PAUSE)
    delay = _delay(sent) if outcome is Outcome.FAILED else None
    if delay is None:
        return Verdict(sent, outcome, State.FAILED, None)
    return Verdict(sent, outcome, State.PENDING, sent.ended_at + delay)


def _delay(sent: Sent) -> timedelta | None:
    """Until the next attempt; None when there is none."""
    if sent.claimed.is_test:
        return None
    wish = retry_after(sent.exchange.reply, now=sent.ended_at)
    return sent.rules.retries.delay_after(attempt_number=sent.claimed.number, wish=wish)
