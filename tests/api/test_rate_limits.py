"""429 and the headers that tell a program how fast it may be."""

from __future__ import annotations

import pytest
from django.db.models import F

from deliveries.models import Event
from subscriptions.api.throttling import RESERVES
from subscriptions.models import RateBucket
from tests.builders import sample_of


@pytest.fixture
def limits(settings):
    """Slow, so that nothing comes back while a test runs."""

    def set_them(*, token=0, tenant=0, events=0):
        settings.WEBHOOKS_RATE_PER_TOKEN = token
        settings.WEBHOOKS_RATE_PER_TENANT = tenant
        settings.WEBHOOKS_INGEST_RATE = events
        RESERVES.forget()

    return set_them


def event(**overrides):
    sample = sample_of("tender.created")
    return {
        "Type": "tender.created",
        "SubsidiaryId": "MAIN",
        "Data": sample,
    } | overrides


def let_pass(seconds):
    RateBucket.objects.update(full_at=F("full_at") - seconds)
    RESERVES.forget()


def test_a_token_has_a_burst_of_twice_its_rate(acme, program, limits):
    limits(token=0.01)
    mine = program(acme)

    first, second = mine.get("/webhooks"), mine.get("/webhooks")

    assert first.status_code == 200
    assert first.headers["RateLimit-Limit"] == "1"
    assert first.headers["RateLimit-Remaining"] == "0"
    assert first.headers["RateLimit-Reset"] == "100"
    assert second.status_code == 429
    assert second.headers["Content-Type"] == "application/problem+json"
    assert second.headers["Retry-After"] == "100"
    assert second.headers["RateLimit-Remaining"] == "0"
    assert second.json()["Title"] == "Too Many Requests"


def test_after_the_wait_it_passes_again(acme, program, limits):
    limits(token=0.01)
    mine = program(acme)
    mine.get("/webhooks")
    assert mine.get("/webhooks").status_code == 429

    let_pass(101)

    assert mine.get("/webhooks").status_code == 200


def test_a_tenant_has_one_limit_for_all_its_tokens(acme, globex, program, limits):
    limits(tenant=0.01)

    assert program(acme).get("/webhooks").status_code == 200
    assert program(acme).get("/webhooks").status_code == 429
    assert program(globex).get("/webhooks").status_code == 200


def test_the_headers_tell_of_the_limit_that_is_closest(acme, program, limits):
    limits(token=0.02, tenant=0.01)

    answer = program(acme).get("/webhooks")

    assert answer.headers["RateLimit-Limit"] == "1"
    assert answer.headers["RateLimit-Remaining"] == "0"


def test_events_have_a_limit_of_their_own(acme, program, limits):
    limits(token=0.01, tenant=0.01, events=1)
    mine = program(acme)

    statuses = [mine.post("/events", event()).status_code for _ in range(3)]

    assert statuses == [202, 202, 429]
    assert Event.objects.count() == 2
    assert mine.get("/webhooks").status_code == 200


def test_a_batch_counts_as_many_as_it_has_events(acme, program, limits):
    limits(events=5)
    mine = program(acme)
    seven = {"Events": [event()] * 7}

    first, second = mine.post("/events/batch", seven), mine.post("/events/batch", seven)

    assert first.status_code == 202
    assert first.headers["RateLimit-Limit"] == "10"
    assert first.headers["RateLimit-Remaining"] == "3"
    assert second.status_code == 429
    assert Event.objects.count() == 7


def test_a_batch_larger_than_a_burst_passes_a_full_bucket(acme, program, limits):
    limits(events=0.01)
    mine = program(acme)

    assert mine.post("/events/batch", {"Events": [event()] * 3}).status_code == 202
    assert mine.post("/events", event()).status_code == 429


def test_the_platform_s_events_count_for_the_tenant_they_are_for(
    acme, globex, program, limits
):
    limits(events=0.5)
    platform = program(None)
    for_globex = event(CompanyCode="GLOBEX", SubsidiaryId="MAIN")

    assert platform.post("/events", event(CompanyCode="ACME")).status_code == 202
    assert platform.post("/events", event(CompanyCode="ACME")).status_code == 429
    assert platform.post("/events", for_globex).status_code == 202


def test_nonsense_in_a_batch_is_counted_and_refused_for_what_it_is(
    acme, program, limits
):
    limits(events=1)
    mine = program(acme)

    assert mine.post("/events/batch", {"Events": 7}).status_code == 400
    assert mine.post("/events/batch", {"Events": [7]}).status_code == 400


def test_zero_switches_a_limit_off(acme, program, limits):
    limits()
    mine = program(acme)

    answers = [mine.get("/webhooks") for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit-Limit" not in answers[0].headers
    assert not RateBucket.objects.exists()


def test_who_is_nobody_is_refused_before_anything_is_counted(client, db, limits):
    limits(token=0.01, tenant=0.01)

    answers = [client.get("/api/p/v3/webhooks") for _ in range(3)]

    assert {answer.status_code for answer in answers} == {401}
    assert not RateBucket.objects.exists()
