"""One event: what it says, who got it and who did not, and as far as known why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from deliveries.bystanders import Cause, bystanders_of
from deliveries.models import Delivery, Event
from subscriptions.models import AuditEvent, Subsidiary, Webhook
from tests.builders import make_attempt, make_delivery, make_event, make_webhook
from tests.pages.conftest import address, told

State = Delivery.State
HERE = "/admin/settings/events/"


def of(event):
    return f"{HERE}{event.public_id}/"


def ended(webhook, event, state=State.SUCCEEDED, **fields):
    delivery = make_delivery(
        webhook, event=event, state=state, attempts_made=1, **fields
    )
    outcome = {} if state == State.SUCCEEDED else {"status": "failed"}
    make_attempt(delivery, **outcome)
    return delivery


@pytest.fixture
def event(acme):
    return make_event(
        acme,
        type="load.changed",
        entity_type="Load",
        entity_id="L 1/7",
        data={"note": "<script>alert(1)</script>"},
    )


def test_it_says_what_happened(admin, event):
    response = admin.get(of(event))

    html = response.content.decode()
    assert f'href="{address("published_events", entity="L 1/7")}"' in html
    assert f'href="{reverse("admin:event", args=["load.changed"])}"' in html
    assert f'data-copy="{event.public_id}"' in html
    for said in ("Load ", "Main", "Happened", "Published"):
        assert said in html


def test_its_payload_is_shown_and_does_nothing(admin, event):
    html = admin.get(of(event)).content.decode()

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert 'data-copy-from="#payload"' in html
    assert "with-previous" not in html


def test_both_forms_of_it_are_shown_where_they_differ(admin, acme):
    both = make_event(acme, body=b'{"a":1}', body_with_previous=b'{"a":1,"was":2}')
    same = make_event(acme, body=b'{"a":1}', body_with_previous=b'{"a":1}')

    panes = [pane[0] for pane in admin.get(of(both)).context["panes"]]
    assert panes == ["payload", "with-previous"]
    assert [pane[0] for pane in admin.get(of(same)).context["panes"]] == ["payload"]


def test_of_a_long_payload_the_beginning_is_shown(admin, acme):
    event = make_event(acme, data={"text": "x" * 40_000})

    html = admin.get(of(event)).content.decode()

    assert "The first 16 KB of 39 KB. The API has the whole body." in html
    assert len(html) < 200_000


def test_what_was_too_large_to_be_sent_says_so(admin, acme):
    event = make_event(acme, body=b'{"data":{}}', full_body=b'{"data":{"load":1}}')

    (pane,) = admin.get(of(event)).context["panes"]

    assert pane[2:] == (
        '{"data":{}}',
        "The whole was too large: it is sent without its snapshot.",
    )


def test_of_a_deleted_payload_the_day_is_told(admin, event):
    now = event.created_at + timedelta(days=7)
    Event.objects.filter(pk=event.pk).update(body=b"", payload_deleted_at=now)

    response = admin.get(of(event))

    assert f"Kept for 7 days, deleted on {now:%Y-%m-%d}." in response.content.decode()
    assert response.context["panes"] == []


@pytest.mark.parametrize("event_id", [".", "..", "a", "x:1.b-c_D", "9" * 128])
def test_every_id_that_may_be_chosen_has_its_page(admin, acme, event_id):
    event = make_event(acme, public_id=event_id)
    path = reverse("admin:published_event", args=[event_id])

    assert admin.get(path).context["event"] == event
    # What browsers take for another place.
    assert {".", ".."}.isdisjoint(path.split("/"))


@pytest.mark.parametrize(
    "path", ["evt_nobodys/", "é/", "~/", "~a/", "%00/", "a%2Fb/", f"{'9' * 129}/"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_id_of_nobodys_is_not_found(admin, event, path, method):
    assert getattr(admin, method)(HERE + path).status_code == 404


def test_nothing_can_be_posted_to_it(admin, event):
    assert admin.post(of(event)).status_code == 405


# --- Who got it ---------------------------------------------------------------------


def test_its_deliveries_stand_with_the_newest_first(admin, acme, event):
    first, second = make_webhook(acme, name="ERP"), make_webhook(acme, name="CRM")
    done = ended(first, event)
    soon = timezone.now() + timedelta(minutes=1)
    retried = make_delivery(second, event=event, attempts_made=1, due_at=soon)
    attempt = make_attempt(retried, status="failed")

    response = admin.get(of(event))

    rows = response.context["rows"]
    assert [row.delivery for row in rows] == [retried, done]
    assert [str(row.status) for row in rows] == ["retrying", "delivered"]
    assert (rows[0].last_at, rows[0].next_at) == (attempt.started_at, soon)
    assert rows[1].next_at is None
    html = response.content.decode()
    for each in (done, retried):
        assert f'href="{each_page(each)}"' in html
        assert f'href="{address("webhook", each.webhook)}"' in html
    assert "1/4" in html


def each_page(delivery):
    ids = [delivery.webhook.public_id, delivery.public_id]
    return reverse("admin:webhook_delivery", args=ids)


@pytest.mark.parametrize("role", ["admin", "engineer", "support"])
def test_one_of_them_is_sent_again(request, role, acme, webhook, event):
    person = request.getfixturevalue(role)
    delivery = ended(webhook, event, State.FAILED)
    (row,) = person.get(of(event)).context["rows"]
    path = reverse("admin:webhook_resend", args=[webhook.public_id, delivery.public_id])

    for _ in range(2):
        response = person.post(path, {"token": row.token}, follow=True)

    again = Delivery.objects.exclude(pk=delivery.pk).get()
    assert (again.event, again.webhook, again.is_replay) == (event, webhook, True)
    assert told(response)[-1] == "Sent again: this is the new delivery."
    assert AuditEvent.objects.filter(action="delivery.replayed", tenant=acme).exists()


def test_what_cannot_be_sent_again_has_no_button(admin, acme, event):
    disabled = make_webhook(acme, status="Disabled")
    gone = make_webhook(acme, name="Former")
    ended(disabled, event, State.FAILED)
    ended(gone, event, State.FAILED)
    make_delivery(make_webhook(acme), event=event)
    Webhook.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())

    response = admin.get(of(event))

    assert [row.token for row in response.context["rows"]] == ["", "", ""]
    html = response.content.decode()
    assert "Former" in html
    assert gone.public_id not in html
    assert 'name="token"' not in html


def test_without_its_payload_nothing_is_sent_again(admin, webhook, event):
    ended(webhook, event, State.FAILED)
    later = event.created_at + timedelta(days=7)
    Event.objects.filter(pk=event.pk).update(body=b"", payload_deleted_at=later)

    (row,) = admin.get(of(event)).context["rows"]

    assert row.token == ""


def test_of_very_many_deliveries_the_newest_are_shown(admin, webhook, event):
    for _ in range(101):
        make_delivery(webhook, event=event, is_replay=True)

    response = admin.get(of(event))

    assert len(response.context["rows"]) == 100
    assert "The newest 100 of them." in response.content.decode()


def test_many_deliveries_take_as_many_queries_as_two(admin, acme, event):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert admin.get(of(event)).status_code == 200
        return len(asked)

    for _ in range(2):
        ended(make_webhook(acme), event)
        make_webhook(
            acme, filter={"data.load.status": ["Open"]}, events=["load.changed"]
        )
    queries()
    few = queries()
    for _ in range(15):
        ended(make_webhook(acme), event, State.FAILED)
        make_webhook(
            acme, filter={"data.load.status": ["Open"]}, events=["load.changed"]
        )

    assert queries() == few <= 12


# --- Who did not, and why -----------------------------------------------------------


def causes(event):
    everybody = Webhook.objects.of(event.tenant)
    found = bystanders_of(Event.objects.get(pk=event.pk), among=everybody)
    return {each.webhook.name: each.causes for each in found}


def test_each_webhook_that_did_not_get_it_has_its_causes(acme):
    now = timezone.now()
    east = Subsidiary.objects.create(tenant=acme, code="EAST", name="East")
    main = acme.subsidiaries.get(code="MAIN")
    event = make_event(
        acme,
        type="load.changed",
        subsidiary=main,
        created_at=now + timedelta(hours=1),
        data={"load": {"status": "Open"}},
    )

    def webhook(name, **fields):
        fields = {"events": ["load.changed"], "subsidiary": main} | fields
        return make_webhook(acme, name=name, **fields)

    ended(webhook("got it"), event)
    webhook("elsewhere", subsidiary=east)
    webhook("as if it had")
    webhook("stranger", events=["tender.created"])
    webhook("choosy", filter={"data.load.status": ["Covered"]})
    webhook("content", filter={"data.load.status": ["Open"]})
    webhook("pending", status="Pending")
    webhook("stopped", status="Disabled")
    late = webhook("late", status="Disabled", events=["tender.created"])
    later = event.created_at + timedelta(days=1)
    Webhook.objects.filter(pk=late.pk).update(created_at=later, disabled_at=later)

    assert causes(event) == {
        "as if it had": [],
        "choosy": [Cause.NOT_MATCHED],
        "content": [],
        "late": [Cause.ADDED_LATER, Cause.NOT_SUBSCRIBED, Cause.NOT_ACTIVE],
        "pending": [Cause.NOT_ACTIVE],
        "stopped": [Cause.STOPPED_BEFORE],
        "stranger": [Cause.NOT_SUBSCRIBED],
    }


def test_nobody_is_told_about_itself(acme):
    webhook = make_webhook(acme, name="itself", events=["webhook.failing"])
    about = {"entity_type": "Webhook", "entity_id": webhook.public_id}
    event = make_event(acme, type="webhook.failing", **about)

    assert causes(event) == {"itself": [Cause.ABOUT_ITSELF]}


def test_without_the_payload_no_filter_is_tried(acme):
    make_webhook(acme, name="choosy", filter={"data.tenderId": ["1"]})
    now = timezone.now()
    event = make_event(acme, body=b"", payload_deleted_at=now)

    assert causes(event) == {"choosy": [Cause.NOT_TRIED]}


def test_a_filter_sees_what_was_too_large_to_be_sent(acme):
    make_webhook(acme, name="choosy", filter={"data.tenderId": ["1"]})
    bodies = {"body": b'{"data":{}}', "full_body": b'{"data":{"tenderId":"1"}}'}
    event = make_event(acme, **bodies)

    assert causes(event) == {"choosy": []}


def test_the_page_says_so_in_words(admin, acme):
    make_webhook(acme, name="Choosy", filter={"data.tenderId": ["1"]})
    make_webhook(acme, name="Open to all")
    make_webhook(acme, name="Stranger", events=["load.changed"])
    event = make_event(acme, data={"tenderId": "2"})

    html = admin.get(of(event)).content.decode()

    assert "No webhook wanted it" in html
    for said in (
        "as they are set up now",
        "Its filter does not match this event.",
        "As it is set up now, it gets such events.",
        "1 is not subscribed to this event type",
        "Only webhooks of Main get its events.",
    ):
        assert said in html


def test_where_there_is_no_webhook_one_can_add_one(admin, support, event):
    new = address("webhook_new", event="load.changed")

    html = admin.get(of(event)).content.decode()

    assert "Main has no webhook, and only webhooks of Main get its events." in html
    assert f'href="{new}"' in html
    assert f'href="{new}"' not in support.get(of(event)).content.decode()


def test_of_a_test_nobody_asks_who_did_not_get_it(admin, acme, webhook):
    make_webhook(acme, name="Elsewhere")
    event = make_event(acme, type="webhook.test", is_test=True)
    ended(webhook, event, is_test=True)

    html = admin.get(of(event)).content.decode()

    assert "Webhooks that did not get it" not in html
    assert '<span class="chip">test</span>' in html


# --- Who sees it --------------------------------------------------------------------


def test_globex_is_answered_as_for_nobodys(globexs, event, webhook):
    ended(webhook, event)

    for path in (of(event), f"{of(event)}?tenant=ACME"):
        for method in (globexs.get, globexs.post):
            assert method(path).status_code == 404


def test_the_same_id_leads_each_to_their_own(admin, globexs, acme, globex):
    for client, tenant in ((admin, acme), (globexs, globex)):
        event = make_event(tenant, public_id="evt_the_same")

        assert client.get(of(event)).context["event"] == event


def test_the_support_names_the_tenant(support, acme, globex):
    ours, theirs = (
        make_event(each, public_id="evt_the_same", entity_id="T-1")
        for each in (acme, globex)
    )
    alone = make_event(acme)

    page = support.get(f"{of(theirs)}?tenant=GLOBEX")
    assert page.context["event"] == theirs
    asked = address("published_events", tenant="GLOBEX", entity="T-1")
    assert f'href="{asked.replace("&", "&amp;")}"' in page.content.decode()
    assert support.get(of(alone)).context["event"] == alone
    for code in ("NOBODY", "acme"):
        path = f"{of(ours)}?tenant={code}"
        assert support.get(path).status_code == 404
    # Whose is meant, nobody has said.
    chosen = support.get(of(ours), follow=True)
    assert [row[0] for row in chosen.context["rows"]] == [theirs, ours]


def test_a_delivery_leads_to_its_event(admin, support, webhook, event):
    delivery = ended(webhook, event)

    assert f'href="{of(event)}"' in admin.get(each_page(delivery)).content.decode()
    html = support.get(each_page(delivery)).content.decode()
    assert f'href="{of(event)}?tenant=ACME"' in html
