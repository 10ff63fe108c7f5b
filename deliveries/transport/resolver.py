"""Names to addresses, within a time limit. ``getaddrinfo`` has none."""

from __future__ import annotations

import concurrent.futures
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from deliveries.transport.failures import NoAnswer, not_looked_up, not_resolved

if TYPE_CHECKING:
    from deliveries.transport.budget import Budget

HOSTS_FILE = Path("/etc/hosts")

Lookup = Callable[[str], Iterable[str]]
Answer: TypeAlias = concurrent.futures.Future[tuple[str, ...]]


def public_lookup(host: str, *, hosts_file: Path = HOSTS_FILE) -> Iterable[str]:
    """Ask the system for the addresses of *host*, in its order of preference.

    As an absolute name: no search domain can turn a tenant's name into a neighbour of
    ours. The system does not look for those in ``/etc/hosts``, so we do.
    """
    try:
        return near_lookup(f"{host}.")
    except socket.gaierror:
        return _listed_addresses(host, hosts_file)


def near_lookup(host: str) -> Iterable[str]:
    """The same for a name of the operator's, with the search domains of the system."""
    rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in rows]


def _listed_addresses(host: str, hosts_file: Path) -> Iterable[str]:
    with (
        suppress(OSError),
        hosts_file.open(encoding="utf-8", errors="replace") as lines,
    ):
        entries = [line.partition("#")[0].lower().split() for line in lines]
        return [entry[0] for entry in entries if host in entry[1:]]
    return []


class Resolver:
    """Looks names up, each in a thread of its own, because a lookup cannot be stopped.

    One lookup per name and at most *limit* at once, more than a worker has threads that
    send: should stuck ones fill it, there is no answer at once. Whoever waits for a slow
    one gives up after *patience*.
    """

    def __init__(
        self,
        lookup: Lookup = public_lookup,
        *,
        patience: timedelta = timedelta(seconds=5),
        limit: int = 512,
    ) -> None:
        self._lookup = lookup
        self._patience = patience
        self._limit = limit
        self._changing = threading.Lock()
        self._running: dict[str, Answer] = {}

    def renewed(self) -> Resolver:
        """Return a resolver of the same kind, with no lookup under way."""
        return Resolver(self._lookup, patience=self._patience, limit=self._limit)

    def addresses(self, host: str, budget: Budget) -> tuple[str, ...]:
        """Return the addresses of *host*, each once.

        Raises ``NoAnswer`` when there are none, or not in time.
        """
        if is_literal(host):
            return (host,)
        patience = min(self._patience, timedelta(seconds=budget.remaining()))
        found = self._answer(host, patience)
        if found is None:
            raise NoAnswer(
                not_resolved(host, within=min(self._patience, budget.timeout))
            )
        if not found:
            raise NoAnswer(not_resolved(host))
        return found

    def _answer(self, host: str, patience: timedelta) -> tuple[str, ...] | None:
        try:
            return self._join(host).result(patience.total_seconds())
        except concurrent.futures.TimeoutError:
            return None
        except (OSError, UnicodeError):
            return ()

    def _join(self, host: str) -> Answer:
        """Return the lookup of *host*, shared or started; ``NoAnswer``: no room."""
        with self._changing:
            if running := self._running.get(host):
                return running
            if len(self._running) >= self._limit:
                raise NoAnswer(not_looked_up(host))
            return self._start(host)

    def _start(self, host: str) -> Answer:
        answer: Answer = concurrent.futures.Future()
        # A daemon: a stuck lookup must not hold up the end of the process.
        threading.Thread(
            target=self._run, args=(host, answer), name=f"dns {host}", daemon=True
        ).start()
        self._running[host] = answer
        return answer

    def _run(self, host: str, answer: Answer) -> None:
        try:
            answer.set_result(tuple(dict.fromkeys(self._lookup(host))))
        except Exception as error:  # noqa: BLE001 - raised again in who waits for it
            answer.set_exception(error)
        with self._changing:
            del self._running[host]


def is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
