"""Which address is dialled, and under which name."""

from __future__ import annotations

import logging
import socket
import ssl
from dataclasses import replace
from datetime import timedelta

import pytest

from deliveries.transport import guard
from deliveries.wire.exchange import FailureKind, Request
from subscriptions.addresses import AddressPolicy, parse_networks
from tests.transport.conftest import HOST
from tests.unit.test_addresses import NEVER, SPECIAL

BLOCKED = "The address of this host may not be called."
OPENED = ("127.0.0.0/8",)


# Where other programs are told whom to trust.
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture
def internal(start_receiver, receiver, server_context):
    """The same port on an address that nobody opened."""
    return start_receiver(host="127.0.0.1", port=receiver.port, context=server_context)


def send_to(client, url):
    return client.send(Request(url, {}, b"{}"), timeout=timedelta(seconds=2))


def test_a_name_is_resolved_once_and_that_address_is_dialled(
    post, names, receiver, internal
):
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])
    names["moving.example.test"] = lambda: next(answers)

    exchange = post(host="moving.example.test")

    assert exchange.reply.status_code == 200
    assert exchange.remote_address == "127.0.0.2"
    assert names.asked == ["moving.example.test"]
    assert internal.accepted == 0


def test_the_name_stays_on_the_wire(post, receiver, server_context):
    seen = []
    server_context.sni_callback = lambda _socket, name, _context: seen.append(name)

    post()

    server_context.sni_callback = None
    assert seen == [HOST]
    assert receiver.requests[0].headers["host"] == f"{HOST}:{receiver.port}"


def test_an_internal_address_is_never_dialled(post, names, internal, failure_of):
    names["sly.example.test"] = ["127.0.0.1"]

    failure = failure_of(post(host="sly.example.test"))

    assert (failure.kind, failure.detail) == (FailureKind.BLOCKED, BLOCKED)
    assert internal.accepted == 0


@pytest.mark.parametrize("address", SPECIAL)
def test_no_special_address_is_dialled(post, names, address, failure_of):
    names["sly.example.test"] = [address]

    failure = failure_of(post(host="sly.example.test"))

    assert (failure.kind, failure.detail) == (FailureKind.BLOCKED, BLOCKED)


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("nat64", [False, True])
def test_whatever_is_opened_some_addresses_are_not_dialled(
    make_client, post, names, address, nat64, failure_of
):
    client = make_client(opened=["0.0.0.0/0", "::/0"])
    client.guard.policy = replace(client.guard.policy, nat64=nat64)
    names["sly.example.test"] = [address]

    failure = failure_of(post(host="sly.example.test", client=client))

    assert (failure.kind, failure.detail) == (FailureKind.BLOCKED, BLOCKED)


def test_a_name_that_moves_inside_is_caught_at_the_next_connection(
    client, post, names, receiver, internal, failure_of
):
    post()
    names[HOST] = ["127.0.0.1"]
    client.guard.idle_limit = timedelta(0)

    failure = failure_of(post())

    assert failure.kind == FailureKind.BLOCKED
    assert (receiver.accepted, internal.accepted) == (1, 0)


def test_a_name_that_moves_inside_is_caught_when_a_stale_connection_is_replaced(
    client, post, names, receiver, internal, failure_of
):
    client.guard.stale_after = timedelta(0)
    post("/first-only")
    names[HOST] = ["127.0.0.1"]

    failure = failure_of(post("/first-only"))

    assert failure.kind == FailureKind.BLOCKED
    assert (receiver.accepted, internal.accepted) == (1, 0)


def test_a_name_that_moves_keeps_its_connection_as_long_as_it_lives(
    post, names, receiver, internal
):
    post()
    names[HOST] = ["127.0.0.1"]

    assert post().remote_address == "127.0.0.2"
    assert (receiver.accepted, internal.accepted) == (1, 0)


def test_two_names_on_one_address_show_their_own_name(post, server_context):
    seen = []
    server_context.sni_callback = lambda _socket, name, _context: seen.append(name)

    post()
    post(host="other.example.test")

    server_context.sni_callback = None
    assert seen == [HOST, "other.example.test"]


def test_blocked_looks_the_same_whether_somebody_listens_there_or_not(
    post, names, internal, failure_of
):
    names["open.example.test"] = ["127.0.0.1"]
    names["shut.example.test"] = ["127.0.0.9"]

    listens, silent = post(host="open.example.test"), post(host="shut.example.test")

    assert failure_of(listens) == failure_of(silent)
    assert (listens.remote_address, silent.remote_address) == ("", "")
    assert (listens.timing.connect_ms, silent.timing.connect_ms) == (None, None)
    assert internal.accepted == 0


def test_the_platforms_own_addresses_can_be_closed(
    make_client, post, receiver, failure_of
):
    client = make_client()
    client.guard.policy = AddressPolicy(
        parse_networks(OPENED), denied=parse_networks(["127.0.0.2"])
    )

    assert failure_of(post(client=client)).kind == FailureKind.BLOCKED
    assert receiver.accepted == 0


def test_the_log_knows_the_address_that_the_tenant_does_not(post, names, caplog):
    names["sly.example.test"] = ["10.0.0.7"]

    with caplog.at_level(logging.INFO, logger="deliveries.transport"):
        exchange = post(host="sly.example.test")

    assert [r.address for r in caplog.records if r.msg == "address.blocked"] == [
        "10.0.0.7"
    ]
    assert exchange.remote_address == ""


def test_of_a_mixed_answer_only_the_admitted_address_is_dialled(post, names):
    names["mixed.example.test"] = ["10.0.0.7", "127.0.0.2"]

    assert post(host="mixed.example.test").remote_address == "127.0.0.2"


def test_a_dead_address_gives_way_to_the_next(make_client, post, names):
    names["mixed.example.test"] = ["127.0.0.3", "127.0.0.2"]
    client = make_client(opened=OPENED)

    exchange = post(host="mixed.example.test", client=client)

    assert exchange.reply.status_code == 200
    assert exchange.remote_address == "127.0.0.2"


def test_a_refused_connection_says_so(make_client, post, names, failure_of):
    names[HOST] = ["127.0.0.3"]

    failure = failure_of(post(client=make_client(opened=OPENED)))

    assert failure.kind == FailureKind.CONNECT
    assert failure.detail == "The connection was refused."


def test_addresses_that_do_not_answer_share_the_patience(
    client, post, names, failure_of, monkeypatch
):
    tried = []

    def connect(address, port, timeout):
        tried.append((address, round(timeout, 1)))
        raise TimeoutError

    names[HOST] = ["8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4", "8.8.8.5"]
    monkeypatch.setattr(guard, "_connect", connect)

    failure = failure_of(post(seconds=2.0))

    assert failure.kind == FailureKind.CONNECT
    assert failure.detail == "No connection within 2 seconds."
    assert tried == [("8.8.8.1", 0.5), ("8.8.8.2", 0.7), ("8.8.8.3", 1), ("8.8.8.4", 2)]


def test_an_unknown_name_says_so(post, failure_of):
    failure = failure_of(post(host="nobody.example.test"))

    assert failure.kind == FailureKind.DNS
    assert failure.detail == (
        "The host name nobody.example.test could not be resolved."
    )


def test_a_pooled_connection_obeys_a_new_policy(client, post, receiver, failure_of):
    post()
    client.guard.policy = AddressPolicy()

    failure = failure_of(post())

    assert failure.kind == FailureKind.BLOCKED
    assert len(receiver.requests) == 1


def test_a_pooled_connection_survives_a_policy_that_admits_it(client, post, receiver):
    post()
    client.guard.policy = AddressPolicy(parse_networks(OPENED))

    assert post().reply.status_code == 200
    assert receiver.accepted == 1


def test_proxies_of_the_environment_are_ignored(post, internal, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{internal.port}")

    assert post().reply.status_code == 200
    assert internal.accepted == 0


def test_certificate_stores_of_the_environment_are_ignored(
    authority, make_client, post, failure_of, monkeypatch, tmp_path
):
    theirs = tmp_path / "theirs.pem"
    authority.cert_pem.write_to_path(str(theirs))
    for name in VARIABLES:
        monkeypatch.setenv(name, str(theirs))

    distrusting = post(client=make_client(ca_bundle=None))
    for name in VARIABLES:
        monkeypatch.setenv(name, "/nowhere")
    trusting = post(client=make_client())

    assert failure_of(distrusting).kind == FailureKind.TLS
    assert trusting.reply.status_code == 200


def test_session_keys_are_written_nowhere(make_client, post, monkeypatch, tmp_path):
    keys = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))

    post(client=make_client())

    assert not keys.exists()


def test_netrc_is_ignored(post, receiver, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login acme password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    post()

    assert "authorization" not in receiver.requests[0].headers


@pytest.mark.parametrize(
    "url",
    [
        "https://user@hooks.example.test/",
        "https://hooks.example.test\\@127.0.0.1/",
        "https://HOOKS.example.test/",
        "https://hooks.example.test",
        "ftp://hooks.example.test/",
        "https://hooks.example.test/\r\nX: y",
    ],
)
def test_only_the_canonical_form_is_called(client, names, url, failure_of):
    failure = failure_of(send_to(client, url))

    assert failure.kind == FailureKind.BLOCKED
    assert names.asked == []


def test_plain_http_is_refused_by_default(make_client, start_receiver, failure_of):
    plain = start_receiver()

    failure = failure_of(send_to(make_client(), f"http://{HOST}:{plain.port}/ok"))

    assert (failure.kind, failure.detail) == (
        FailureKind.BLOCKED,
        "Only https:// may be called.",
    )
    assert plain.accepted == 0


def test_plain_http_reaches_an_opened_network(make_client, start_receiver):
    plain = start_receiver()
    client = make_client(allow_http=True)

    exchange = send_to(client, f"http://{HOST}:{plain.port}/ok")

    assert exchange.reply.body == b"pong"
    assert exchange.timing.tls_ms is None


def test_plain_http_reaches_no_public_address(make_client, names, failure_of):
    names[HOST] = ["8.8.8.8"]

    failure = failure_of(send_to(make_client(allow_http=True), f"http://{HOST}/ok"))

    assert (failure.kind, failure.detail) == (FailureKind.BLOCKED, BLOCKED)


def test_an_address_in_the_url_is_vetted_like_any_other(
    make_client, start_receiver, names, failure_of
):
    plain = start_receiver()
    client = make_client(allow_http=True)

    reached = send_to(client, f"http://127.0.0.2:{plain.port}/ok")
    refused = send_to(client, f"http://127.0.0.1:{plain.port}/ok")

    assert reached.reply.status_code == 200
    assert failure_of(refused).kind == FailureKind.BLOCKED
    assert names.asked == []


def has_ipv6_loopback():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no ::1")
def test_an_ipv6_address_in_the_url_can_be_called(make_client, start_receiver):
    plain = start_receiver(host="::1")
    client = make_client(allow_http=True, opened=("::1",))

    exchange = send_to(client, f"http://[::1]:{plain.port}/ok")

    assert exchange.reply.status_code == 200
    assert exchange.remote_address == "::1"


def test_the_certificate_must_name_the_address_in_the_url(client, post, failure_of):
    failure = failure_of(post(host="127.0.0.2"))

    assert failure.kind == FailureKind.TLS
    assert failure.detail == "The certificate is not valid for this IP address."


def test_verification_is_never_off(client):
    context = client._context

    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
