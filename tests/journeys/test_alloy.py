"""A customer of Alloy's webhooks: every way to authenticate, over real sockets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from deliveries.conf import get_conf
from deliveries.credentials import authentications, save_tokens
from deliveries.engine.draining import Memory
from deliveries.logs import find_entry
from deliveries.models import Attempt, Delivery
from deliveries.publishing import publish
from deliveries.tokens import Tokens
from deliveries.webhook_tests import publish_test
from deliveries.wire.grants import AccessToken, no_token
from subscriptions.catalogue import UnknownEventTypes
from subscriptions.credentials import FetchedToken, keep_token, kept_auths
from subscriptions.models import Credentials
from subscriptions.profiles import profile
from subscriptions.request_auth import Auth, AuthType
from subscriptions.signing_secrets import reveal_secret, rotate_secret
from subscriptions.webhooks import update_webhook
from tests.builders import make_webhook
from tests.receiver import Answer

LIVE = "update:journeyapplications:live"
SANDBOX = "update:journeyapplications:sandbox"
SAMPLE = profile("alloy").event_type(LIVE).sample
# Drawn, so that the suite's watch over secrets knows them.
PASSWORD = f"pä {secrets.token_urlsafe(20)} "
CLIENT = "client-7", secrets.token_urlsafe(20)
PERSON = "person-3", secrets.token_urlsafe(20)
TOKEN = secrets.token_urlsafe(20)
BASIC = Auth(AuthType.BASIC, {"username": "alloy", "password": PASSWORD})


def basic(username, password):
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def token_answer(text=TOKEN, **members):
    usual = {"access_token": text, "token_type": "Bearer", "expires_in": 3600}
    return Answer(body=json.dumps(usual | members).encode())


@pytest.fixture
def alloy(acme, receiver):
    """Make an active webhook of Acme for live journeys, with that Auth."""

    def make(auth=None, **overrides):
        wanted = {"profile": "alloy", "events": [LIVE], "url": receiver.url()}
        if auth is not None:
            wanted["auth"] = auth
        return make_webhook(acme, **wanted | overrides)

    return make


@pytest.fixture
def oauth2(receiver):
    """Make an Auth whose token endpoint is at /token of the receiver."""

    def make(**overrides):
        settings = {
            "grant_type": "client_credentials",
            "token_url": receiver.url("/token"),
            "client_id": CLIENT[0],
            "client_secret": CLIENT[1],
            "encoding": "json",
            "credentials_in_body": False,
        } | overrides
        return Auth(AuthType.OAUTH2, settings)

    receiver.always(token_answer(), path="/token")
    return make


@pytest.fixture
def tell(acme):
    """Publish live journey events of Acme."""

    def publish_events(count=1, event_type=LIVE, **fields):
        subsidiary = acme.subsidiaries.get()
        data = SAMPLE | fields
        for _ in range(count):
            publish(tenant=acme, subsidiary=subsidiary, type=event_type, data=data)

    return publish_events


@pytest.fixture
def authorizations(receiver):
    """Return what the requests of events showed, oldest first."""

    def shown():
        return [each["Authorization"] for each in receiver.events_at("/events")]

    return shown


def explained(webhook):
    """The last attempt, as the log explains it."""
    attempt = Attempt.objects.select_related("delivery__event").latest("id")
    entry = find_entry(webhook, attempt.public_id)
    return entry.error_kind, entry.explanation.what, entry.explanation.remedy


def test_without_auth_there_is_a_request_token_and_no_signature(
    alloy, tell, receiver, drain
):
    alloy()
    tell()

    drain()

    (request,) = receiver.events
    names = {name.lower() for name, _ in request.headers}
    assert request.json["request_token"] == request["X-Alvys-Event-Id"]
    assert request.json["type"] == request["X-Alvys-Event"] == LIVE
    assert request.json["description"] == "Live Journey Application Status Change"
    assert request.json["data"] == SAMPLE
    assert {"x-alvys-timestamp", "x-alvys-attempt", "x-alvys-delivery"} <= names
    assert "traceparent" in names
    assert not names & {
        "authorization",
        "x-alvys-signature",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }


def test_live_and_sandbox_are_apart(alloy, tell, receiver, drain):
    alloy()
    alloy(events=[SANDBOX], url=receiver.url("/sandbox"))
    tell(event_type=LIVE)
    tell(event_type=SANDBOX)

    drain()

    assert [each.json["type"] for each in receiver.events_at("/events")] == [LIVE]
    assert [each.json["type"] for each in receiver.events_at("/sandbox")] == [SANDBOX]


def test_only_the_journeys_and_events_that_were_chosen_arrive(
    alloy, tell, receiver, drain
):
    chosen = {"journey_token": "J-1", "type": "completed_application"}
    alloy(filter={f"data.{name}": [value] for name, value in chosen.items()})
    tell(**chosen)
    tell(**chosen | {"journey_token": "J-2"})
    tell(**chosen | {"type": "visited_node"})

    drain()

    (request,) = receiver.events
    assert request.json["data"] == SAMPLE | chosen


def test_basic_shows_user_name_and_password(alloy, tell, drain, authorizations):
    alloy(BASIC)
    tell()

    drain()

    assert authorizations() == [basic("alloy", PASSWORD)]


def test_hmac_is_base64_over_the_whole_body(
    alloy, tell, receiver, drain, authorizations
):
    alloy(Auth(AuthType.HMAC, {"secret": "clé"}))
    tell(journey_name="Žižkov")

    drain()

    (request,) = receiver.events
    digest = hmac.new("clé".encode(), request.body, hashlib.sha256).digest()
    assert authorizations() == [base64.b64encode(digest).decode()]


def test_hmac_without_a_secret_takes_that_of_the_webhook(
    alloy, tell, receiver, drain, clock, authorizations
):
    webhook = alloy(Auth(AuthType.HMAC))
    rotate_secret(webhook, grace=profile("alloy").policy.timeout, now=clock())
    tell()

    drain()

    (request,) = receiver.events
    key = reveal_secret(webhook).encode()
    digest = hmac.new(key, request.body, hashlib.sha256).digest()
    assert authorizations() == [base64.b64encode(digest).decode()]


def test_a_change_of_auth_takes_effect_at_once(alloy, tell, drain, authorizations):
    webhook = alloy(BASIC)
    tell()
    drain()

    new = Auth(AuthType.BASIC, {"username": "alloy", "password": "new"})
    update_webhook(webhook, changes={"auth": new}, updated_by="test")
    tell()
    drain()

    assert authorizations() == [basic("alloy", PASSWORD), basic("alloy", "new")]


def test_credentials_that_are_refused_are_explained(alloy, tell, receiver, drain):
    webhook = alloy(BASIC)
    receiver.always(401)
    tell()

    drain()

    assert explained(webhook) == (
        "http_4xx",
        "Your server refused the credentials of the request with 401.",
        "Compare the webhook's Auth with what your server accepts, and enter it again: "
        "we cannot show what we have.",
    )


def test_what_was_shown_is_not_stored(alloy, tell, drain):
    alloy(BASIC)
    tell()

    drain()

    assert Attempt.objects.get().request_headers["Authorization"] == "••••"


GRANTS = {
    "client_credentials": ({}, {"grant_type": "client_credentials"}),
    "client_in_body": (
        {"credentials_in_body": True},
        {
            "grant_type": "client_credentials",
            "client_id": CLIENT[0],
            "client_secret": CLIENT[1],
        },
    ),
    "password": (
        {"grant_type": "password", "username": PERSON[0], "password": PERSON[1]},
        {"grant_type": "password", "username": PERSON[0], "password": PERSON[1]},
    ),
    "scope_and_audience": (
        {"scope": "events write", "audience": "https://api.example.com/"},
        {
            "grant_type": "client_credentials",
            "scope": "events write",
            "audience": "https://api.example.com/",
        },
    ),
}


@pytest.mark.parametrize("encoding", ["json", "url"])
@pytest.mark.parametrize("name", GRANTS)
def test_a_token_is_asked_for_and_shown(
    alloy, oauth2, tell, receiver, drain, authorizations, name, encoding
):
    chosen, members = GRANTS[name]
    alloy(oauth2(encoding=encoding, **chosen))
    tell()

    drain()

    (asked,) = [each for each in receiver.requests if each.path == "/token"]
    if encoding == "json":
        assert asked["Content-Type"] == "application/json"
        assert asked.json == members
    else:
        assert asked["Content-Type"] == "application/x-www-form-urlencoded"
        form = parse_qs(asked.body.decode(), strict_parsing=True)
        assert form == {member: [value] for member, value in members.items()}
    assert asked["Authorization"] == basic(*CLIENT)
    assert authorizations() == [f"Bearer {TOKEN}"]
    assert Delivery.objects.get().state == Delivery.State.SUCCEEDED


def fetches(receiver):
    return sum(each.path == "/token" for each in receiver.requests)


def test_a_token_is_fetched_once_for_twenty_deliveries(
    alloy, oauth2, tell, receiver, drain, authorizations
):
    alloy(oauth2())
    tell(20)

    drain()

    assert authorizations() == [f"Bearer {TOKEN}"] * 20
    assert fetches(receiver) == 1


def test_an_expired_token_is_fetched_again(
    alloy, oauth2, tell, receiver, drain, clock, authorizations
):
    alloy(oauth2())
    answers = token_answer("token-1", expires_in=100), token_answer("token-2")
    receiver.script(*answers, path="/token")

    for wait in (0, 69, 2):
        clock.advance(seconds=wait)
        tell()
        drain()

    assert authorizations() == ["Bearer token-1"] * 2 + ["Bearer token-2"]


def test_a_refused_token_is_fetched_again_within_the_attempt(
    alloy, oauth2, tell, receiver, drain, authorizations
):
    alloy(oauth2())
    receiver.script(token_answer("old"), token_answer("new"), path="/token")
    receiver.script(401, 200)
    tell()

    drain()

    attempt = Attempt.objects.get()
    assert authorizations() == ["Bearer old", "Bearer new"]
    assert (attempt.number, attempt.status_code) == (1, 200)


def test_a_second_refusal_is_an_ordinary_failure(
    alloy, oauth2, tell, receiver, drain, authorizations
):
    webhook = alloy(oauth2())
    receiver.script(token_answer("old"), token_answer("new"), path="/token")
    receiver.always(401)
    tell()

    drain()

    assert authorizations() == ["Bearer old", "Bearer new"]
    assert Attempt.objects.get().status_code == 401
    assert explained(webhook)[1] == (
        "Your server refused the credentials of the request with 401."
    )


def test_the_same_token_again_is_not_shown_again(
    alloy, oauth2, tell, receiver, drain, authorizations
):
    alloy(oauth2())
    receiver.always(401)
    tell()

    drain()

    assert authorizations() == [f"Bearer {TOKEN}"]
    assert fetches(receiver) == 2


@pytest.fixture
def process(drain):
    """Start a process of ours, that remembers; call it to have it drain."""

    def start():
        memory = Memory.of(get_conf())
        return lambda: drain(memory)

    return start


def kept_token(webhook):
    return kept_auths([webhook.pk])[webhook.pk].token


def test_processes_share_what_one_has_fetched(
    alloy, oauth2, tell, receiver, process, authorizations
):
    alloy(oauth2())
    one, other = process(), process()

    for drains in (one, other, one, process()):
        tell()
        drains()

    assert authorizations() == [f"Bearer {TOKEN}"] * 4
    assert fetches(receiver) == 1


def test_what_one_got_after_a_refusal_the_others_show(
    alloy, oauth2, tell, receiver, process, authorizations
):
    alloy(oauth2())
    receiver.script(token_answer("old"), token_answer("new"), path="/token")
    receiver.script(200, 200, 401)
    one, other = process(), process()

    for drains in (one, other, one, other, one, process()):
        tell()
        drains()

    assert authorizations() == ["Bearer old"] * 3 + ["Bearer new"] * 4
    assert fetches(receiver) == 2


def test_a_refused_token_does_not_come_back_while_there_is_no_other(
    alloy, oauth2, tell, receiver, clock, process, authorizations
):
    alloy(oauth2())
    answers = token_answer("old"), Answer(500), token_answer("new")
    receiver.script(*answers, path="/token")
    receiver.script(200, 401)
    drains = process()

    for _ in range(2):
        tell()
        drains()
    clock.advance(seconds=2)
    drains()

    assert authorizations() == ["Bearer old"] * 2 + ["Bearer new"]
    assert fetches(receiver) == 3


def test_without_a_token_of_its_own_a_process_takes_that_of_another(
    alloy, oauth2, tell, receiver, clock, process, authorizations
):
    alloy(oauth2())
    receiver.script(Answer(500), token_answer(), path="/token")
    one, other = process(), process()
    tell()
    one()

    tell()
    other()
    clock.advance(seconds=2)
    one()

    assert authorizations() == [f"Bearer {TOKEN}"] * 2
    assert fetches(receiver) == 2


def test_what_is_not_saved_is_fetched_once_more_and_the_later_one_stays(
    alloy, oauth2, clock
):
    webhook = alloy(oauth2())
    uid, patience = webhook.credentials.uid, profile("alloy").policy.timeout
    one, other = Tokens(), Tokens()
    for tokens, text in (one, "earlier"), (other, "later"):
        clock.advance(seconds=1)
        fetched = AccessToken(text, 3600)
        tokens.place(uid).token(lambda it=fetched: it, now=clock(), patience=patience)

    save_tokens(other)
    save_tokens(one)

    token = kept_token(webhook)
    assert (token.text, token.fetched_at) == ("later", clock())
    assert token.good_until == clock() + timedelta(seconds=3570)
    assert [*one.unsaved(), *other.unsaved()] == []


def test_another_auth_knows_nothing_of_the_token_before(
    alloy, oauth2, tell, drain, clock, authorizations
):
    webhook = alloy(oauth2())
    tell()
    drain()
    before = webhook.credentials.uid

    changed = {"auth": oauth2(scope="less")}
    update_webhook(webhook, changes=changed, updated_by="test")
    keep_token(before, FetchedToken("late", clock(), clock() + timedelta(hours=1)))

    assert Credentials.objects.get().token_fetched_at is None
    assert kept_token(webhook) is None


@pytest.mark.parametrize("column", ["sealed", "sealed_token"])
def test_a_token_from_elsewhere_does_not_open_and_another_is_fetched(
    alloy, oauth2, tell, receiver, drain, clock, authorizations, caplog, column
):
    webhook = alloy(oauth2())
    other = alloy(oauth2(), url=receiver.url("/other"), status="Disabled")
    token = FetchedToken("stranger", clock(), clock() + timedelta(hours=1))
    for each in webhook, other:
        keep_token(each.credentials.uid, token)
    rows = {"sealed": webhook.credentials, "sealed_token": other.credentials}
    rows[column].refresh_from_db()
    moved = getattr(rows[column], column)
    Credentials.objects.filter(webhook=webhook).update(sealed_token=moved)
    clock.advance(seconds=1)
    tell()

    drain()

    assert authorizations() == [f"Bearer {TOKEN}"]
    assert "secret.unsealable" in caplog.text
    assert kept_token(webhook).text == TOKEN


@pytest.mark.parametrize("count", [1, 5])
def test_shared_tokens_are_read_with_the_credentials(
    alloy, oauth2, clock, django_assert_num_queries, count
):
    webhooks = {each.pk: each for each in [alloy(oauth2()) for _ in range(count)]}
    token = FetchedToken(TOKEN, clock(), clock() + timedelta(hours=1))
    for each in webhooks.values():
        keep_token(each.credentials.uid, token)
    tokens = Tokens()

    with django_assert_num_queries(1):
        known = authentications(webhooks, tokens=tokens, now=clock())

    for each in known.values():
        kept = each.place.token(pytest.fail, now=clock(), patience=timedelta())
        assert kept == token


UNUSABLE = {
    "Your token endpoint answered 500.": Answer(500, body=CLIENT[1].encode()),
    "Your token endpoint answered 302.": Answer(302),
    "The answer of your token endpoint is not a JSON object.": Answer(body=b"[]"),
    "The answer of your token endpoint has no access_token.": token_answer(""),
    "Your token endpoint's token_type is not Bearer.": token_answer(token_type="mac"),
    "Your token endpoint's expires_in is not a number of seconds.": token_answer(
        expires_in="soon"
    ),
    "The answer of your token endpoint is too long or broken.": Answer(
        body=b" " * 20_000
    ),
    "Your token endpoint could not be asked. The connection was closed before an "
    "answer arrived.": Answer(drops=True),
}


@pytest.mark.parametrize("sentence", UNUSABLE)
def test_without_a_token_nothing_is_sent_and_the_log_says_why(
    alloy, oauth2, tell, receiver, drain, sentence
):
    webhook = alloy(oauth2())
    receiver.always(UNUSABLE[sentence], path="/token")
    tell()

    drain()

    attempt = Attempt.objects.get()
    assert receiver.events_at("/events") == []
    assert (attempt.status, attempt.error_message) == ("failed", sentence)
    assert explained(webhook) == (
        "token",
        "hooks.example.test was not called, because we got no access token for it. "
        f"{sentence}",
        "Check the token URL, the client id and the client secret of the webhook's "
        "Auth, and look into the log of your token endpoint.",
    )
    assert Delivery.objects.get().state == Delivery.State.PENDING


def test_a_token_endpoint_at_a_private_address_is_not_called(
    alloy, oauth2, tell, receiver, names, drain
):
    names["tokens.example.test"] = ["10.0.0.7"]
    url = receiver.url("/token", host="tokens.example.test")
    alloy(oauth2(token_url=url))
    tell()

    drain()

    assert receiver.requests == []
    assert Attempt.objects.get().error_message == (
        "Your token endpoint could not be asked. "
        "The address of this host may not be called."
    )


def test_a_token_endpoint_that_hangs_delays_nobody_else(
    alloy, oauth2, tell, receiver, drain
):
    alloy(oauth2())
    plain = alloy(BASIC, url=receiver.url("/plain"))
    is_served = threading.Event()

    def answer(request):
        assert is_served.wait(8), "The other webhook was kept waiting."
        return json.dumps(
            {"access_token": "late", "token_type": "bearer", "expires_in": 60}
        ).encode()

    def serve(request):
        is_served.set()
        return b""

    receiver.always(Answer(body=answer), path="/token")
    receiver.always(Answer(body=serve), path="/plain")
    tell()

    drain()

    assert Attempt.objects.get(webhook=plain).status_code == 200
    assert receiver.events_at("/events")[0]["Authorization"] == "Bearer late"


def test_credentials_that_do_not_open_send_nothing(
    alloy, tell, receiver, drain, caplog
):
    alloy(BASIC)
    Credentials.objects.update(sealed="v1.gone.AAAA")
    tell()

    drain()

    assert receiver.events == []
    assert "secret.unsealable" in caplog.text


def test_a_test_event_speaks_alloys_words(alloy, receiver, drain):
    webhook = alloy(BASIC)

    publish_test(webhook, event_type="webhook.test", requested_by="Ann")
    publish_test(webhook, event_type=LIVE)
    drain()

    one, two = sorted((each.json for each in receiver.events), key=lambda e: e["type"])
    assert (one["type"], two["type"]) == (LIVE, "webhook.test")
    assert one["data"] == SAMPLE
    assert list(two) == ["request_token", "timestamp", "type", "description", "data"]


def test_a_test_of_another_profiles_type_is_refused(alloy):
    webhook = alloy()

    with pytest.raises(UnknownEventTypes, match=r"Unknown event type: load\.changed\."):
        publish_test(webhook, event_type="load.changed")

    assert not Delivery.objects.exists()


def test_threads_that_need_a_token_at_once_ask_for_it_once(alloy, oauth2, clock):
    place = Tokens().place(alloy(oauth2()).credentials.uid)
    asked = []
    patience = profile("alloy").policy.timeout

    def fetch():
        asked.append(AccessToken(f"token {len(asked)}", 60))
        return asked[-1]

    def ask():
        return place.token(fetch, now=clock(), patience=patience)

    with ThreadPoolExecutor(8) as pool:
        found = [job.result() for job in [pool.submit(ask) for _ in range(8)]]

    assert [each.text for each in found] == ["token 0"] * 8
    assert len(asked) == 1


def test_who_waits_for_a_token_waits_no_longer_than_its_attempt(alloy, oauth2, clock):
    place = Tokens().place(alloy(oauth2()).credentials.uid)
    now = clock()

    def fetch():
        waiting = {"now": now, "patience": timedelta()}
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(place.token, fetch, **waiting).result()

    found = place.token(fetch, now=now, patience=profile("alloy").policy.timeout)

    assert found == no_token("Your token endpoint did not answer in time.")


def test_nothing_prints_what_is_secret(alloy, oauth2, clock):
    webhook = alloy(oauth2(grant_type="password", username="u", password=PERSON[1]))
    kept = Credentials.objects.get(webhook=webhook)
    auth = oauth2(password=PERSON[1])
    token = FetchedToken(TOKEN, clock(), clock())
    keep_token(kept.uid, token)
    kept.refresh_from_db()
    texts = repr(auth), repr(kept), str(kept), kept.sealed, repr(get_conf())
    texts += repr(token), repr(kept_auths([webhook.pk])), kept.sealed_token

    for text in texts:
        assert CLIENT[1] not in text
        assert PERSON[1] not in text
        assert TOKEN not in text
