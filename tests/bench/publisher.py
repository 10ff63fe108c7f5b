"""Publishes by the API as fast as it is answered; a process of its own.

Reads what to do from standard input and writes how long it took to standard output.
"""

from __future__ import annotations

import http.client
import json
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from subscriptions.profiles import profile

TYPE = "tender.created"
SIZE = 1024
ENTITIES = 500


def main() -> None:
    job = json.load(sys.stdin)
    bodies = [_body(job["batch"]) for _ in range(job["requests"])]
    shares = [bodies[at :: job["connections"]] for at in range(job["connections"])]
    started, before = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(job["connections"]) as pool:
        list(pool.map(lambda share: _publish(share, job), shares))
    took = {
        "seconds": time.perf_counter() - started,
        "processor": time.process_time() - before,
    }
    sys.stdout.write(json.dumps(took))


def _publish(bodies: list[bytes], job: dict[str, Any]) -> None:
    path = "/api/p/v3/events" + ("/batch" if job["batch"] else "")
    headers = {
        "Authorization": f"Bearer {job['token']}",
        "Content-Type": "application/json",
    }
    connection = http.client.HTTPConnection("127.0.0.1", job["port"], timeout=60)
    for body in bodies:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 202:
            message = f"{answer.status}: {said[:500]!r}"
            raise RuntimeError(message)
    connection.close()


def _body(batch: int) -> bytes:
    """One event, or so many in a batch."""
    if not batch:
        return _compact(_event())
    return _compact({"Events": [_event() for _ in range(batch)]})


def _event() -> dict[str, Any]:
    """A tender without its stops, SIZE bytes of JSON."""
    sample: dict[str, Any] = dict(profile("alvys").event_type(TYPE).sample)
    tender = {name: sample["tender"][name] for name in sample["tender"]}
    del tender["stops"]
    event = {
        "Type": TYPE,
        "SubsidiaryId": "S0",
        "Id": secrets.token_hex(16),
        "EntityId": f"tender-{secrets.randbelow(ENTITIES)}",
        "Data": {"tenderId": "T-1", "tender": tender},
    }
    longer = SIZE - len(_compact(event)) - len(',"note":""')
    return event | {"Data": event["Data"] | {"note": "n" * max(0, longer)}}


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


if __name__ == "__main__":
    main()
