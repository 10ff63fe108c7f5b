"""Names to addresses, within a time limit. ``getaddrinfo`` has none."""

from __future__ import annotations

import concurrent.futures
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from deliveries.transport.failures import NoAnswer, not_resolved

if TYPE_CHECKING:
    from deliveries.transport.budget import Budget

Lookup = Callable[[str], Iterable[str]]
Answer: TypeAlias = concurrent.futures.Future[tuple[str, ...]]


def system_lookup(host: str) -> Iterable[str]:
    """Ask the system for the addresses of *host*, in its order of preference.

    First as an absolute name, which no search domain can turn into another host. Only
    the plain name finds an entry of ``/etc/hosts``.
    """
    try:
        return _getaddrinfo(f"{host}.")
    except socket.gaierror:
        return _getaddrinfo(host)


def _getaddrinfo(name: str) -> Iterable[str]:
    rows = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in rows]


class Resolver:
    """Looks names up, each in a thread of its own, because a lookup cannot be stopped.

    One lookup per name and at most *limit* at once: slow names cost few threads, and
    whoever waits for them gives up after *patience*.
    """

    def __init__(
        self,
        lookup: Lookup = system_lookup,
        *,
        patience: timedelta = timedelta(seconds=5),
        limit: int = 32,
    ) -> None:
        self._lookup = lookup
        self._patience = patience
        self._limit = limit
        self._finished = threading.Condition()
        self._running: dict[str, Answer] = {}

    def renewed(self) -> Resolver:
        """Return a resolver of the same kind, with no lookup under way."""
        return Resolver(self._lookup, patience=self._patience, limit=self._limit)

    def addresses(self, host: str, budget: Budget) -> tuple[str, ...]:
        """Return the addresses of *host*, each once.

        Raises ``NoAnswer`` when there are none, or not in time.
        """
        if _is_literal(host):
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
        until = time.monotonic() + patience.total_seconds()
        lookup = self._join(host, patience)
        try:
            return lookup.result(until - time.monotonic()) if lookup else None
        except concurrent.futures.TimeoutError:
            return None
        except (OSError, UnicodeError):
            return ()

    def _join(self, host: str, patience: timedelta) -> Answer | None:
        """Return the lookup of *host*, started or shared; ``None``: all are stuck."""
        with self._finished:
            if not self._finished.wait_for(
                lambda: host in self._running or len(self._running) < self._limit,
                patience.total_seconds(),
            ):
                return None
            return self._running.get(host) or self._start(host)

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
        with self._finished:
            del self._running[host]
            self._finished.notify_all()


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
