"""The same request with the same Idempotency-Key does its work once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from deliveries.models import Event
from subscriptions.idempotency import KEPT_FOR, purge_idempotency
from subscriptions.models import IdempotentAnswer, Webhook
from tests.builders import sample_of

NEW = {
    "Name": "Orders",
    "SubsidiaryId": "MAIN",
    "Url": "https://hooks.example.com/in",
    "Events": ["tender.created"],
}
EVENT = {"Type": "tender.created", "SubsidiaryId": "MAIN"}


def event():
    return EVENT | {"Data": sample_of("tender.created")}


def let_pass(time):
    IdempotentAnswer.objects.update(created_at=F("created_at") - time)


def test_the_first_answer_comes_again_secret_and_all(acme, program):
    mine = program(acme)

    first = mine.post("/webhooks", NEW, Idempotency_Key="order 66")
    second = mine.post("/webhooks", NEW, Idempotency_Key="order 66")

    assert first.status_code == second.status_code == 201
    assert first.json()["Secret"].startswith("whsec_")
    assert second.json() == first.json()
    for name in ("ETag", "Location", "Cache-Control"):
        assert second.headers[name] == first.headers[name]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Webhook.objects.count() == 1


def test_what_is_kept_of_an_answer_is_sealed(acme, program):
    secret = (
        program(acme).post("/webhooks", NEW, Idempotency_Key="one").json()["Secret"]
    )

    kept = IdempotentAnswer.objects.get()

    assert secret not in kept.sealed
    assert "Orders" not in kept.sealed


def test_another_body_is_refused(acme, program):
    mine = program(acme)
    mine.post("/webhooks", NEW, Idempotency_Key="one")

    answer = mine.post("/webhooks", NEW | {"Name": "Loads"}, Idempotency_Key="one")

    assert answer.status_code == 409
    assert (
        answer.json()["Detail"] == "This Idempotency-Key came before with another body."
    )
    assert Webhook.objects.count() == 1


def test_the_order_of_members_makes_no_other_body(acme, program):
    mine = program(acme)
    mine.post("/webhooks", NEW, Idempotency_Key="one")

    turned = dict(reversed(NEW.items()))

    assert mine.post("/webhooks", turned, Idempotency_Key="one").status_code == 201


def test_a_refused_request_leaves_its_key_free(acme, program):
    mine = program(acme)
    refused = mine.post("/webhooks", NEW | {"Url": "nowhere"}, Idempotency_Key="one")

    answer = mine.post("/webhooks", NEW, Idempotency_Key="one")

    assert refused.status_code == 400
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers


def test_after_a_day_the_key_is_free_again(acme, program):
    mine = program(acme)
    mine.post("/events", event(), Idempotency_Key="one")
    let_pass(KEPT_FOR)

    answer = mine.post("/events", event(), Idempotency_Key="one")

    assert answer.status_code == 202
    assert "Idempotent-Replayed" not in answer.headers
    assert Event.objects.count() == 2


def test_other_callers_and_other_routes_have_keys_of_their_own(acme, globex, program):
    mine = program(acme)
    theirs = program(globex)
    platform = program(None)
    for_globex = event() | {"SubsidiaryId": "MAIN"}

    answers = [
        mine.post("/events", event(), Idempotency_Key="one"),
        theirs.post("/events", for_globex, Idempotency_Key="one"),
        platform.post(
            "/events", event() | {"CompanyCode": "ACME"}, Idempotency_Key="one"
        ),
        mine.post("/webhooks", NEW, Idempotency_Key="one"),
    ]

    assert [answer.status_code for answer in answers] == [202, 202, 202, 201]
    assert Event.objects.count() == 3


def test_the_spellings_of_an_address_are_one_route(acme, program):
    mine = program(acme)
    mine.post("/events", event(), Idempotency_Key="one")

    answer = mine.client.post(
        "/p/v1.0/events",
        event(),
        content_type="application/json",
        headers={"Idempotency-Key": "one"},
    )

    assert answer.headers["Idempotent-Replayed"] == "true"
    assert Event.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "ümlaut", "tab\there"])
def test_a_key_is_of_255_printable_characters_at_most(acme, program, key):
    answer = program(acme).post("/webhooks", NEW, Idempotency_Key=key)

    assert answer.status_code == 400
    assert answer.json()["Errors"] == {
        "Idempotency-Key": ["Use 1 to 255 printable ASCII characters."]
    }
    assert not Webhook.objects.exists()


def test_a_key_that_cannot_be_opened_any_more_says_so(acme, program):
    mine = program(acme)
    mine.post("/events", event(), Idempotency_Key="one")
    IdempotentAnswer.objects.update(sealed="v1.gone.AAAA")

    answer = mine.post("/events", event(), Idempotency_Key="one")

    assert answer.status_code == 409
    assert Event.objects.count() == 1


def test_without_a_key_nothing_is_kept(acme, program):
    program(acme).post("/webhooks", NEW)

    assert not IdempotentAnswer.objects.exists()


def test_what_dies_with_the_work_dies_with_its_key(acme, program):
    mine = program(acme)
    with transaction.atomic():
        mine.post("/events", event(), Idempotency_Key="one")
        transaction.set_rollback(True)

    answer = mine.post("/events", event(), Idempotency_Key="one")

    assert "Idempotent-Replayed" not in answer.headers
    assert Event.objects.count() == 1


def test_old_answers_are_purged_the_oldest_first(acme, program):
    mine = program(acme)
    for key in ("one", "two", "three"):
        mine.post("/events", event(), Idempotency_Key=key)
    newest = IdempotentAnswer.objects.get(key="three")
    IdempotentAnswer.objects.exclude(key="three").update(
        created_at=newest.created_at - timedelta(days=2)
    )

    before = newest.created_at - KEPT_FOR

    assert purge_idempotency(before=before, limit=1) == 1
    assert purge_idempotency(before=before, limit=10) == 1
    assert list(IdempotentAnswer.objects.values_list("key", flat=True)) == ["three"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_webhook(acme, program):
    mine = program(acme)

    def create(_):
        try:
            return mine.post("/webhooks", NEW, Idempotency_Key="one")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(create, range(4)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["Id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 3
    assert Webhook.objects.count() == 1
