"""The support's delivery log: all tenants, bounded, and nobody else's business."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from deliveries.logs.delivery_status import DeliveryStatus
from deliveries.logs.everybodys import Wanted, page_of_all
from deliveries.models import Delivery
from subscriptions.models import AuditEvent, Webhook
from subscriptions.signing_secrets import reveal_secret
from tests.builders import make_attempt, make_delivery, make_webhook
from tests.people import make_person

LOG = "/admin/webhooks/delivery/"


@pytest.fixture
def acmes(acme):
    return make_webhook(acme, name="Warehouse")


@pytest.fixture
def globexs(globex):
    return make_webhook(globex, name="Ledger")


@pytest.fixture
def sam(client, db):
    client.force_login(make_person("sam"))
    client.get(LOG)
    return client


def delivered(webhook):
    delivery = make_delivery(webhook, state=Delivery.State.SUCCEEDED)
    make_attempt(delivery)
    return delivery


def failed(webhook):
    delivery = make_delivery(webhook, state=Delivery.State.FAILED)
    make_attempt(delivery, status="failed", status_code=503)
    return delivery


def shown(response):
    return [each.row.delivery for each in response.context["rows"]]


def test_it_shows_all_tenants_the_newest_first(sam, acmes, globexs):
    first, second, third = delivered(acmes), failed(globexs), make_delivery(acmes)

    response = sam.get(LOG)

    assert shown(response) == [third, second, first]
    html = response.content.decode()
    for said in ("Acme", "Globex", "Warehouse", "Ledger", "503", second.public_id):
        assert said in html


@pytest.mark.parametrize("role", ["admin", "engineer"])
def test_there_is_no_such_page_for_the_people_of_a_tenant(client, acme, role):
    client.force_login(make_person("dana", acme, role=role))

    assert client.get(LOG).status_code == 404
    assert client.post(LOG).status_code == 404
    assert LOG not in client.get(reverse("admin:webhooks")).content.decode()


def test_filters_narrow_it(sam, acmes, globexs):
    bad, good = failed(globexs), delivered(acmes)
    waiting = make_delivery(acmes)

    for query, found in [
        ({"tenant": "GLOBEX"}, [bad]),
        ({"status": "failed"}, [bad]),
        ({"status": "queued"}, [waiting]),
        ({"event": "tender.created"}, [waiting, good, bad]),
        ({"event": "load.changed"}, []),
        ({"q": bad.public_id}, [bad]),
        ({"q": good.event.public_id}, [good]),
        ({"q": acmes.public_id}, [waiting, good]),
        ({"q": "nobody's"}, []),
        ({"tenant": "ACME", "status": "failed"}, []),
        ({"status": "odd", "below": "x", "tenant": "\0"}, [waiting, good, bad]),
    ]:
        assert shown(sam.get(LOG, query)) == found, query


def test_older_ones_follow_page_by_page_whatever_comes_meanwhile(sam, acmes):
    made = [make_delivery(acmes) for _ in range(60)]

    first = sam.get(LOG)
    make_delivery(acmes)
    second = sam.get(LOG + first.context["older"])

    assert shown(first) == made[:9:-1]
    assert shown(second) == made[9::-1]
    assert not second.context["older"]
    assert second.context["newest"] == "?"


def test_a_page_looks_through_so_many_and_no_more(acmes):
    bad = failed(acmes)
    for _ in range(12):
        delivered(acmes)
    wanted = Wanted(status=DeliveryStatus.FAILED)

    first = page_of_all(wanted, below=None, size=5, window=10)
    second = page_of_all(wanted, below=first.older, size=5, window=10)

    assert first.rows == []
    assert [each.delivery for each in second.rows] == [bad]
    assert second.older is None


def test_what_is_sent_again_is_recorded_for_the_tenant(sam, acmes):
    delivery = failed(acmes)
    (row,) = sam.get(LOG).context["rows"]
    address = reverse(
        "admin:webhook_resend", args=[acmes.public_id, delivery.public_id]
    )

    sam.post(address, {"token": row.token})

    again = Delivery.objects.exclude(pk=delivery.pk).get()
    assert (again.event, again.is_replay) == (delivery.event, True)
    last = AuditEvent.objects.latest("id")
    assert (last.action, last.actor_name) == ("delivery.replayed", "sam")
    assert last.tenant == acmes.tenant


def test_to_disable_a_webhook_the_support_gives_a_reason(sam, acmes):
    failed(acmes)
    address = reverse("admin:webhook_disable", args=[acmes.public_id])
    assert address in sam.get(LOG).content.decode()

    sam.post(address, {"note": ""})
    acmes.refresh_from_db()
    assert acmes.status == "Active"

    sam.post(address, {"note": "It floods its owner."})
    acmes.refresh_from_db()
    assert acmes.status == "Disabled"
    assert address not in sam.get(LOG).content.decode()


def test_what_cannot_be_sent_again_has_no_button(sam, acmes):
    make_delivery(acmes)
    assert not sam.get(LOG).context["rows"][0].token
    Webhook.objects.filter(pk=acmes.pk).update(deleted_at=timezone.now())
    failed(acmes)

    response = sam.get(LOG)

    assert [each.token for each in response.context["rows"]] == ["", ""]
    assert "deleted" in response.content.decode()
    assert f"{acmes.public_id}/" not in response.content.decode()


def test_no_secret_is_in_it(sam, acmes):
    failed(acmes)

    assert reveal_secret(acmes)[-12:] not in sam.get(LOG).content.decode()


def test_it_takes_the_same_few_queries_for_ten_and_for_five_hundred(sam, acmes):
    for _ in range(10):
        failed(acmes)
    with CaptureQueriesContext(connection) as ten:
        sam.get(LOG)
    event = Delivery.objects.first().event
    Delivery.objects.bulk_create(
        Delivery(
            event=event,
            webhook=acmes,
            is_replay=True,
            state=Delivery.State.FAILED,
            created_at=timezone.now(),
            ended_at=timezone.now(),
        )
        for _ in range(490)
    )
    with CaptureQueriesContext(connection) as many:
        sam.get(LOG)

    # One less: with more than a page there is no need to ask whether there are older.
    assert len(many) <= len(ten) <= 12
