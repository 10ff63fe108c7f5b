"""Named steps at which a worker kills itself, for the tests of faults and nothing else.

`WEBHOOKS_DIE_AT=after-send:3` means SIGKILL when a worker process comes to that step
for the third time. `manage.py check` refuses the variable while DEBUG is off.
"""

from __future__ import annotations

import logging
import os
import signal
from enum import StrEnum
from itertools import count

from django.conf import settings

logger = logging.getLogger(__name__)


class Step(StrEnum):
    BEFORE_CLAIM = "before-claim"
    AFTER_CLAIM = "after-claim"
    AFTER_SEND = "after-send"
    # Inside the transaction of the record: what it wrote is rolled back.
    BEFORE_COMMIT = "before-commit"
    AFTER_RECORD = "after-record"
    # Inside the transaction that stops a webhook, before and after it is written.
    BEFORE_STOP = "before-stop"
    AFTER_STOP = "after-stop"
    # Inside the transaction of a batch of a recovery, and after it.
    BEFORE_QUEUED = "before-queued"
    AFTER_QUEUED = "after-queued"


_arrivals = count(1)


def reach(step: Step) -> None:
    """Nothing happens here, unless a test wants this worker to die."""
    if settings.WEBHOOKS_DIE_AT:
        _die_if_it_is_time(step, *settings.WEBHOOKS_DIE_AT.split(":"))


def _die_if_it_is_time(step: Step, fatal: str, number: str) -> None:
    # A worker that is forked anew counts from one: its parent came to no step.
    if step == fatal and next(_arrivals) == int(number):
        logger.warning("worker.killed", extra={"step": step})
        os.kill(os.getpid(), signal.SIGKILL)
