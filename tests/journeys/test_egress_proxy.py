"""Deliveries through the operator's egress proxy, and what is said when that fails."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from deliveries.conf import get_conf
from deliveries.models import Attempt, Delivery
from deliveries.policy.explanations import Ending, explain
from deliveries.tasks import _client
from deliveries.transport.tunnel import TunnelGuard
from tests.builders import publish_sample
from tests.receiver import HOST
from tests.transport.egress_proxy import EgressProxy


@pytest.fixture
def proxy(receiver, settings):
    port = urlsplit(receiver.url()).port
    proxy = EgressProxy(routes={HOST: ("127.0.0.1", port)})
    settings.WEBHOOKS_EGRESS_PROXY = f"http://127.0.0.3:{proxy.port}"
    yield proxy
    proxy.close()


def test_an_event_goes_through_the_proxy(acme, webhook, receiver, proxy, drain):
    event = publish_sample(acme).event

    drain()

    (request,) = receiver.events
    attempt = Attempt.objects.get()
    assert request.body == bytes(event.body)
    assert proxy.asked == [urlsplit(receiver.url()).netloc]
    assert (attempt.status, attempt.remote_address) == ("success", "")
    assert Delivery.objects.get().state == Delivery.State.SUCCEEDED


def test_a_fault_of_the_proxy_is_told_as_ours(acme, webhook, receiver, proxy, drain):
    proxy.answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
    publish_sample(acme)

    drain()

    attempt = Attempt.objects.get()
    assert (attempt.error_kind, attempt.error_message, attempt.remote_address) == (
        "proxy",
        "Our own way out did not work.",
        "",
    )
    said = explain(
        Ending(attempt.status, HOST, kind=attempt.error_kind, message="Why.")
    )
    assert said.what == f"{HOST} was not called: our own way out did not work."
    assert said.remedy == "Nothing to do: the cause is on our side."
    assert Delivery.objects.get().state == Delivery.State.PENDING
    assert not receiver.events


def test_workers_use_what_the_settings_say(settings):
    settings.WEBHOOKS_EGRESS_PROXY = "http://hooks:secret@egress.internal:4750"
    settings.WEBHOOKS_NAT64 = True
    settings.WEBHOOKS_DENIED_NETWORKS = ["93.184.216.0/24"]

    conf = get_conf()
    guard = _client(conf).guard

    assert isinstance(guard, TunnelGuard)
    assert (guard.proxy.host, guard.proxy.port) == ("egress.internal", 4750)
    assert guard.policy.refusal("64:ff9b::8.8.8.8") is None
    assert guard.policy.refusal("93.184.216.34") == "operator_denied"
    assert "secret" not in repr(conf)
    _client.cache_clear()
