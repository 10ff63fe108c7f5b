"""The catalogue's rows follow the profiles, and data is held against its schema."""

from __future__ import annotations

import pytest

from subscriptions.catalogue import (
    MAX_PROBLEMS,
    MAX_SENTENCE,
    UnknownEventTypes,
    event_types_named,
    problems_with,
    sync_event_types,
)
from subscriptions.models import EventType
from subscriptions.profiles import all_profiles, profile

pytestmark = pytest.mark.django_db


def defined():
    return [each for known in all_profiles() for each in known.event_types]


def test_after_a_migration_the_rows_say_what_the_profiles_say():
    rows = {row.name: row for row in EventType.objects.of("alvys")}

    assert len(rows) == len(profile("alvys").event_types)
    for definition in profile("alvys").event_types:
        row = rows[definition.name]
        assert (row.group, row.description) == (
            definition.group,
            definition.description,
        )
        assert (row.schema, row.sample) == (definition.schema, definition.sample)
        assert row.is_subscribable == definition.subscribable
        assert row.is_deprecated == definition.deprecated


def test_a_sync_repairs_rows_and_keeps_their_ids():
    before = set(EventType.objects.values_list("pk", "name"))
    EventType.objects.update(description="?", schema={}, is_deprecated=True)

    assert sync_event_types() == len(defined())

    assert set(EventType.objects.values_list("pk", "name")) == before
    assert not EventType.objects.filter(description="?").exists()
    assert not EventType.objects.filter(is_deprecated=True).exists()


def test_a_sync_adds_what_is_new():
    EventType.objects.filter(name="tender.created").delete()

    sync_event_types()

    assert EventType.objects.filter(name="tender.created").exists()


def test_what_a_profile_no_longer_has_stays_deprecated():
    EventType.objects.create(
        profile="alvys", name="old.one", group="Old", schema={}, sample={}
    )

    sync_event_types()

    assert EventType.objects.get(name="old.one").is_deprecated


def test_event_types_are_found_by_name(django_assert_num_queries):
    with django_assert_num_queries(1):
        found = event_types_named(["tender.created", "load.changed"], profile="alvys")

    assert {name: row.name for name, row in found.items()} == {
        "tender.created": "tender.created",
        "load.changed": "load.changed",
    }


@pytest.mark.parametrize(
    ("names", "profile_name", "sentence"),
    [
        (["no.such"], "alvys", "Unknown event type: no.such."),
        (["b.b", "a.a", "load.changed"], "alvys", "Unknown event type: a.a, b.b."),
        (["webhook.test"], "alvys", "Unknown event type: webhook.test."),
        (["load.changed"], "other", "Unknown event type: load.changed."),
        (["LOAD.CHANGED"], "alvys", "Unknown event type: LOAD.CHANGED."),
    ],
)
def test_names_that_nobody_has_are_told(names, profile_name, sentence):
    with pytest.raises(UnknownEventTypes) as raised:
        event_types_named(names, profile=profile_name)

    assert str(raised.value) == sentence


def test_without_a_profile_what_is_only_sent_is_found_as_well():
    assert "webhook.test" in event_types_named(["webhook.test"])


def test_a_sample_has_no_problems():
    event_type = EventType.objects.get(name="load.changed")

    assert problems_with(event_type.sample, event_type) == []


def test_problems_say_where():
    event_type = EventType.objects.get(name="tender.created")

    assert problems_with({"tenderId": 5, "tender": "?"}, event_type) == [
        '$.tender: "?" is not of types "null", "object"',
        '$.tenderId: 5 is not of type "string"',
    ]


def test_a_problem_does_not_quote_everything():
    event_type = EventType.objects.get(name="tender.created")

    [problem] = problems_with({"tenderId": ["x" * 10_000]}, event_type)

    assert len(problem) == len("$.tenderId: ") + MAX_SENTENCE


def test_there_are_at_most_ten_problems():
    event_type = EventType.objects.get(name="tender.created")
    event_type.schema = {"additionalProperties": {"type": "string"}}
    data = {f"field{number}": number for number in range(50)}

    assert len(problems_with(data, event_type)) == MAX_PROBLEMS


def test_a_changed_schema_counts_at_once():
    event_type = EventType.objects.get(name="tender.created")
    assert problems_with({"tenderId": "T-1"}, event_type) == []

    event_type.schema = {"required": ["other"]}

    assert problems_with({"tenderId": "T-1"}, event_type) == [
        '$: "other" is a required property'
    ]
