"""The list of events: what was published, narrowed, paged, and what became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from deliveries.logs.event_criteria import EventCriteria
from deliveries.logs.event_list import events_page, types_of
from deliveries.models import Delivery, Event
from subscriptions.models import Subsidiary
from tests.builders import make_delivery, make_event, make_webhook
from tests.pages.conftest import address

State = Delivery.State
NOBODY = "No webhook wanted it"


def page(client, **query):
    return client.get(address("published_events", **query))


def listed(response):
    return [row.event for row in response.context["rows"]]


def fates(response):
    return [[str(words) for _, words in row.fates] for row in response.context["rows"]]


def ended(webhook, event, state, **fields):
    tried = {} if state == State.SKIPPED else {"attempts_made": 1}
    return make_delivery(webhook, event=event, state=state, **(tried | fields))


def test_events_stand_with_the_newest_first(admin, acme):
    now = timezone.now()
    old = make_event(acme, created_at=now - timedelta(hours=2), entity_id="T-1")
    new = make_event(acme, created_at=now, type="load.changed")

    response = page(admin)

    assert listed(response) == [new, old]
    html = response.content.decode()
    for event in (old, new):
        assert f'href="/admin/settings/events/{event.public_id}/"' in html
        assert f'data-copy="{event.public_id}"' in html
    assert "T-1" in html


def test_they_stand_in_the_sidebar(admin):
    html = admin.get(address("webhooks")).content.decode()

    assert html.index('href="/admin/settings/events/"') < html.index(
        'href="/admin/settings/webhooks/events/"'
    )


def test_each_says_what_became_of_it(admin, acme):
    first, second, third = (make_webhook(acme) for _ in range(3))
    now = timezone.now()
    times = [now - timedelta(minutes=minutes) for minutes in range(3)]
    nobodys, mixed, waiting = (make_event(acme, created_at=at) for at in times)
    ended(first, mixed, State.SUCCEEDED)
    ended(second, mixed, State.FAILED)
    ended(third, mixed, State.SKIPPED)
    make_delivery(first, event=waiting)
    make_delivery(second, event=waiting, attempts_made=1)

    response = page(admin)

    assert listed(response) == [nobodys, mixed, waiting]
    assert fates(response) == [
        [],
        ["1 failed", "1 skipped", "1 delivered"],
        ["1 retrying", "1 queued"],
    ]
    assert response.content.decode().count(NOBODY) == 1


def test_what_was_sent_again_counts_once_as_arrived(admin, acme, webhook):
    event = make_event(acme)
    ended(webhook, event, State.FAILED)
    ended(webhook, event, State.SUCCEEDED, is_replay=True)
    ended(webhook, event, State.FAILED, is_replay=True)

    assert fates(page(admin)) == [["1 delivered"]]


def test_of_several_that_failed_the_latest_counts(admin, acme, webhook):
    event = make_event(acme)
    ended(webhook, event, State.FAILED)
    make_delivery(webhook, event=event, is_replay=True)

    assert fates(page(admin)) == [["1 queued"]]


def test_tests_are_nobodys_events(admin, acme):
    make_event(acme, is_test=True, type="webhook.test")
    event = make_event(acme)

    response = page(admin)

    assert listed(response) == [event]
    assert response.context["event_types"] == ["tender.created"]
    assert "Test events stand with their webhook." in response.content.decode()


def test_filters_narrow_it(admin, acme):
    now = timezone.now()
    load = make_event(
        acme,
        type="load.changed",
        entity_id="L-77",
        created_at=now - timedelta(days=3),
        data={"note": "from Bremen"},
    )
    tender = make_event(acme, public_id="evt_" + 26 * "a", entity_id="T-77")
    day = f"{now - timedelta(days=1):%Y-%m-%d}"

    for query, found in [
        ({"event": "load.changed"}, [load]),
        ({"event": "trip.changed"}, []),
        ({"entity": "T-77"}, [tender]),
        ({"entity": "77"}, []),
        ({"from": day}, [tender]),
        ({"to": day}, [load]),
        ({"event": "load.changed", "from": day}, []),
        ({"q": "EVT_" + 26 * "A"}, [tender]),
        ({"q": tender.public_id[:20]}, [tender]),
        ({"q": "L-77"}, [load]),
        ({"q": "bremen"}, [load]),
        ({"q": "bremen", "event": "tender.created"}, []),
        ({"q": "%%%"}, []),
        # For the support alone.
        ({"tenant": "GLOBEX"}, [tender, load]),
    ]:
        assert listed(page(admin, **query)) == found, query


def test_filters_stay_in_the_links_of_the_page(admin, acme):
    make_event(acme, entity_id="T-1")
    asked = {"event": "tender.created", "entity": "T-1", "q": "tender"}

    response = page(admin, cursor="gone", **asked)

    hour = dict(response.context["presets"])["Last hour"]
    assert "event=tender.created&entity=T-1&q=tender&from=" in hour
    assert "cursor" not in hour
    assert response.context["any_entity"] == "?event=tender.created&q=tender"
    assert "Only the events of one entity:" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"q": "ab"}, "Search for 3 to 200 characters."),
        ({"from": "noon"}, "This is not a time: noon."),
        (
            {"from": "2026-11-02", "to": "2026-11-01"},
            "The period ends before it begins.",
        ),
        ({"q": "a\0bc"}, "Null characters are not allowed."),
        ({"entity": "x" * 201}, f"There is no such filter: entity={'x' * 50}."),
    ],
)
def test_what_cannot_be_understood_is_said(admin, acme, query, sentence):
    make_event(acme)

    response = page(admin, **query)

    assert response.status_code == 200
    assert response.context["asked"].errors == (sentence,)
    assert listed(response) == []


def test_only_types_that_there_are_can_be_chosen(admin, acme, globex):
    for name in ("trip.changed", "load.changed", "trip.changed"):
        make_event(acme, type=name)
    make_event(globex, type="tender.created")

    response = page(admin, event="never.was")

    assert types_of(acme) == ["load.changed", "trip.changed"]
    assert response.context["event_types"] == [
        "load.changed",
        "never.was",
        "trip.changed",
    ]


def test_an_empty_list_says_why(admin, acme):
    assert "No events yet" in page(admin).content.decode()

    make_event(acme)

    html = page(admin, event="load.changed").content.decode()
    assert "No events match these filters" in html
    assert f'href="{address("published_events")}">Clear filters' in html


# --- Page by page -------------------------------------------------------------------


@pytest.mark.parametrize("query", [{}, {"event": "tender.created"}, {"q": "tender"}])
def test_pages_follow_a_place_that_new_events_do_not_move(admin, acme, query):
    now = timezone.now()
    made = [
        make_event(acme, created_at=now - timedelta(minutes=each // 7))
        for each in range(120, 0, -1)
    ]

    response, pages = page(admin, **query), []
    while response.context["older"]:
        pages += listed(response)
        make_event(acme)
        response = admin.get(address("published_events") + response.context["older"])
    pages += listed(response)

    assert pages == made[::-1]
    assert response.context["newest"] == (
        address("published_events", **query).removeprefix("/admin/settings/events/")
        or "?"
    )


@pytest.mark.parametrize("cursor", ["x", "evt_1", "\0", "e30.x"])
def test_a_place_that_is_none_leads_to_the_beginning(admin, acme, cursor):
    event = make_event(acme)

    assert listed(page(admin, cursor=cursor)) == [event]


def walk(criteria, *, size, window):
    """All pages: the events of each."""
    pages, after = [], ""
    while True:
        found = events_page(criteria, after=after, size=size, window=window)
        pages.append([row.event for row in found.rows])
        after = found.older
        if not after:
            return pages


def test_a_page_looks_through_so_many_and_no_more(acme):
    subsidiary = Subsidiary.objects.create(tenant=acme, code="EAST", name="East")
    now = timezone.now()
    times = [now - timedelta(minutes=minutes) for minutes in range(14)]
    rare = {0: subsidiary, 9: subsidiary, 13: subsidiary}
    main = acme.subsidiaries.get(code="MAIN")
    made = [
        make_event(acme, created_at=at, subsidiary=rare.get(number, main))
        for number, at in enumerate(times)
    ]

    criteria = EventCriteria(tenant=acme, subsidiary=subsidiary)

    assert walk(criteria, size=5, window=4) == [[made[0]], [], [made[9]], [made[13]]]


def test_events_of_one_moment_are_looked_through_together(acme):
    now = timezone.now()
    made = [make_event(acme, created_at=now, type="load.changed") for _ in range(9)]
    other = make_event(acme, created_at=now - timedelta(hours=1))
    since = now - timedelta(days=1)

    loads = EventCriteria(tenant=acme, type="load.changed", since=since)
    tenders = EventCriteria(tenant=acme, type="tender.created", since=since)

    assert walk(loads, size=5, window=4) == [made[:3:-1], made[3::-1], []]
    assert walk(tenders, size=5, window=4) == [[], [other]]


def test_a_search_looks_at_so_many_that_say_it_and_no_more(acme):
    made = [
        make_event(acme, type="load.changed" if number % 7 else "tender.created")
        for number in range(15)
    ]

    everything = EventCriteria(tenant=acme, search="evt_")
    tenders = EventCriteria(tenant=acme, search="evt_", type="tender.created")

    assert walk(everything, size=9, window=9) == [made[:5:-1], made[5::-1]]
    assert walk(tenders, size=9, window=5) == [[made[14]], [made[7]], [made[0]], []]


def test_a_window_of_all_tenants_goes_by_number(acme, globex):
    made = [make_event(each) for each in (acme, globex) * 5]

    criteria = EventCriteria(tenant=None, type="tender.created")

    assert walk(criteria, size=3, window=4) == [
        made[:6:-1],
        made[6:3:-1],
        made[3:0:-1],
        made[:1],
    ]


def test_where_nothing_matched_so_far_one_can_look_further_back(admin, acme):
    east = Subsidiary.objects.create(tenant=acme, code="EAST", name="East")
    now = timezone.now()
    kept = make_event(acme, subsidiary=east, created_at=now - timedelta(days=1))
    subsidiary = acme.subsidiaries.get(code="MAIN")
    Event.objects.bulk_create(
        Event(
            tenant=acme,
            subsidiary=subsidiary,
            public_id=f"evt-{number}",
            type="load.changed",
            occurred_at=now,
            created_at=now - timedelta(seconds=number / 100),
            body=b"{}",
        )
        for number in range(20_001)
    )
    admin.post(address("choose_subsidiary"), {"subsidiary": "EAST", "next": "/"})

    response = page(admin)
    assert listed(response) == []
    html = response.content.decode()
    assert "None of these 20,000 events matches" in html
    assert "Older ones have not been looked through yet." in html

    further = admin.get(address("published_events") + response.context["older"])
    assert listed(further) == [kept]


@pytest.mark.parametrize("query", [{}, {"event": "tender.created"}, {"q": "tender"}])
def test_many_events_take_as_many_queries_as_ten(admin, acme, query):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert page(admin, **query).status_code == 200
        return len(asked)

    webhooks = [make_webhook(acme) for _ in range(3)]
    for _ in range(10):
        ended(webhooks[0], make_event(acme), State.SUCCEEDED)
    queries()
    few = queries()
    for number in range(490):
        event = make_event(acme)
        ended(webhooks[number % 3], event, State.FAILED)

    assert queries() == few <= 12


# --- Who sees what ------------------------------------------------------------------


def test_engineers_see_them_too(engineer, acme):
    event = make_event(acme)

    assert listed(page(engineer)) == [event]


def test_the_chosen_subsidiary_narrows_it(admin, acme):
    east = Subsidiary.objects.create(tenant=acme, code="EAST", name="East Freight")
    theirs = make_event(acme, subsidiary=east)
    make_event(acme, subsidiary=acme.subsidiaries.get(code="MAIN"))
    assert "East Freight</td>" in page(admin).content.decode()

    admin.post(address("choose_subsidiary"), {"subsidiary": "EAST", "next": "/"})

    response = page(admin)
    assert listed(response) == [theirs]
    assert "East Freight</td>" not in response.content.decode()


def test_globex_sees_nothing_of_it(globexs, globex, acme):
    make_event(acme, type="load.changed", entity_id="T-1", data={"secret": "of-acme"})
    own = make_event(globex)

    assert listed(page(globexs)) == [own]
    assert page(globexs).context["event_types"] == ["tender.created"]
    for query in ({"entity": "T-1"}, {"q": "of-acme"}, {"tenant": "ACME", "q": "acme"}):
        response = page(globexs, **query)
        assert listed(response) == []
        assert "load.changed" not in response.content.decode()


def test_the_support_sees_all_tenants_and_can_choose_one(support, acme, globex):
    ours, theirs = (make_event(each, entity_id="T-1") for each in (acme, globex))

    response = page(support)
    assert listed(response) == [theirs, ours]
    html = response.content.decode()
    assert f'href="/admin/settings/events/{ours.public_id}/?tenant=ACME"' in html
    # What nobody could answer for all of them is not offered.
    assert "Any time" not in html

    for query, found in [
        ({"tenant": "ACME"}, [ours]),
        ({"tenant": "ACME", "q": "T-1"}, [ours]),
        ({"tenant": "ACME", "entity": "T-1"}, [ours]),
        ({"q": theirs.public_id}, [theirs]),
        ({"q": "T-1"}, []),
        ({"event": "tender.created"}, [theirs, ours]),
        ({"event": "load.changed"}, []),
    ]:
        assert listed(page(support, **query)) == found, query
    assert "Any time" in page(support, tenant="ACME").content.decode()


def test_a_tenant_that_is_none_is_not_all_of_them(support, acme):
    make_event(acme)

    response = page(support, tenant="NOBODY")

    assert listed(response) == []
    assert "There is no such filter: tenant=NOBODY." in response.content.decode()


def test_the_same_queries_serve_the_support(support, acme):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert page(support).status_code == 200
        return len(asked)

    for _ in range(10):
        make_event(acme)
    queries()
    few = queries()
    for _ in range(490):
        make_event(acme)

    assert queries() == few <= 12


def test_the_catalogue_leads_to_the_events_of_a_type(admin, acme):
    html = admin.get(reverse("admin:event", args=["load.changed"])).content.decode()

    assert f'href="{address("published_events", event="load.changed")}"' in html
