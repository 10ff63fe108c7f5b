"""`Filter` of a webhook: set, shown, changed, removed, tried; and how it is refused."""

from __future__ import annotations

import pytest

from deliveries.filter_previews import LATEST
from subscriptions.models import AuditEvent, Webhook
from tests.builders import make_event, make_webhook, publish_sample, sample_of
from tests.horizon import wait_for_horizon

URL = "https://new.example.com/events"
NEW = {"Name": "ERP", "SubsidiaryId": "MAIN", "Url": URL, "Events": ["tender.created"]}
WANTED = {"data.tenderId": ["T-1", "T-2"]}
UNKNOWN = "data.nope: no subscribed event type has this member."


def tender(number):
    return sample_of("tender.created") | {"tenderId": f"T-{number}"}


@pytest.fixture
def address(acme):
    return f"/webhooks/{make_webhook(acme, name='A', filter=WANTED).public_id}"


def test_a_webhook_begins_with_its_filter(api):
    created = api.post("/webhooks", NEW | {"Filter": WANTED}).json()

    assert created["Filter"] == WANTED
    assert api.get(f"/webhooks/{created['Id']}").json()["Filter"] == WANTED
    assert api.get("/webhooks").json()["Items"][0]["Filter"] == WANTED


@pytest.mark.parametrize("none", [{}, None])
def test_a_webhook_may_begin_without_one(api, none):
    assert api.post("/webhooks", NEW | {"Filter": none}).json()["Filter"] is None
    assert Webhook.objects.get().filter is None


def test_what_is_left_out_stays(api, address):
    answer = api.put(address, {"Description": "Changed."})

    assert answer.json()["Filter"] == WANTED


@pytest.mark.parametrize("none", [{}, None])
def test_a_filter_is_removed_by_naming_none(api, address, none):
    before = api.get(address)["ETag"]

    answer = api.put(address, {"Filter": none})

    assert answer.json()["Filter"] is None
    assert answer["ETag"] != before


def test_the_same_filter_again_changes_nothing(api, address):
    before = api.get(address)["ETag"]

    assert api.put(address, {"Filter": WANTED})["ETag"] == before


def test_who_did_not_see_the_filter_does_not_overwrite_it(api, address, refused):
    seen = api.get(address)["ETag"]
    api.put(address, {"Filter": {"data.tenderId": ["T-3"]}})

    refused(api.put(address, {"Filter": None}, If_Match=seen), 412)

    assert api.get(address).json()["Filter"] == {"data.tenderId": ["T-3"]}


def test_a_change_is_in_the_audit_log(api, address):
    api.put(address, {"Filter": None})

    assert AuditEvent.objects.latest("pk").changes == {
        "Filter": {"Before": WANTED, "After": None}
    }


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"data.nope": [1]}, UNKNOWN),
        (
            {"data.tenderId": [1]},
            "data.tenderId: no subscribed event type can have 1 there.",
        ),
        (
            {"data.tenderId": "T-1"},
            "data.tenderId: this must be a list of at least one value.",
        ),
        ("T-1", "The filter must be an object of paths, each with a list of values."),
        (
            {f"data.p{number}": [1] for number in range(11)},
            "A filter has at most 10 paths.",
        ),
        ({"data.tenderId": ["a"] * 51}, "A filter has at most 50 values in all."),
    ],
)
def test_a_filter_is_refused_with_a_sentence_and_nothing_changes(
    api, address, errors_of, wanted, sentence
):
    assert errors_of(api.post("/webhooks", NEW | {"Filter": wanted})) == {
        "Filter": [sentence]
    }
    assert errors_of(api.put(address, {"Filter": wanted})) == {"Filter": [sentence]}

    webhook = Webhook.objects.get()
    assert (webhook.filter, webhook.revision) == (WANTED, 1)


def test_events_that_the_filter_does_not_suit_are_refused(api, address, errors_of):
    assert errors_of(api.put(address, {"Events": ["load.changed"]})) == {
        "Filter": ["data.tenderId: no subscribed event type has this member."]
    }
    assert api.get(address).json()["Events"] == ["tender.created"]


@pytest.mark.django_db(transaction=True)
def test_polling_shows_what_a_filter_keeps_back(api, acme, address):
    event = publish_sample(acme, data=tender(9)).event

    wait_for_horizon()
    [item] = api.get("/events").json()["Items"]
    assert item["id"] == event.public_id


# --- Preview ------------------------------------------------------------------------


def preview(api, address, **body):
    return api.post(f"{address}/preview-filter", body)


def test_a_preview_counts_what_would_have_matched(api, acme, address):
    for number in (1, 2, 2, 3):
        publish_sample(acme, data=tender(number))
    publish_sample(acme, "tender.rejected")

    answer = preview(api, address, Filter={"data.tenderId": ["T-2"]})

    assert answer.status_code == 200
    assert answer.json() == {"Matched": 2, "Of": 4}
    assert Webhook.objects.get().filter == WANTED


def test_a_preview_may_ask_about_other_types(api, acme, address):
    publish_sample(acme, "load.changed")
    publish_sample(acme, data=tender(1))

    answer = preview(
        api, address, Filter={"data.load.status": ["x"]}, Events=["load.changed"]
    )

    assert answer.json() == {"Matched": 0, "Of": 1}


@pytest.mark.parametrize("none", [{}, None])
def test_without_a_filter_all_would_have_matched(api, acme, address, none):
    publish_sample(acme, data=tender(9))

    assert preview(api, address, Filter=none).json() == {"Matched": 1, "Of": 1}


def test_a_preview_looks_at_the_latest_events_of_its_own_subsidiary(
    api, acme, globex, address
):
    for _ in range(3):
        make_event(acme, data={"tenderId": "T-1"})
    make_event(acme, data={"tenderId": "T-1"}, is_test=True)
    make_event(globex, data={"tenderId": "T-1"})
    for _ in range(LATEST - 1):
        make_event(acme, data={"tenderId": "T-2"})

    answer = preview(api, address, Filter={"data.tenderId": ["T-1"]})

    assert answer.json() == {"Matched": 1, "Of": 100}


def test_a_preview_takes_the_same_queries_however_many_events(
    api, acme, address, django_assert_max_num_queries
):
    for _ in range(30):
        make_event(acme, data={"tenderId": "T-1"})

    with django_assert_max_num_queries(12):
        answer = preview(api, address, Filter=WANTED)

    assert answer.json() == {"Matched": 30, "Of": 30}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"Filter": ["This field is required."]}),
        ({"Filter": {"data.nope": [1]}}, {"Filter": [UNKNOWN]}),
        ({"Filter": 5}, None),
        (
            {"Filter": WANTED, "Events": ["no.such"]},
            {"Events": ["Unknown event type: no.such."]},
        ),
        (
            {"Filter": None, "Events": ["no.such"]},
            {"Events": ["Unknown event type: no.such."]},
        ),
        ({"Filter": None, "Since": 1}, {"Since": ["This field is unknown here."]}),
    ],
)
def test_a_preview_of_nothing_is_refused(api, address, errors_of, body, errors):
    found = errors_of(preview(api, address, **body))

    assert found == (
        errors
        or {
            "Filter": [
                "The filter must be an object of paths, each with a list of values."
            ]
        }
    )


def test_globex_previews_nothing_of_acme(globex_api, acme, address, refused):
    publish_sample(acme, data=tender(1))

    answer = preview(globex_api, address, Filter=WANTED)
    made_up = preview(globex_api, "/webhooks/whk_none", Filter=WANTED)

    assert refused(answer, 404)["Detail"] == refused(made_up, 404)["Detail"]


def test_a_preview_needs_only_to_read(program, acme, address, refused):
    reader = program(acme, scopes=["webhooks:read"])
    other = program(acme, scopes=["webhooks:write"])

    assert preview(reader, address, Filter=WANTED).status_code == 200
    refused(preview(other, address, Filter=WANTED), 403)
