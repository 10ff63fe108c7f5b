"""From what a program says happened to the facts that are published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import ValidationError

from deliveries.facts import Fact, InvalidData
from deliveries.publishing import publish_batch
from deliveries.statements import among, execute
from subscriptions.catalogue import UnknownEventTypes
from subscriptions.models import Subsidiary, Tenant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from deliveries.publications import Publication

    # The name of a field of the event at that place, as the caller knows it.
    Naming = Callable[[int, str], str]

Event = dict[str, Any]

# Asked for each publication: to have it built each time would cost as much again.
_SUBSIDIARIES = """
SELECT id, tenant_id, code FROM subscriptions_subsidiary
WHERE tenant_id {} AND code {}
"""
_COLUMNS = ("id", "tenant_id", "code")


def publish_events(
    events: Sequence[Event], *, tenant: Tenant | None, naming: Naming
) -> list[Publication]:
    """Publish all of *events*, which bodies have understood, or none.

    *tenant* is the caller's; without one each event says whose it is. Raises
    ValidationError, naming the fields of the events that were refused.
    """
    facts = _facts(events, tenant=tenant, naming=naming)
    try:
        return publish_batch(facts)
    except InvalidData as error:
        refused = {naming(error.index, "Data"): error.problems}
    except UnknownEventTypes as error:
        refused = {
            naming(index, "Type"): [f"Unknown event type: {fact.type}."]
            for index, fact in enumerate(facts)
            if fact.type in error.names
        }
    raise ValidationError(refused)


def _facts(
    events: Sequence[Event], *, tenant: Tenant | None, naming: Naming
) -> list[Fact]:
    tenants = _tenants(events, tenant)
    subsidiaries = _subsidiaries(events, tenants.values())
    facts, refused = [], {}
    for index, event in enumerate(events):
        company_code, code = event.get("company_code"), event["subsidiary"]
        owner = tenants.get(company_code)
        subsidiary = subsidiaries.get((owner.pk, code)) if owner else None
        if owner is None:
            refused[naming(index, "CompanyCode")] = [unknown_company(company_code)]
        elif subsidiary is None:
            refused[naming(index, "SubsidiaryId")] = [_unknown_subsidiary(code)]
        else:
            facts.append(_fact(event, owner, subsidiary))
    if refused:
        raise ValidationError(refused)
    return facts


def _tenants(
    events: Iterable[Event], tenant: Tenant | None
) -> dict[str | None, Tenant]:
    """By company code; None: whose an event is that does not say."""
    if tenant is not None:
        return {None: tenant, tenant.company_code: tenant}
    codes = {event["company_code"] for event in events if "company_code" in event}
    found = Tenant.objects.filter(company_code__in=codes)
    return {row.company_code: row for row in found}


def _subsidiaries(
    events: Iterable[Event], tenants: Iterable[Tenant]
) -> dict[tuple[int, str], Subsidiary]:
    codes = {event["subsidiary"] for event in events}
    owners = {tenant.pk for tenant in tenants}
    if not owners:
        return {}
    (these, ids), (those, names) = among(owners), among(codes)
    found = execute(_SUBSIDIARIES.format(these, those), [*ids, *names])
    return {
        (tenant_id, code): Subsidiary.from_db(None, _COLUMNS, (pk, tenant_id, code))
        for pk, tenant_id, code in found
    }


def _unknown_subsidiary(code: str) -> str:
    return f"The tenant has no subsidiary {code!r}."


def unknown_company(company_code: str | None) -> str:
    # Another tenant's code and one that nobody has get the same words.
    if company_code is None:
        return "This field is required."
    return f"There is no company {company_code!r}."


def _fact(event: Event, tenant: Tenant, subsidiary: Subsidiary) -> Fact:
    owner = {"tenant": tenant, "subsidiary": subsidiary}
    rest = {name: value for name, value in event.items() if name != "company_code"}
    return Fact(**rest | owner)
