"""Create, change and delete rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from deliveries.models import NotificationRule
from deliveries.notifications.incidents import resolve_all_of
from deliveries.policy.rule_forms import problems_with
from subscriptions.audit import About, Action, changes_between, record
from subscriptions.models import Tenant
from subscriptions.origins import SYSTEM
from subscriptions.refusals import Refusal, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from deliveries.policy.rule_forms import Problem
    from subscriptions.audit import Changes
    from subscriptions.models import User
    from subscriptions.origins import Origin

MAX_RULES = 50
CHANGED = sentence("The rule was changed.")
DELETED = sentence("The rule was deleted.")


class TooManyRules(Refusal):
    def __init__(self) -> None:
        told = sentence("A tenant has at most {limit} notification rules.")
        super().__init__(told, limit=MAX_RULES)


class RuleMismatch(ValueError):
    def __init__(self) -> None:
        super().__init__("The rule was changed since you read it.")


class BadRule(ValueError):
    """Fields that do not go together, each with a sentence."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(problem.sentence for problem in problems))


@transaction.atomic
def create_rule(
    *,
    tenant: Tenant,
    created_by: str,
    now: datetime,
    origin: Origin = SYSTEM,
    **fields: Any,
) -> NotificationRule:
    """Raises BadRule and TooManyRules; then nothing was created."""
    people: Sequence[User] = fields.pop("recipients", ())
    rule = NotificationRule(
        tenant=tenant, created_by=created_by, created_at=now, **fields
    )
    _refuse_nonsense(rule)
    _refuse_too_many(tenant)
    rule.save(force_insert=True)
    rule.recipients.set(people)
    told = fields | {"recipients": people}
    _write_down(Action.RULE_CREATED, rule, origin, changes_between({}, _shown(told)))
    return rule


@transaction.atomic
def update_rule(
    rule: NotificationRule,
    *,
    changes: Mapping[str, Any],
    updated_by: str,
    now: datetime,
    if_match: str | None = None,
    origin: Origin = SYSTEM,
) -> None:
    """Change what *changes* names; what it leaves out stays.

    What says nothing new leaves the revision as it is; else what is open is resolved,
    and the rule begins anew. Raises BadRule and RuleMismatch; then nothing was changed.
    """
    rule = _locked(rule, if_match=if_match)
    before = {name: _value(rule, name) for name in changes}
    new = {name: value for name, value in changes.items() if value != before[name]}
    if not new:
        return
    people = new.get("recipients")
    for name in new.keys() - {"recipients"}:
        setattr(rule, name, new[name])
    _refuse_nonsense(rule)
    if people is not None:
        rule.recipients.set(people)
    rule.updated_at, rule.updated_by, rule.due_at = now, updated_by, None
    rule.revision += 1
    rule.save()
    _write_down(
        Action.RULE_UPDATED, rule, origin, changes_between(_shown(before), _shown(new))
    )
    resolve_all_of(rule, resolution=CHANGED, now=now)


@transaction.atomic
def delete_rule(
    rule: NotificationRule,
    *,
    now: datetime,
    if_match: str | None = None,
    origin: Origin = SYSTEM,
) -> None:
    """It is gone from every list; what is open is resolved. Raises RuleMismatch."""
    rule = _locked(rule, if_match=if_match)
    rule.deleted_at = now
    rule.revision += 1
    rule.save(update_fields=["deleted_at", "revision"])
    _write_down(Action.RULE_DELETED, rule, origin)
    resolve_all_of(rule, resolution=DELETED, now=now)


def _locked(rule: NotificationRule, *, if_match: str | None) -> NotificationRule:
    present = NotificationRule.objects.filter(deleted_at=None)
    fresh: NotificationRule = present.select_for_update(no_key=True).get(pk=rule.pk)
    if if_match is not None and not _matches(if_match, fresh.etag):
        raise RuleMismatch
    return fresh


def _matches(if_match: str, etag: str) -> bool:
    candidates = [text.strip() for text in if_match.split(",")]
    return "*" in candidates or etag in candidates


def _value(rule: NotificationRule, name: str) -> Any:
    if name == "recipients":
        return list(rule.recipients.order_by("pk"))
    return getattr(rule, name)


def _refuse_nonsense(rule: NotificationRule) -> None:
    names = (field.name for field in NotificationRule._meta.concrete_fields)  # noqa: SLF001 (Django's documented API)
    if problems := problems_with({name: getattr(rule, name) for name in names}):
        raise BadRule(problems)


def _refuse_too_many(tenant: Tenant) -> None:
    # The lock makes the count true: two creations cannot both be the last.
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if NotificationRule.objects.of(tenant).count() >= MAX_RULES:
        raise TooManyRules


def _shown(fields: Mapping[str, Any]) -> dict[str, Any]:
    """As the audit log has them: names and ids, no objects."""
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    for name in ("username", "code", "public_id"):
        if hasattr(value, name):
            return getattr(value, name)
    return value


def _write_down(
    action: Action,
    rule: NotificationRule,
    origin: Origin,
    changes: Changes | None = None,
) -> None:
    record(
        action,
        origin=origin,
        about=About("rule", rule.public_id, rule.name),
        tenant_id=rule.tenant_id,
        changes=changes,
    )
