"""A profile that nobody foresaw, as docs/adding-a-profile.md has it."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from types import ModuleType

import pytest

from deliveries.models import Attempt, Delivery, Event
from deliveries.webhook_tests import publish_test
from subscriptions.catalogue import problems_with
from subscriptions.conf import further_profiles
from subscriptions.models import Subsidiary
from subscriptions.profiles import ProfileExists, all_profiles, profile, register
from subscriptions.webhooks import create_webhook
from tests.processes import ROOT
from tests.profiles import make_profile, make_webhook_of, publish_in

PAGE = ROOT / "docs" / "adding-a-profile.md"


@pytest.fixture
def parcel(monkeypatch, settings, speak):
    """The profile of the page, registered as the page says."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    module = ModuleType("dialects")
    exec(code, vars(module))  # noqa: S102 (our own page)
    monkeypatch.setitem(sys.modules, "dialects", module)
    settings.WEBHOOKS_PROFILES = ["dialects.PARCEL"]
    (new,) = further_profiles()
    return speak(new)


@pytest.fixture
def webhook(parcel, acme, receiver):
    return create_webhook(
        tenant=acme,
        subsidiary=Subsidiary.objects.get(tenant=acme),
        name="Doors",
        url=receiver.url(),
        events=["parcel.delivered"],
        created_by="dana@acme.example.com",
        profile="parcel",
    ).webhook


def test_it_is_active_at_once_and_gets_its_own_form(
    acme, parcel, webhook, receiver, drain
):
    event = publish_in(parcel, acme, entity_id="P-1")

    drain()

    (request,) = receiver.requests
    assert webhook.status == "Active"
    assert request.json == {
        "key": event.public_id,
        "at": int(event.occurred_at.timestamp() * 1000),
        "what": "parcel.delivered",
        "parcel": {"parcel": "P-1", "door": "blue"},
    }
    assert request.body == bytes(event.body)
    assert request["X-Alvys-Event"] == "parcel.delivered"
    assert Delivery.objects.get().state == Delivery.State.SUCCEEDED


def test_its_policy_holds(acme, parcel, webhook, receiver, drain, clock):
    receiver.script(404, 201, 503, 202)
    publish_in(parcel, acme)

    drain()
    for delay in (
        timedelta(seconds=2),
        timedelta(minutes=10),
        timedelta(hours=24),
    ):
        clock.now += delay
        drain()

    assert [each["X-Alvys-Attempt"] for each in receiver.events] == list("1234")
    log = Attempt.objects.order_by("id").values_list("status_code", "status")
    assert list(log) == [
        (404, "failed"),
        (201, "failed"),
        (503, "failed"),
        (202, "success"),
    ]


def test_it_stops_by_its_own_rule(acme, parcel, webhook, receiver, drain):
    receiver.always(400)
    for _ in range(20):
        publish_in(parcel, acme)

    drain()

    webhook.refresh_from_db()
    assert (webhook.status, webhook.disabled_reason) == (
        "Disabled",
        "ConsecutiveFailures",
    )
    told = Event.objects.get(type="webhook.disabled")
    assert b'"consecutiveFailures":20' in bytes(told.body)


def test_its_test_is_its_sample(webhook, receiver, drain):
    publish_test(webhook, event_type="parcel.delivered")

    drain()

    assert receiver.requests[0].json["parcel"] == {"parcel": "P-1", "door": "blue"}


def test_its_samples_satisfy_their_schemas(parcel):
    assert [problems_with(dict(e.sample), e) for e in parcel.event_types] == [[]]


def test_another_tenant_gets_nothing(globex, acme, parcel, webhook, receiver, drain):
    publish_in(parcel, globex)

    drain()

    assert not receiver.requests
    assert not Delivery.objects.exists()


def test_two_profiles_cannot_have_one_name(parcel):
    with pytest.raises(
        ProfileExists, match=r"^There is another profile named 'parcel'"
    ):
        register(make_profile("parcel"))

    assert profile("parcel") is parcel
    register(parcel)
    assert all_profiles().count(parcel) == 1


def test_a_dialect_does_not_change_another(
    acme, parcel, webhook, speak, receiver, drain
):
    letters = speak(make_profile("letters", success=frozenset({200})))
    make_webhook_of(letters, acme, url=receiver.url("/letters"))
    receiver.always(202)
    receiver.always(202, path="/letters")
    publish_in(parcel, acme)
    publish_in(letters, acme)

    drain()

    states = dict(Delivery.objects.values_list("event__type", "state"))
    assert states["parcel.delivered"] == Delivery.State.SUCCEEDED
    assert states["letters.sent"] == Delivery.State.FAILED
