"""What was stored in English, in the language of who reads it.

Verifications, attempts and incidents keep the sentence that they ended with, for the
API and for mails. Pages find out what it is made of and say it anew.
"""

from __future__ import annotations

from deliveries import verification
from deliveries.notifications import sentences
from deliveries.transport import failures
from deliveries.wire import grants
from subscriptions import spoken
from subscriptions import verification as ownership

_ALL = (
    *ownership.TEMPLATES,
    *verification.TEMPLATES,
    *failures.TEMPLATES,
    *grants.TEMPLATES,
    *sentences.TEMPLATES,
)
# The longest first: of two that fit, it leaves less to its facts.
TEMPLATES = tuple(sorted(_ALL, key=len, reverse=True))


def retold(text: str) -> str:
    """One of our sentences; any other text as it is."""
    return spoken.retold(text, templates=TEMPLATES)
