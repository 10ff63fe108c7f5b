"""The catalogue's rows follow the profiles, and data is held against its schema."""

from __future__ import annotations

import pytest
from django.utils.safestring import mark_safe
from jsonschema import Draft202012Validator

from subscriptions.catalogue import (
    MAX_PROBLEMS,
    MAX_SENTENCE,
    UnknownEventTypes,
    definitions_named,
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


def test_what_may_be_published_is_known_without_a_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        found = definitions_named(["tender.created", "webhook.test"])

    assert found["tender.created"] is profile("alvys").event_type("tender.created")
    assert found["webhook.test"].name == "webhook.test"


def test_what_a_release_has_dropped_may_still_be_published():
    schema = {"required": ["a"]}
    EventType.objects.create(
        profile="alvys", name="old.one", group="Old", schema=schema, sample={"a": 1}
    )

    found = definitions_named(["old.one"])["old.one"]

    assert (found.name, found.group, found.schema) == ("old.one", "Old", schema)
    assert (found.diff_rules, found.version) == (None, "v1")
    assert problems_with({}, found) == ['$: "a" is a required property']


def test_what_nobody_ever_had_may_not_be_published():
    with pytest.raises(UnknownEventTypes, match=r"^Unknown event type: no\.such\.$"):
        definitions_named(["tender.created", "no.such"])


def test_a_sample_has_no_problems():
    event_type = EventType.objects.get(name="load.changed")

    assert problems_with(event_type.sample, event_type) == []


def test_problems_say_where():
    event_type = EventType.objects.get(name="tender.created")

    assert problems_with({"tenderId": 5, "tender": "?"}, event_type) == [
        '$.tender: "?" is not of types "null", "object"',
        '$.tenderId: 5 is not of type "string"',
    ]


def test_names_that_are_no_plain_words_are_quoted():
    event_type = EventType.objects.get(name="tender.created")
    event_type.schema = {"properties": {"a b": {"items": {"type": "null"}}}}

    assert problems_with({"a b": [None, 5]}, event_type) == [
        "$['a b'][1]: 5 is not of type \"null\""
    ]


def test_data_counts_as_what_json_makes_of_it():
    event_type = EventType.objects.get(name="tender.created")
    data = {"tenderId": mark_safe("T-1"), 5: (1, 2)}

    assert problems_with(data, event_type) == []
    assert problems_with({"tenderId": [mark_safe("T-1")]}, event_type) == [
        '$.tenderId: ["T-1"] is not of type "string"'
    ]


@pytest.mark.parametrize("definition", defined(), ids=lambda each: each.name)
def test_the_reference_implementation_agrees(definition):
    reference = Draft202012Validator(dict(definition.schema))
    for data in damaged(dict(definition.sample)):
        said = {
            problem.partition(": ")[0] for problem in problems_with(data, definition)
        }
        expected = {error.json_path for error in reference.iter_errors(data)}

        assert said == expected


def damaged(sample):
    """The sample, and it with each of its members gone or of another type."""
    yield sample
    for name in sample:
        yield {other: sample[other] for other in sample if other != name}
        for value in (None, 7, "text", [7], {"id": 7}):
            yield sample | {name: value}


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
