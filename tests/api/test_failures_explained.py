"""Each class of failure, as it really happens: what the log then says, and advises.

Real sockets on loopback, sent and recorded by the engine, read over the API.
"""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.claiming import Limits, claim
from deliveries.models import Delivery
from deliveries.policy.failure_texts import STORE_FIRST
from subscriptions.webhooks import disable_webhook
from tests.builders import make_webhook, publish_sample
from tests.certificates import self_signed_context, server_context
from tests.receiver import HOST, Answer
from tests.transport.hostile_receiver import HostileReceiver

READ_YOUR_LOG = (
    f"Look into your server's log at the time of this attempt. {STORE_FIRST}"
)
FIND_OUT_WHY = (
    "Look into your server's log for the reason. Only an answer from 200 to 299 counts "
    "as received."
)
GATEWAY = (
    "Check that your server runs and answers the gateway in time. "
    "Reply first, work later: store the event, answer 200 at once, and process it "
    "afterwards."
)
# What a receiver answers, and what is told of it: the kind, what it means, the advice.
ANSWERS = {
    302: (
        "http_3xx",
        "Your server answered 302, a redirect. We do not follow redirects.",
        "Enter the final URL as the webhook's URL.",
    ),
    400: ("http_4xx", "Your server refused the request with 400.", FIND_OUT_WHY),
    401: (
        "http_4xx",
        "Your server refused the request with 401: it asks for credentials.",
        "Let us in: accept requests to this URL without credentials, and check their "
        "signature to know that they are ours.",
    ),
    403: (
        "http_4xx",
        "Your server refused the request with 403: a firewall, a bot protection or an "
        "access rule usually answers so.",
        "Let us in, and check the signature to know that a request is ours.",
    ),
    404: (
        "http_4xx",
        "Your server has nothing at this path (404).",
        "Check the webhook's URL: the path may have moved.",
    ),
    405: (
        "http_4xx",
        "Your server does not accept POST at this path (405).",
        "Accept POST there, or enter the URL that does.",
    ),
    408: (
        "http_4xx",
        "Your server gave up waiting for the request (408).",
        "Look for a proxy in front of it with a very short time-out.",
    ),
    410: (
        "http_4xx",
        "Your server said that this URL is gone for good (410). We stop and disable "
        "the webhook.",
        "Enter the new URL, or delete the webhook if nobody needs it any more.",
    ),
    413: (
        "http_4xx",
        "Your server found the body too large (413).",
        "Accept bodies of 512 KiB, also in a proxy in front of your server.",
    ),
    429: (
        "http_4xx",
        "Your server asked us to slow down (429), and we do.",
        "Raise its limit for us, or say in Retry-After when to come back: up to 5 "
        "minutes are respected.",
    ),
    500: ("http_5xx", "Your server answered with an error (500).", READ_YOUR_LOG),
    502: (
        "http_5xx",
        "A gateway in front of your server got no valid answer from it (502).",
        GATEWAY,
    ),
    503: (
        "http_5xx",
        "Your server is not available at the moment (503): overload or maintenance.",
        "Check its load. Retry-After says when to come back: up to 5 minutes are "
        "respected.",
    ),
    504: (
        "http_5xx",
        "A gateway in front of your server got no valid answer from it (504).",
        GATEWAY,
    ),
}
CONNECT_REMEDY = (
    "Check that your server runs, listens on the port of the URL, and that its "
    "firewall lets us in."
)
DNS_REMEDY = "Check the spelling of the URL, and that the name has a public DNS record."
RESET = (
    f"{HOST} closed the connection before it answered.",
    "Look for a crash or a restart of your server, and for a proxy or firewall that "
    "cuts connections.",
)
TOO_SLOW = f"{HOST} did not answer in time. No answer within 3 seconds."


@pytest.fixture
def names():
    """A name service that is stuck over one of its names."""
    stuck = threading.Event()

    class Names(dict):
        def get(self, host, default=()):
            if host == "stuck.example.test":
                stuck.wait(10)
            return super().get(host, default)

    yield Names({HOST: ["127.0.0.2"]})
    stuck.set()


@pytest.fixture
def brief(settings):
    """An attempt may take a moment only."""
    settings.WEBHOOKS_TIMEOUT = timedelta(seconds=0.3)


@pytest.fixture
def patient(settings):
    """Enough for the phases before, also on a busy machine."""
    settings.WEBHOOKS_TIMEOUT = timedelta(seconds=3)


@pytest.fixture
def told(acme, api, drain):
    """Have an event sent to this URL; return what the log tells of the attempt."""

    def after(url, *, run=drain):
        webhook = make_webhook(acme, url=url)
        publish_sample(acme)
        run()
        log = f"/webhooks/{webhook.public_id}/delivery-logs"
        newest = api.get(log).json()["Items"][0]
        entry = api.get(f"{log}/{newest['Id']}").json()
        assert {name: entry[name] for name in newest} == newest
        return entry

    return after


@pytest.fixture
def claim_due(clock):
    """Take on what is due, as a worker does that dies before it has sent it."""

    def claim_as_worker(*, alone=False):
        lease = timedelta(seconds=60)
        limits = Limits(lambda _: 4, lambda _: 4, lambda _: lease, alone)
        claim(busy_webhooks(), limits=limits, now=clock())

    return claim_as_worker


@pytest.fixture
def hostile(authority):
    """Start a receiver that misbehaves; return a URL of it."""
    with ExitStack() as running:

        def start(path="/ok", *, context=None, mode=""):
            context = context or server_context(authority.issue_cert(HOST))
            receiver = HostileReceiver(context=context, mode=mode)
            running.callback(receiver.close)
            return f"https://{HOST}:{receiver.port}{path}"

        yield start


def summary(entry):
    return entry["Status"], entry["ErrorKind"], entry["Explanation"], entry["Remedy"]


@pytest.mark.parametrize(("code", "expected"), ANSWERS.items())
def test_an_answer_that_is_no_success(told, receiver, names, code, expected):
    names[HOST] = ["127.0.0.1"]
    receiver.always(Answer(code, {"X-Why": "because"}, b"<h1>No</h1>"))

    entry = told(receiver.url())

    assert summary(entry) == ("failed", *expected)
    assert entry["HttpStatusCode"] == code
    assert entry["ErrorMessage"] == f"The answer had status {code}."
    assert (entry["ResponseBody"], entry["ResponseHeaders"]["X-Why"]) == (
        "<h1>No</h1>",
        "because",
    )
    assert entry["RemoteAddress"] == "127.0.0.1"


def test_a_success_shows_the_exchange_and_needs_no_words(told, receiver, names):
    names[HOST] = ["127.0.0.1"]
    receiver.always(Answer(201, {"Server": "acme"}, b"stored"))

    entry = told(receiver.url())

    (request,) = receiver.events
    assert summary(entry) == ("success", None, None, None)
    assert entry["RequestBody"].encode() == request.body
    assert entry["HttpMethod"] == "POST"
    assert entry["RequestHeaders"]["X-Alvys-Signature"] == request["X-Alvys-Signature"]
    assert (entry["ResponseBody"], entry["ResponseHeaders"]["Server"]) == (
        "stored",
        "acme",
    )
    assert None not in entry["Timing"].values()
    assert sum(entry["Timing"].values()) <= entry["DurationMs"] + 4
    event = Delivery.objects.get().event
    assert entry["EventId"] == event.public_id
    assert datetime.fromisoformat(entry["EventTimestamp"]) == event.occurred_at
    assert (entry["IsTest"], entry["IsReplay"], entry["NextAttemptAt"]) == (
        False,
        False,
        None,
    )


def test_a_name_that_does_not_exist(told):
    entry = told("https://unknown.example.test/events")

    assert summary(entry) == (
        "failed",
        "dns",
        "The host unknown.example.test was not found. The host name "
        "unknown.example.test could not be resolved.",
        DNS_REMEDY,
    )
    assert (entry["HttpStatusCode"], entry["ResponseBody"]) == (None, None)
    assert (entry["ResponseHeaders"], entry["RemoteAddress"]) == ({}, None)
    assert entry["Timing"]["DnsMs"] is not None
    assert entry["Timing"]["ConnectMs"] is None
    assert entry["NextAttemptAt"] is not None


def test_time_runs_out_over_the_name(told, brief):
    entry = told("https://stuck.example.test/events")

    assert summary(entry) == (
        "failed",
        "dns",
        "The host stuck.example.test was not found. The host name stuck.example.test "
        "could not be resolved within 0.3 seconds.",
        DNS_REMEDY,
    )


def test_a_port_at_which_nobody_listens(told):
    with socket.socket() as closed:
        closed.bind(("127.0.0.2", 0))

        entry = told(f"https://{HOST}:{closed.getsockname()[1]}/events")

    assert summary(entry) == (
        "failed",
        "connect",
        f"No connection to {HOST} could be opened. The connection was refused.",
        CONNECT_REMEDY,
    )
    assert entry["RemoteAddress"] == "127.0.0.2"
    assert entry["Timing"]["TlsMs"] is None


def test_time_runs_out_over_the_connection(told, brief):
    with ExitStack() as opened:
        full = opened.enter_context(socket.create_server(("127.0.0.2", 0), backlog=0))
        address = full.getsockname()
        # The place in its queue is taken: the kernel answers nobody else.
        for _ in range(2):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)

        entry = told(f"https://{HOST}:{address[1]}/events")

    assert summary(entry) == (
        "failed",
        "connect",
        f"No connection to {HOST} could be opened. No connection within 0.3 seconds.",
        CONNECT_REMEDY,
    )


def test_time_runs_out_over_the_handshake(told, hostile, patient):
    entry = told(hostile(mode="no-handshake"))

    assert summary(entry) == ("timeout", "timeout", TOO_SLOW, STORE_FIRST)
    assert entry["Timing"]["TlsMs"] is not None
    assert entry["Timing"]["WaitMs"] is None


@pytest.mark.parametrize("path", ["/hang", "/drip-status"])
def test_time_runs_out_over_the_answer(told, hostile, patient, path):
    entry = told(hostile(path))

    assert summary(entry) == ("timeout", "timeout", TOO_SLOW, STORE_FIRST)
    assert entry["Timing"]["WaitMs"] is not None


def test_time_runs_out_over_the_body_of_a_success(told, hostile, patient):
    """The status line has decided: to fail it would deliver twice on purpose."""
    entry = told(hostile("/drip-body"))

    assert summary(entry) == ("success", None, None, None)
    assert entry["HttpStatusCode"] == 200
    assert set(entry["ResponseBody"]) <= {"x"}


def certificate(kind, authority, folder):
    if kind == "self-signed":
        return self_signed_context(HOST, folder)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return server_context(
        {
            "expired": lambda: authority.issue_cert(HOST, not_after=yesterday),
            "of another name": lambda: authority.issue_cert("else.example.test"),
            "of nobody": lambda: trustme.CA().issue_cert(HOST),
        }[kind]()
    )


@pytest.mark.parametrize(
    ("kind", "fault", "remedy"),
    [
        (
            "expired",
            "The certificate has expired.",
            "Renew the certificate, have your server load it, and have it renewed by "
            "itself from now on.",
        ),
        (
            "self-signed",
            "The certificate is self-signed.",
            "Install a certificate of a public authority: we cannot tell a self-signed "
            "one from that of an impostor.",
        ),
        (
            "of another name",
            "The certificate is not valid for this host name.",
            "Install a certificate that names this host, or enter the URL with the name "
            "that it has.",
        ),
        (
            "of nobody",
            "The issuer of the certificate is not trusted.",
            "Have your server send the intermediate certificates along with its own; "
            "the certificate must come from a public authority.",
        ),
    ],
)
def test_a_certificate_that_cannot_be_trusted(
    told, hostile, authority, tmp_path, kind, fault, remedy
):
    entry = told(hostile(context=certificate(kind, authority, tmp_path)))

    assert summary(entry) == (
        "failed",
        "tls",
        f"No secure connection to {HOST} could be made. {fault}",
        remedy,
    )
    assert entry["ErrorMessage"] == fault


def test_a_handshake_that_is_cut_off(told, hostile):
    entry = told(hostile(mode="close-in-handshake"))

    assert summary(entry) == (
        "failed",
        "tls",
        f"No secure connection to {HOST} could be made. The connection was closed "
        "during the TLS handshake.",
        "Install a certificate of a public authority that is valid today, names this "
        "host, and comes with its intermediate certificates; support TLS 1.2 or newer.",
    )


@pytest.mark.parametrize("path", ["/reset", "/silence"])
def test_a_connection_that_is_closed_without_an_answer(told, hostile, path):
    entry = told(hostile(path))

    assert summary(entry) == ("failed", "reset", *RESET)
    assert entry["HttpStatusCode"] is None


@pytest.mark.parametrize("path", ["/garbage", "/http09", "/bad-status"])
def test_an_answer_that_is_no_http(told, hostile, path):
    entry = told(hostile(path))

    assert summary(entry) == (
        "failed",
        "protocol",
        f"What {HOST} answered was not valid HTTP.",
        "Check that the port of the URL belongs to a web server that speaks HTTP/1.1.",
    )


@pytest.mark.parametrize("path", ["/many-headers", "/endless-headers"])
def test_headers_that_are_too_large(told, hostile, path):
    entry = told(hostile(path))

    assert summary(entry) == (
        "failed",
        "too_large",
        f"The headers that {HOST} answered with were too large.",
        "Send fewer headers: cookies are the usual cause, and we need none.",
    )


@pytest.mark.parametrize("path", ["/long", "/infinite"])
def test_a_body_that_is_too_large_is_cut_and_no_failure(told, hostile, path):
    entry = told(hostile(path))

    assert summary(entry) == ("success", None, None, None)
    assert len(entry["ResponseBody"]) == 16 * 1024


def test_an_address_that_may_not_be_called(told, hostile, settings, drain):
    settings.WEBHOOKS_ALLOWED_NETWORKS = []

    entry = told(hostile())

    assert summary(entry) == (
        "failed",
        "blocked",
        f"{HOST} was not called. The address of this host may not be called.",
        "Enter an https:// URL whose host has only public addresses.",
    )
    assert entry["RemoteAddress"] is None


def test_what_a_webhook_was_stopped_before(told, hostile, drain, clock):
    def stop_first():
        disable_webhook(Delivery.objects.get().webhook_id, reason="Manual", now=clock())
        drain()

    entry = told(hostile(), run=stop_first)

    assert summary(entry) == (
        "skipped",
        "disabled",
        "Not sent: the webhook was disabled or deleted first.",
        "Enable the webhook, then have what was skipped sent again.",
    )
    assert (entry["DurationMs"], entry["HttpStatusCode"]) == (None, None)
    assert entry["RequestHeaders"] == {}


def test_an_attempt_whose_worker_died(told, hostile, claim_due, clock):
    def die_twice():
        for _ in range(2):
            claim_due()
            clock.advance(seconds=61)

    entry = told(hostile(), run=die_twice)

    assert summary(entry) == (
        "failed",
        "interrupted",
        "Our worker stopped during this attempt. We do not know what your server got.",
        "Nothing to do: the attempt is made again. If the event comes twice, its id "
        "tells.",
    )
    assert entry["DurationMs"] is None


def test_what_kills_its_worker_again_and_again(told, hostile, claim_due, clock):
    def die_again_and_again():
        for times in range(6):
            claim_due(alone=times >= 3)
            clock.advance(seconds=61)

    entry = told(hostile(), run=die_again_and_again)

    assert summary(entry) == (
        "failed",
        "poison",
        "Our worker stopped during this attempt, as it did during those before it. We "
        "do not know what your server got, and do not try again.",
        "Tell our support: the cause is on our side. Your server may have got the "
        "event; its id tells.",
    )
    assert entry["DurationMs"] is None
