"""What it costs to vet, meter and limit a request: ``python -m tests.bench.guard``.

Processor time of this process alone, for one request with a body of 1 KiB to a receiver
on loopback. No database, no signature: only the way out. *adapter* is the
``HTTPAdapter.send`` of requests with a request prepared once; *prepare, adapter* prepares
each, as one whose signature changes must be. *pool* is urllib3 alone, below requests,
and *guarded* is what deliveries use: the same pool, vetted, metered and limited.
"""

from __future__ import annotations

import ssl
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager

from deliveries.transport.http import HttpClient
from deliveries.wire.exchange import Request, Response
from subscriptions.addresses import AddressPolicy, parse_networks
from tests.bench.figures import middle, say, spread, table
from tests.bench.options import sizes
from tests.bench.receiving import CA_BUNDLE, HTTP, HTTPS, receiver_process

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.bench.receiving import ReceiverProcess

    Send = Callable[[], None]

HEAD = ["", "µs CPU each", "x adapter"]
TIMEOUT = timedelta(seconds=30)
BODY = b"x" * 1024
HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Alvys-Webhook/1.0",
    "X-Alvys-Event": "tender.created",
    "X-Alvys-Event-Id": "evt_06gvqaqko1rij3ca8rfta562gs",
    "X-Alvys-Timestamp": "1795264200",
    "X-Alvys-Signature": f"t=1795264200,v1={'0' * 64}",
    "X-Alvys-Attempt": "1",
    "X-Alvys-Delivery": "dlv_06gvqaqkopucn7fhu4krend8k8",
    "webhook-id": "evt_06gvqaqko1rij3ca8rfta562gs",
    "webhook-timestamp": "1795264200",
    "webhook-signature": f"v1,{'0' * 44}",
    "traceparent": f"00-{'0' * 32}-{'0' * 16}-01",
}


class Refused(Exception):
    """A request that was measured did not arrive."""


def main(words: Sequence[str] | None = None) -> None:
    full = {"requests": 2000, "connections": 200, "runs": 7}
    quick = {"requests": 200, "connections": 20, "runs": 3}
    chosen = sizes("guard", full=full, quick=quick, words=words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with receiver_process(folder) as receiver:
            rows = _rows(receiver, str(folder / CA_BUNDLE), chosen)
    title = (
        f"The guard: {chosen.requests:,} requests over kept connections, and new ones"
    )
    say(table(title, HEAD, rows))


def _rows(
    receiver: ReceiverProcess, ca_bundle: str, chosen: Mapping[str, int]
) -> list[list[str]]:
    (http,) = receiver.urls("quick", 1, scheme=HTTP)
    (https,) = receiver.urls("quick", 1, scheme=HTTPS)
    return [
        *_compared("HTTP", http, ca_bundle, count=chosen.requests, runs=chosen.runs),
        *_compared("HTTPS", https, ca_bundle, count=chosen.requests, runs=chosen.runs),
        *_compared(
            "HTTPS, new connection",
            https,
            ca_bundle,
            count=chosen.connections,
            runs=chosen.runs,
            is_kept=False,
        ),
    ]


def _compared(
    name: str, url: str, ca_bundle: str, *, count: int, runs: int, is_kept: bool = True
) -> list[list[str]]:
    """Measure each way in turn; a ratio is the median of those within each turn."""
    policy = AddressPolicy(parse_networks(["127.0.0.0/8"]))
    client = HttpClient(policy=policy, allow_http=True, ca_bundle=ca_bundle)
    context = ssl.create_default_context(cafile=ca_bundle)
    pool = PoolManager(ssl_context=context, retries=False)
    with closing(HTTPAdapter()) as adapter, closing(client):
        ways = {
            "adapter": partial(_by_adapter, adapter, _prepared(url), ca_bundle),
            "prepare, adapter": lambda: _by_adapter(adapter, _prepared(url), ca_bundle),
            "pool": partial(_by_pool, pool, url),
            "guarded": partial(_guarded, client, Request(url, HEADERS, BODY)),
        }
        kept = [] if is_kept else [adapter.close, client.close, pool.clear]
        turns = [
            {way: _cost(send, kept, count) for way, send in ways.items()}
            for _ in range(runs)
        ]
    return [
        [
            f"{name}: {way}",
            spread([turn[way] for turn in turns]),
            f"{middle(turn[way] / turn['adapter'] for turn in turns):.2f}",
        ]
        for way in ways
    ]


def _cost(send: Send, kept: Sequence[Callable[[], object]], count: int) -> float:
    """Microseconds of processor time for one of *count* sends, closing what is kept."""
    send()
    started = time.process_time()
    for _ in range(count):
        for close in kept:
            close()
        send()
    return (time.process_time() - started) / count * 1_000_000


def _prepared(url: str) -> requests.PreparedRequest:
    return requests.Request("POST", url, headers=HEADERS, data=BODY).prepare()


def _by_adapter(
    adapter: HTTPAdapter, prepared: requests.PreparedRequest, ca_bundle: str
) -> None:
    response = adapter.send(
        prepared, timeout=TIMEOUT.total_seconds(), verify=ca_bundle, stream=True
    )
    if response.status_code != 200 or not response.content:
        raise Refused


def _by_pool(pool: PoolManager, url: str) -> None:
    response = pool.urlopen("POST", url, headers=HEADERS, body=BODY, redirect=False)
    if response.status != 200 or not response.data:
        raise Refused


def _guarded(client: HttpClient, request: Request) -> None:
    reply = client.send(request, timeout=TIMEOUT).reply
    if not isinstance(reply, Response) or reply.status_code != 200:
        raise Refused(reply)


if __name__ == "__main__":
    main()
