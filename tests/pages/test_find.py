"""An id in the header's field leads to what it names, in one's own tenant alone."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.builders import make_delivery, make_event, make_webhook
from tests.pages.conftest import address

NOTHING = "Nothing has this ID"


def found(client, asked):
    return client.get(address("find", q=asked))


def page_of(delivery):
    ids = [delivery.webhook.public_id, delivery.public_id]
    return reverse("admin:webhook_delivery", args=ids)


def page_of_event(event):
    return reverse("admin:published_event", args=[event.public_id])


def test_it_stands_in_the_header_of_every_page(admin):
    html = admin.get(address("events")).content.decode()

    assert f'class="find" method="get" action="{address("find")}"' in html


def test_a_webhooks_id_leads_to_the_webhook(admin, webhook):
    assert found(admin, f"  {webhook.public_id} ").url == address("webhook", webhook)


def test_a_deliverys_id_leads_to_the_delivery(admin, webhook):
    delivery = make_delivery(webhook)

    assert found(admin, delivery.public_id).url == page_of(delivery)


def test_an_events_id_leads_to_the_event(admin, acme, webhook):
    delivered, unwanted = make_delivery(webhook).event, make_event(acme)
    test = make_event(acme, is_test=True)

    for event in (delivered, unwanted, test):
        assert found(admin, event.public_id).url == page_of_event(event)


@pytest.mark.parametrize(
    "asked", ["whk_x", "dlv_", "evt_nobodys", "x" * 5000, "\0", "<script>alert(1)"]
)
def test_an_id_of_nobodys_leads_nowhere(admin, webhook, asked):
    page = found(admin, asked)

    assert page.status_code == 200
    assert page.context["rows"] == []
    assert "<script>alert" not in page.content.decode()


def test_without_an_id_it_asks_for_one(admin):
    html = found(admin, " ").content.decode()

    assert "Enter the ID of a webhook, a delivery or an event." in html
    assert NOTHING not in html


def test_the_support_finds_what_is_any_tenants(support, acme, globex):
    ours, theirs = (make_delivery(make_webhook(each)) for each in (acme, globex))

    for each in (ours, theirs):
        assert found(support, each.public_id).url == page_of(each)
        code = each.event.tenant.company_code
        url = f"{page_of_event(each.event)}?tenant={code}"
        assert found(support, each.event.public_id).url == url


def test_of_events_of_several_tenants_the_support_chooses(support, acme, globex):
    events = [make_event(each, public_id="evt_the_same") for each in (acme, globex)]

    page = found(support, "evt_the_same")

    assert [row[0] for row in page.context["rows"]] == events[::-1]
    html = page.content.decode()
    for code in ("ACME", "GLOBEX"):
        assert f'href="{page_of_event(events[0])}?tenant={code}"' in html


def test_globex_is_answered_as_for_nobodys(globexs, webhook):
    delivery = make_delivery(webhook)

    for asked in (webhook.public_id, delivery.public_id, delivery.event.public_id):
        page = found(globexs, asked)
        assert page.status_code == 200
        assert NOTHING in page.content.decode()
        assert webhook.name not in page.content.decode()


def test_the_same_id_of_an_event_leads_each_to_their_own(admin, globexs, acme, globex):
    for client, tenant in ((admin, acme), (globexs, globex)):
        event = make_event(tenant, public_id="evt_the_same")
        make_delivery(make_webhook(tenant), event=event)

        assert found(client, "evt_the_same").url == page_of_event(event)


def test_no_id_takes_many_queries(admin, acme, webhook):
    def queries(asked):
        with CaptureQueriesContext(connection) as found_by:
            found(admin, asked)
        return len(found_by)

    event = make_event(acme)
    for _ in range(60):
        make_delivery(webhook, event=event, is_replay=True)
    queries("evt_nobodys")

    for asked in (event.public_id, "evt_nobodys", webhook.public_id, ""):
        assert queries(asked) <= 12
