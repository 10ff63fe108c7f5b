"""A webhook with a filter gets the events that match, wherever events come from."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deliveries.models import Delivery
from deliveries.publishing import publish_batch
from deliveries.webhook_tests import publish_test
from subscriptions.filter_checks import refuse_pointless
from subscriptions.filters import BadFilter
from subscriptions.models import EventType, Subsidiary, Webhook
from subscriptions.webhooks import update_webhook
from tests.builders import make_webhook, publish_sample, sample_of
from tests.integration.test_publishing import fact

WANTED = {"data.tenderId": ["T-1"]}


def tender(number):
    return sample_of("tender.created") | {"tenderId": f"T-{number}"}


def takers():
    return set(Delivery.objects.values_list("webhook_id", flat=True))


# --- Fan-out ------------------------------------------------------------------------


def test_only_what_matches_is_delivered(acme):
    webhook = make_webhook(acme, filter=WANTED)
    everything = make_webhook(acme)

    first = publish_sample(acme, data=tender(1))
    second = publish_sample(acme, data=tender(2))

    assert (first.deliveries, second.deliveries) == (2, 1)
    got = Delivery.objects.order_by("pk").values_list("webhook_id", "event_id")
    assert set(got) == {
        (webhook.pk, first.event.pk),
        (everything.pk, first.event.pk),
        (everything.pk, second.event.pk),
    }


def test_the_envelope_can_be_asked_too(acme):
    types = ["tender.created", "tender.rejected"]
    webhook = make_webhook(acme, events=types, filter={"type": ["tender.rejected"]})

    publish_sample(acme, "tender.created")
    assert takers() == set()

    publish_sample(acme, "tender.rejected")
    assert takers() == {webhook.pk}


def test_a_filter_sees_the_diff_that_we_made(acme):
    webhook = make_webhook(
        acme,
        events=["load.changed"],
        filter={"data.diff.changes.kind": ["StatusChanged"]},
    )
    now = {"load": {"id": "L-1", "status": "Open", "poNumber": "1"}}

    publish_sample(
        acme,
        "load.changed",
        data=now,
        previous={"load": now["load"] | {"poNumber": "2"}},
    )
    assert takers() == set()

    publish_sample(
        acme,
        "load.changed",
        data=now,
        previous={"load": now["load"] | {"status": "Paid"}},
    )
    assert takers() == {webhook.pk}


def test_filters_of_many_webhooks_cost_no_query(acme, django_assert_num_queries):
    make_webhook(acme)
    with CaptureQueriesContext(connection) as without:
        publish_batch([fact(acme, data=tender(1))])
    for number in range(20):
        make_webhook(acme, filter={"data.tenderId": [f"T-{number}"]})

    with django_assert_num_queries(len(without)):
        [publication] = publish_batch([fact(acme, data=tender(3))])

    assert publication.deliveries == 2


def test_in_a_batch_each_event_is_looked_at(acme):
    make_webhook(acme, filter={"data.tenderId": ["T-1", "T-3"]})

    batch = publish_batch([fact(acme, data=tender(n)) for n in range(5)])

    assert [each.deliveries for each in batch] == [0, 1, 0, 1, 0]


def test_another_tenants_filter_changes_nothing(acme, globex):
    make_webhook(globex, filter=WANTED)
    webhook = make_webhook(acme)

    publish_sample(acme, data=tender(2))

    assert takers() == {webhook.pk}


def test_a_test_event_passes_any_filter(acme):
    webhook = make_webhook(acme, filter=WANTED)

    delivery = publish_test(webhook, event_type="tender.created")

    assert delivery.webhook == webhook


# --- What can be set ----------------------------------------------------------------


def of_types(*names):
    return list(names) or ["tender.created"]


@pytest.mark.parametrize(
    ("wanted", "events"),
    [
        ({"data.tenderId": ["T-1"]}, of_types()),
        ({"type": ["tender.created"]}, of_types()),
        ({"id": ["e-1"], "version": ["v1"]}, of_types()),
        ({"data.tender": [None]}, of_types()),
        ({"data.tender.stops.orders.poNumber": ["PO-1", None]}, of_types()),
        ({"data.load.status": ["Anything"]}, of_types("trip.changed", "load.changed")),
        ({"data.load.linehaul.currency": [840]}, of_types("load.changed")),
        (
            {"data.diff.previousAttributes.poNumber": ["free"]},
            of_types("load.changed"),
        ),
    ],
)
def test_a_filter_that_can_match_is_taken(acme, wanted, events):
    assert make_webhook(acme, events=events, filter=wanted).filter == wanted


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (
            {"data.tendreId": ["T-1"]},
            "data.tendreId: no subscribed event type has this member.",
        ),
        ({"datas": [1]}, "datas: no subscribed event type has this member."),
        (
            {"data.tenderId.x": [1]},
            "data.tenderId.x: no subscribed event type has this member.",
        ),
        (
            {"data.load.status": ["Open"]},
            "data.load.status: no subscribed event type has this member.",
        ),
        (
            {"data.tenderId": ["T-1", 7]},
            "data.tenderId: no subscribed event type can have 7 there.",
        ),
        (
            {"type": ["load.changed"]},
            'type: no subscribed event type can have "load.changed" there.',
        ),
        ({"version": ["v2"]}, 'version: no subscribed event type can have "v2" there.'),
        ({"id": [1]}, "id: no subscribed event type can have 1 there."),
        ({"data": ["a"]}, 'data: no subscribed event type can have "a" there.'),
    ],
)
def test_a_filter_that_can_never_match_is_refused(acme, wanted, sentence):
    with pytest.raises(BadFilter) as refusal:
        make_webhook(acme, filter=wanted)

    assert str(refusal.value) == sentence
    assert not Webhook.objects.exists()


def test_other_events_must_suit_the_filter_that_stays(acme):
    webhook = make_webhook(acme, filter=WANTED)

    with pytest.raises(BadFilter) as refusal:
        update_webhook(webhook, changes={"events": ["load.changed"]}, updated_by="x")

    assert str(refusal.value) == (
        "data.tenderId: no subscribed event type has this member."
    )
    webhook.refresh_from_db()
    assert (webhook.revision, webhook.filter) == (1, WANTED)
    assert list(webhook.subscriptions.values_list("event_type__name", flat=True)) == [
        "tender.created"
    ]


def test_events_and_filter_may_change_together(acme):
    webhook = make_webhook(acme, filter=WANTED)
    changes = {"events": ["load.changed"], "filter": {"data.load.id": ["L-1"]}}

    changed = update_webhook(webhook, changes=changes, updated_by="x")

    assert changed.filter == {"data.load.id": ["L-1"]}


def test_true_and_one_are_two_filters(acme):
    queued = "data.queuedForReview"
    webhook = make_webhook(
        acme, events=["tender.change.created"], filter={queued: [True]}
    )

    with pytest.raises(BadFilter):
        update_webhook(webhook, changes={"filter": {queued: [1]}}, updated_by="x")

    same = update_webhook(webhook, changes={"filter": {queued: [True]}}, updated_by="x")
    assert same.revision == 1


def test_a_type_that_left_the_catalogue_still_counts(db):
    EventType.objects.create(
        profile="alvys",
        name="tender.since.withdrawn",
        group="Tenders",
        schema={"type": "object", "properties": {"old": {"type": "string"}}},
        sample={"old": "a"},
        is_deprecated=True,
    )

    refuse_pointless({"data.old": ["a"]}, events=["tender.since.withdrawn"])
    with pytest.raises(BadFilter):
        refuse_pointless({"data.new": ["a"]}, events=["tender.since.withdrawn"])


def test_a_filter_stays_in_its_subsidiary(acme):
    plant = Subsidiary.objects.create(tenant=acme, code="PLANT", name="Plant")
    make_webhook(acme, filter=WANTED, subsidiary=plant)

    assert publish_sample(acme, data=tender(1)).deliveries == 0
