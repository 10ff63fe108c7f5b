"""The way out through an egress proxy: who is asked for what, and whose fault it is."""

from __future__ import annotations

import base64
import logging
import threading
from datetime import timedelta

import pytest

from deliveries.transport.http import HttpClient
from deliveries.transport.resolver import Resolver
from deliveries.transport.tunnel import parse_egress_proxy
from deliveries.wire.exchange import FailureKind, Request
from subscriptions.addresses import AddressPolicy, parse_networks
from tests.transport.conftest import HOST
from tests.transport.egress_proxy import ESTABLISHED, EgressProxy

OURS = "Our own way out did not work."
BLOCKED = "The address of this host may not be called."
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\n\r\n"
DENIED_BRIEFLY = b"HTTP/1.1 407 Request rejected by proxy\r\n\r\nEgress is denied."
DENIED = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\nX-Smokescreen-Error: egress proxying is "
    b"denied to host '10.0.0.7': Deny: Private Range\r\nContent-Length: 0\r\n\r\n"
)


@pytest.fixture
def proxy(receiver):
    proxy = EgressProxy(
        routes=dict.fromkeys((HOST, "127.0.0.2"), (receiver.host, receiver.port))
    )
    yield proxy
    proxy.close()


@pytest.fixture
def client_of(names, ca_bundle):
    """A client with that egress proxy; names are those of the operator."""
    clients = []

    def make(url, **options):
        client = HttpClient(
            policy=AddressPolicy(parse_networks(["127.0.0.2"])),
            ca_bundle=ca_bundle,
            resolver=Resolver(names.lookup),
            egress_proxy=url,
            **options,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(client_of, proxy, names):
    """Instead of the client that goes straight."""
    names.clear()
    names["egress.internal"] = [proxy.host]
    return client_of(f"http://egress.internal:{proxy.port}")


def test_the_proxy_is_asked_for_the_name_and_tls_reaches_the_receiver(
    post, proxy, names, receiver
):
    exchange = post()

    assert exchange.reply.body == b"pong"
    assert proxy.asked == [f"{HOST}:{receiver.port}"]
    assert names.asked == ["egress.internal"]
    assert receiver.requests[0].headers["host"] == f"{HOST}:{receiver.port}"
    assert b"X-Test" not in proxy.relayed
    assert b"pong" not in proxy.relayed


def test_the_address_of_the_proxy_is_nobodys_business(post):
    exchange = post()

    assert exchange.remote_address == ""
    assert exchange.timing.dns_ms is None
    assert exchange.timing.connect_ms is not None


def test_a_tunnel_is_kept_and_used_again(post, proxy, receiver):
    replies = [post().reply.body for _ in range(3)]

    assert replies == [b"pong"] * 3
    assert (len(proxy.asked), receiver.accepted) == (1, 1)


def test_a_stale_tunnel_is_dug_again(client, post, proxy, receiver):
    client.guard.stale_after = timedelta(0)
    post("/first-only")

    assert post("/first-only").reply.status_code == 200
    assert (len(proxy.asked), receiver.accepted) == (2, 2)


def test_the_certificate_must_name_the_receiver_not_the_proxy(
    post, start_receiver, proxy, expired_context, failure_of
):
    expired = start_receiver(context=expired_context)
    proxy.routes[HOST] = (expired.host, expired.port)

    failure = failure_of(post())

    assert (failure.kind, failure.detail) == (
        FailureKind.TLS,
        "The certificate has expired.",
    )
    assert expired.requests == []


def test_credentials_are_for_the_proxy_alone(client_of, post, proxy, receiver):
    client = client_of(f"http://hooks:p%40ss@127.0.0.3:{proxy.port}")

    post(client=client)

    token = base64.b64encode(b"hooks:p@ss").decode()
    assert f"\r\nProxy-Authorization: Basic {token}\r\n" in proxy.heads[0]
    assert (
        not {"authorization", "proxy-authorization"}
        & receiver.requests[0].headers.keys()
    )
    assert "p@ss" not in repr(client.guard)
    assert token not in repr(client.guard)


def test_without_credentials_none_are_sent(post, proxy, receiver):
    post()

    authority = f"{HOST}:{receiver.port}"
    assert proxy.heads == [f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n"]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        b"HTTP/1.1 401 Unauthorized\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"HTTP/1.1 405 Method Not Allowed\r\n\r\n",
        b"HTTP/1.1 429 Too Many Requests\r\n\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://login.internal/\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 2000 Odd\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n<html>welcome</html>",
        ESTABLISHED + b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Big: " + b"A" * 20_000,
        b"",
    ],
)
def test_what_goes_wrong_between_the_proxy_and_us_is_our_fault(
    post, proxy, receiver, failure_of, answer
):
    proxy.answer = answer

    exchange = post()
    failure = failure_of(exchange)

    assert (failure.kind, failure.detail) == (FailureKind.PROXY, OURS)
    assert exchange.remote_address == ""
    assert receiver.accepted == 0


def test_a_proxy_that_never_ends_its_answer_is_our_fault(post, proxy, failure_of):
    proxy.endless = b"A" * 4096

    assert failure_of(post()).kind == FailureKind.PROXY


def test_a_proxy_that_drips_has_the_deadline_of_a_connection(post, proxy, failure_of):
    proxy.endless, proxy.pause = b"H", 0.02

    failure = failure_of(post(seconds=0.3))

    assert failure.detail == "No connection within 0.3 seconds."


def test_a_proxy_that_is_away_is_our_fault(client_of, post, proxy, failure_of):
    port = proxy.port
    proxy.close()

    exchange = post(client=client_of(f"http://127.0.0.3:{port}"))

    assert failure_of(exchange).kind == FailureKind.PROXY
    assert exchange.remote_address == ""


def test_a_proxy_without_an_address_is_our_fault(client_of, post, failure_of):
    client = client_of("http://nobody.internal:4750")

    assert failure_of(post(client=client)).kind == FailureKind.PROXY


@pytest.mark.parametrize("code", [502, 503, 504])
def test_a_receiver_that_the_proxy_cannot_reach_is_the_receivers(
    post, proxy, failure_of, code
):
    proxy.answer = b"HTTP/1.1 %d Sorry\r\n\r\n10.0.0.7 refused" % code

    failure = failure_of(post())

    assert (failure.kind, failure.detail) == (
        FailureKind.CONNECT,
        "The connection could not be opened.",
    )


def test_a_proxy_that_dials_in_vain_has_the_deadline_of_a_connection(
    post, proxy, failure_of
):
    proxy.is_silent = True

    failure = failure_of(post(seconds=0.3))

    assert (failure.kind, failure.detail) == (
        FailureKind.CONNECT,
        "No connection within 0.3 seconds.",
    )


@pytest.mark.parametrize("answer", [DENIED, DENIED_BRIEFLY, FORBIDDEN])
def test_what_the_proxy_denies_is_blocked_as_we_would_have(
    post, proxy, failure_of, answer
):
    proxy.answer = answer

    failure = failure_of(post())

    assert (failure.kind, failure.detail) == (FailureKind.BLOCKED, BLOCKED)


def test_the_log_of_the_operator_says_why(post, proxy, receiver, caplog):
    proxy.answer = DENIED

    with caplog.at_level(logging.WARNING, logger="deliveries.transport"):
        post()

    refused = [r for r in caplog.records if r.msg == "egress_proxy.refused"]
    assert [(r.asked_for, r.kind) for r in refused] == [
        (f"{HOST}:{receiver.port}", "blocked")
    ]
    assert "Deny: Private Range" in refused[0].answer


def test_an_address_in_the_url_is_vetted_before_the_proxy_is_asked(
    client_of, proxy, failure_of
):
    client = client_of(f"http://127.0.0.3:{proxy.port}", allow_http=True)

    refused = send_to(client, "https://10.0.0.7:8443/")
    metadata = send_to(client, "http://169.254.169.254/latest/meta-data")

    assert failure_of(refused).detail == BLOCKED
    assert failure_of(metadata).detail == BLOCKED
    assert proxy.asked == []


def test_an_ipv6_address_is_asked_for_in_brackets(client_of, proxy):
    client = client_of(f"http://127.0.0.3:{proxy.port}")
    client.guard.policy = AddressPolicy(parse_networks(["::1"]))
    proxy.answer = b"HTTP/1.1 502 Bad Gateway\r\n\r\n"

    send_to(client, "https://[::1]:8443/")

    assert proxy.asked == ["[::1]:8443"]


def test_plain_http_goes_only_to_an_opened_address(
    client_of, start_receiver, proxy, failure_of
):
    plain = start_receiver()
    proxy.routes["127.0.0.2"] = (plain.host, plain.port)
    url = f"http://127.0.0.3:{proxy.port}"
    open_client, shut_client = client_of(url, allow_http=True), client_of(url)

    reached = send_to(open_client, f"http://127.0.0.2:{plain.port}/ok")
    by_name = send_to(open_client, f"http://{HOST}:{plain.port}/ok")
    not_allowed = send_to(shut_client, f"http://127.0.0.2:{plain.port}/ok")

    assert reached.reply.body == b"pong"
    assert failure_of(by_name).detail == BLOCKED
    assert failure_of(not_allowed).detail == "Only https:// may be called."
    assert proxy.asked == [f"127.0.0.2:{plain.port}"]


def test_our_own_mistake_is_raised_through_a_tunnel_too(client, receiver):
    url = f"https://{HOST}:{receiver.port}/ok"
    request = Request(url, {"X-Broken": "a\r\nX-Injected: b"}, b"{}")

    with pytest.raises(ValueError, match="Invalid header value"):
        client.send(request, timeout=timedelta(seconds=2))


def test_the_words_of_the_proxy_are_not_charged_to_the_receiver(post, proxy):
    whole = post("/exact")

    assert (len(whole.reply.body), whole.reply.cut) == (16384, "")
    assert len(proxy.asked) == 1


def test_proxies_of_the_environment_do_not_stand_before_ours(
    post, proxy, internal_port, monkeypatch
):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{internal_port},*")

    assert post().reply.status_code == 200
    assert len(proxy.asked) == 1


@pytest.fixture
def internal_port(start_receiver):
    return start_receiver(host="127.0.0.1").port


def test_threads_dig_tunnels_of_their_own(post, proxy, receiver):
    replies = []
    threads = [
        threading.Thread(target=lambda: replies.append(post().reply.body))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert replies == [b"pong"] * 6
    assert set(proxy.asked) == {f"{HOST}:{receiver.port}"}


def send_to(client, url):
    return client.send(Request(url, {}, b"{}"), timeout=timedelta(seconds=2))


@pytest.mark.parametrize(
    ("text", "host", "port", "pair"),
    [
        ("http://egress:4750", "egress", 4750, ""),
        ("http://egress.internal:3128/", "egress.internal", 3128, ""),
        ("http://127.0.0.1:1", "127.0.0.1", 1, ""),
        ("http://[fd00::1]:65535", "fd00::1", 65535, ""),
        ("http://a:b%3Ac@egress:4750", "egress", 4750, "a:b:c"),
        ("http://role:@egress:4750", "egress", 4750, "role:"),
    ],
)
def test_a_proxy_is_written_as_a_url(text, host, port, pair):
    proxy = parse_egress_proxy(text)

    token = f"Basic {base64.b64encode(pair.encode()).decode()}" if pair else ""
    assert (proxy.host, proxy.port, proxy.authorization) == (host, port, token)


@pytest.mark.parametrize(
    "text",
    [
        "egress:4750",
        "http://egress",
        "https://egress:4750",
        "socks5://egress:1080",
        "http://egress:0",
        "http://egress:65536",
        "http://egress:4750/path",
        "http://egress:4750?x",
        "http://e gress:4750",
        "http://secret@egress:4750",
        "http://a:b@c@egress:4750",
        "http://egress\r\nX: y:4750",
    ],
)
def test_a_proxy_that_cannot_be_read_is_refused_without_its_password(text):
    with pytest.raises(
        ValueError, match=r"^An egress proxy looks like http://"
    ) as raised:
        parse_egress_proxy(text)

    assert "secret" not in str(raised.value)
