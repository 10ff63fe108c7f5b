"""What a reply means for the delivery."""

from __future__ import annotations

from enum import Enum, auto

from deliveries.wire.exchange import Failure, FailureKind, Response

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


def classify(reply: Response | Failure) -> Outcome:
    """Contract, section 8. Redirects are never followed, so they are refusals."""
    match reply:
        case Response(status_code=code) if 200 <= code <= 299:
            return Outcome.DELIVERED
        case Response(status_code=410):
            return Outcome.GONE
        case Response(status_code=code) if 500 <= code <= 599 or code in TRY_AGAIN:
            return Outcome.FAILED
        case Response():
            return Outcome.REFUSED
        case Failure(kind=kind):
            return Outcome.EXCUSED if kind in OURS else Outcome.FAILED
