"""Look at all rules that are due; what fails of one stops none of the others."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error, transaction

from deliveries.models import Incident, NotificationRule
from deliveries.notifications.default_rules import ensure_default_rules
from deliveries.notifications.incidents import open_incident, remind, resolve
from deliveries.notifications.measuring import reading_of
from deliveries.notifications.watching import watch_webhooks
from deliveries.policy.notification_rules import (
    EVERY,
    LONGEST_PAUSE,
    Course,
    Step,
    may_open,
    next_step,
    pause_after,
)
from subscriptions.refusals import sentence

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deliveries.notifications.measuring import Reading

CLEARED = sentence("The rule is not hit any more.")
# Of one evaluation; the next goes on with those that have waited longest.
AT_ONCE = 1000

logger = logging.getLogger(__name__)


def evaluate(
    *, clock: Callable[[], datetime], is_told_to_stop: Callable[[], bool] = bool
) -> int:
    """Evaluate what is due; how many rules. Runs beside others without harm."""
    ensure_default_rules(now=clock())
    watch_webhooks(now=clock())
    due = NotificationRule.objects.due(clock(), longest_wait=LONGEST_PAUSE)
    related = due.select_related("tenant", "subsidiary", "webhook__subsidiary")
    done = 0
    for rule in related.order_by("due_at", "pk")[:AT_ONCE]:
        if is_told_to_stop():
            break
        done += _evaluate(rule, now=clock())
    return done


def _evaluate(rule: NotificationRule, *, now: datetime) -> bool:
    """False when somebody else has taken it."""
    same = NotificationRule.objects.filter(pk=rule.pk, due_at=rule.due_at)
    if not same.update(due_at=now + EVERY):
        return False
    began = time.perf_counter()
    try:
        _act_on(rule, reading_of(rule, now=now), now=now)
    except (Error, ArithmeticError, LookupError, TypeError, ValueError):
        # One bad rule, or one bad payload: the others are none the worse.
        logger.exception("rule.failed", extra={"rule": rule.public_id})
    took = timedelta(seconds=time.perf_counter() - began)
    if (pause := pause_after(took)) > EVERY:
        NotificationRule.objects.filter(pk=rule.pk).update(due_at=now + pause)
    return True


@transaction.atomic
def _act_on(rule: NotificationRule, reading: Reading, *, now: datetime) -> None:
    # Who changes or deletes the rule waits, and so does another evaluator. Of a rule
    # that was changed since we read it the number means nothing.
    held = NotificationRule.objects.live().select_for_update(no_key=True)
    if not held.filter(pk=rule.pk, revision=rule.revision).exists():
        return
    incident = Incident.objects.open().filter(rule=rule, webhook=None).first()
    course = Course(incident.told_at, incident.clear_since) if incident else None
    step = next_step(
        hits=reading.hits,
        course=course,
        now=now,
        repeats_after=rule.window if rule.repeats_each_window else None,
    )
    if incident is None:
        if step is Step.OPEN and _has_rested(rule, now=now):
            open_incident(rule, reading, now=now)
        return
    incident.rule = rule
    _take(step, incident, now=now)


def _take(step: Step, incident: Incident, *, now: datetime) -> None:
    mine = Incident.objects.open().filter(pk=incident.pk)
    if step is Step.REMIND:
        remind(incident, now=now)
    elif step is Step.HOLD:
        mine.update(clear_since=None)
    elif step is Step.MARK_CLEAR:
        mine.update(clear_since=now)
    elif step is Step.RESOLVE:
        resolve(incident, resolution=CLEARED, now=now)


def _has_rested(rule: NotificationRule, *, now: datetime) -> bool:
    """Once per window: what comes and goes is told once."""
    incidents = Incident.objects.filter(rule=rule, webhook=None).order_by("-pk")
    last = incidents.values_list("opened_at", flat=True).first()
    rest = rule.window if last and _is_of_this(rule, last) else timedelta()
    return may_open(last_opened_at=last, now=now, rest=rest)


def _is_of_this(rule: NotificationRule, opened_at: datetime) -> bool:
    """Not of what the rule was before it was changed."""
    return rule.updated_at is None or opened_at >= rule.updated_at
