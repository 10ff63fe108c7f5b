"""The catalogue of event types."""

from __future__ import annotations

import pytest

from subscriptions.models import EventType
from subscriptions.profiles import profile

ADDRESS = "/webhooks/event-types"


def test_the_catalogue_lists_what_can_be_subscribed_to(api):
    response = api.get(ADDRESS)

    offered = {item["Name"] for item in response.json()["Items"]}
    defined = profile("alvys").event_types
    assert response.status_code == 200
    assert list(response.json()) == ["Items"]
    assert offered == {each.name for each in defined if each.subscribable}
    assert "webhook.test" not in offered


def test_an_event_type_comes_with_its_schema_and_a_sample(api):
    row = EventType.objects.get(name="tender.created")

    items = api.get(ADDRESS).json()["Items"]

    [shown] = [item for item in items if item["Name"] == "tender.created"]
    assert shown == {
        "Name": "tender.created",
        "Group": row.group,
        "Description": row.description,
        "Schema": row.schema,
        "Sample": row.sample,
        "Deprecated": False,
    }


def test_an_event_type_on_its_way_out_says_so(api):
    EventType.objects.filter(name="tender.created").update(is_deprecated=True)

    items = api.get(ADDRESS).json()["Items"]

    assert [i["Name"] for i in items if i["Deprecated"]] == ["tender.created"]


@pytest.mark.parametrize(
    ("query", "groups"),
    [
        ({"Group": "Tenders"}, {"Tenders"}),
        ({"Group": "Tenders", "Profile": "alvys"}, {"Tenders"}),
        ({"Group": "Nothing"}, set()),
    ],
)
def test_the_catalogue_can_be_narrowed(api, query, groups):
    items = api.get(ADDRESS, **query).json()["Items"]

    assert {item["Group"] for item in items} == groups


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        (
            {"Profile": "nobody"},
            {"Profile": ["There is no profile named 'nobody'."]},
        ),
        ({"Profile": ""}, {"Profile": ["There is no profile named ''."]}),
        ({"Group": "\0"}, {"Group": ["Null characters are not allowed."]}),
    ],
)
def test_a_bad_filter_is_named(api, refused, query, errors):
    assert refused(api.get(ADDRESS, **query), 400)["Errors"] == errors


def test_the_catalogue_takes_two_queries(api, django_assert_num_queries):
    with django_assert_num_queries(2):
        api.get(ADDRESS)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_catalogue_can_only_be_read(api, refused, method):
    refused(api.send(method, ADDRESS), 405)


def test_globex_reads_the_same_catalogue(api, globex_api):
    assert globex_api.get(ADDRESS).json() == api.get(ADDRESS).json()
