"""Why an attempt failed and what to do: one text for each class of failure."""

from __future__ import annotations

import pytest

from deliveries.policy.error_kinds import UNSEEN
from deliveries.policy.explanations import Ending, explain
from deliveries.policy.failure_texts import BY_KIND
from deliveries.wire.exchange import FailureKind

BY_CODE = {
    100: "Your server answered 100, which does not count as received.",
    302: "Your server answered 302, a redirect. We do not follow redirects.",
    400: "Your server refused the request with 400.",
    401: "Your server refused the request with 401: it asks for credentials.",
    403: "Your server refused the request with 403: a firewall, a bot protection or an "
    "access rule usually answers so.",
    404: "Your server has nothing at this path (404).",
    405: "Your server does not accept POST at this path (405).",
    408: "Your server gave up waiting for the request (408).",
    410: "Your server said that this URL is gone for good (410). We stop and disable "
    "the webhook.",
    413: "Your server found the body too large (413).",
    422: "Your server refused the request with 422.",
    429: "Your server asked us to slow down (429), and we do.",
    500: "Your server answered with an error (500).",
    502: "A gateway in front of your server got no valid answer from it (502).",
    503: "Your server is not available at the moment (503): overload or maintenance.",
    504: "A gateway in front of your server got no valid answer from it (504).",
    599: "Your server answered with an error (599).",
    600: "Your server answered 600, which does not count as received.",
}

BY_FAILURE = {
    "timeout": "shop.example.com did not answer in time. So it was.",
    "dns": "The host shop.example.com was not found. So it was.",
    "connect": "No connection to shop.example.com could be opened. So it was.",
    "tls": "No secure connection to shop.example.com could be made. So it was.",
    "reset": "shop.example.com closed the connection before it answered.",
    "protocol": "What shop.example.com answered was not valid HTTP.",
    "blocked": "shop.example.com was not called. So it was.",
    "too_large": "The headers that shop.example.com answered with were too large.",
    "token": "shop.example.com was not called, because we got no access token for it. "
    "So it was.",
    "proxy": "shop.example.com was not called: our own way out did not work.",
    "outage": "At that time we could reach nearly nobody, and not shop.example.com either: "
    "the fault was on our side, and this attempt does not count. So it was.",
    "interrupted": "Our worker stopped during this attempt. We do not know what your "
    "server got.",
    "poison": "Our worker stopped during this attempt, as it did during those before "
    "it. We do not know what your server got, and do not try again.",
}


def failed(**facts):
    facts = {"status": "failed", "host": "shop.example.com"} | facts
    return explain(Ending(**facts))


@pytest.mark.parametrize(("code", "what"), BY_CODE.items())
def test_an_answer_is_explained_by_its_status_code(code, what):
    assert failed(status_code=code).what == what


@pytest.mark.parametrize(("kind", "what"), BY_FAILURE.items())
def test_no_answer_is_explained_by_the_kind_of_failure(kind, what):
    assert failed(kind=kind, message="So it was.").what == what


def test_every_kind_of_failure_has_its_text():
    assert BY_KIND.keys() == {*FailureKind, *UNSEEN} == BY_FAILURE.keys()


@pytest.mark.parametrize(
    ("facts", "remedy"),
    [
        ({"status_code": 302}, "Enter the final URL as the webhook's URL."),
        (
            {"kind": "timeout", "status": "timeout"},
            "Reply first, work later: store the event, answer 200 at once, and process "
            "it afterwards.",
        ),
        ({"status_code": 404}, "Check the webhook's URL: the path may have moved."),
        (
            {"kind": "blocked"},
            "Enter an https:// URL whose host has only public addresses.",
        ),
    ],
)
def test_the_remedy_says_what_to_do(facts, remedy):
    assert failed(**facts).remedy == remedy


def test_each_failure_has_a_remedy_of_its_own_words():
    kinds = [failed(kind=kind).remedy for kind in BY_FAILURE]

    assert len(set(kinds)) == len(kinds)


def test_what_was_skipped_says_that_nothing_was_sent():
    text = failed(status="skipped", message="The webhook was disabled.")

    assert text.what == "Not sent: the webhook was disabled or deleted first."
    assert text.remedy == "Enable the webhook, then have what was skipped sent again."


def test_a_kind_that_has_no_text_yet_shows_the_stored_sentence():
    assert failed(kind="novel", message="So it was.").what == (
        "The attempt failed. So it was."
    )


def test_a_stored_sentence_is_never_taken_for_a_template():
    text = failed(kind="dns", host="{host}", message="{0} {nobody}")

    assert text.what == "The host {host} was not found. {0} {nobody}"


def test_a_success_needs_no_explanation():
    assert failed(status="success", status_code=204) is None


STRICT = {"success": frozenset({200}), "stops_when_gone": False}


@pytest.mark.parametrize(
    ("facts", "remedy"),
    [
        (
            {"status_code": 422},
            "Look into your server's log for the reason. Only an answer from 200 to "
            "299 counts as received.",
        ),
        (
            {"status_code": 422, **STRICT},
            "Look into your server's log for the reason. Only the answer 200 counts as "
            "received.",
        ),
        (
            {"status_code": 204, **STRICT},
            "Answer 200 once the event is stored. Only the answer 200 counts as "
            "received.",
        ),
        (
            {"status_code": 203, "success": frozenset({200, 202})},
            "Answer 200 once the event is stored. Only one of the answers 200, 202 "
            "counts as received.",
        ),
    ],
)
def test_the_remedy_says_what_the_profile_takes_for_received(facts, remedy):
    assert failed(**facts).remedy == remedy


def test_an_answer_that_is_no_acknowledgement_is_told_so():
    assert failed(status_code=204, **STRICT).what == (
        "Your server answered 204, which does not count as received."
    )


def test_410_is_one_refusal_of_many_where_it_stops_nothing():
    assert failed(status_code=410, **STRICT).what == (
        "Your server refused the request with 410."
    )
