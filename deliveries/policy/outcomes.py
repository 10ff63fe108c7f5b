"""What a reply means for the delivery."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from deliveries.wire.exchange import Failure, FailureKind, Response
from subscriptions.profiles import Retried

if TYPE_CHECKING:
    from deliveries.policy.rules import Rules

TRY_AGAIN = frozenset({408, 429})
OURS = frozenset({FailureKind.OUTAGE, FailureKind.PROXY})


class Outcome(Enum):
    DELIVERED = auto()
    # Worth another attempt: the receiver, or the way to it, is unwell.
    FAILED = auto()
    # The receiver will say the same next time.
    REFUSED = auto()
    # 410: the receiver asks us to stop.
    GONE = auto()
    # The fault was ours: it is charged to nobody, and the attempt is made again.
    EXCUSED = auto()


def classify(reply: Response | Failure, rules: Rules) -> Outcome:
    """Contract, section 8. Redirects are never followed, so they are no success."""
    match reply:
        case Response(status_code=code) if code in rules.success:
            return Outcome.DELIVERED
        case Response(status_code=410) if rules.stops_when_gone:
            return Outcome.GONE
        case Response(status_code=code):
            return Outcome.FAILED if _is_retried(code, rules) else Outcome.REFUSED
        case Failure(kind=kind):
            return Outcome.EXCUSED if kind in OURS else Outcome.FAILED


def _is_retried(code: int, rules: Rules) -> bool:
    is_transient = 500 <= code <= 599 or code in TRY_AGAIN
    return is_transient or rules.retried is Retried.EVERYTHING
