"""One attempt that shows an access token: fetched if need be, and anew when refused."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from deliveries.wire.authentication import Bearer, Unauthenticated
from deliveries.wire.exchange import (
    Exchange,
    Failure,
    FailureKind,
    Request,
    Timing,
)
from deliveries.wire.grants import token_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deliveries.tokens import Place
    from deliveries.wire.grants import AccessToken, Grant
    from subscriptions.credentials import FetchedToken

    Compose = Callable[..., Request]
    Send = Callable[..., Exchange]


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time of an attempt, in which a token may have to be fetched as well."""

    timeout: timedelta
    begun: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self.begun)

    @property
    def left(self) -> timedelta:
        return self.timeout - self.spent

    @property
    def is_over(self) -> bool:
        return self.left <= timedelta()


@dataclass(frozen=True, slots=True)
class ByToken:
    """Shows an access token. It is sent in two steps, and the first may fail."""

    grant: Grant = field(repr=False)
    place: Place = field(repr=False)
    timeout: timedelta

    def send(
        self, compose: Compose, *, send: Send, user_agent: str, now: datetime
    ) -> tuple[Request, Exchange]:
        """Make one attempt in the time of one; refused, once more with a new token."""
        attempt = _Attempt(self, compose, send, user_agent, now, Deadline(self.timeout))
        token = attempt.token()
        request, exchange = attempt.shown(token)
        if _is_refused(exchange) and not attempt.deadline.is_over:
            fresh = attempt.token(refused=token)
            # The same again: the receiver has said what it thinks of it.
            if fresh != token:
                request, exchange = attempt.shown(fresh)
        return request, attempt.timed(exchange)


@dataclass(frozen=True, slots=True)
class _Attempt:
    by: ByToken
    compose: Compose
    send: Send
    user_agent: str
    now: datetime
    deadline: Deadline

    def token(
        self, *, refused: FetchedToken | Failure | None = None
    ) -> FetchedToken | Failure:
        return self.by.place.token(
            self._fetch, now=self.now, patience=self.deadline.left, refused=refused
        )

    def shown(self, token: FetchedToken | Failure) -> tuple[Request, Exchange]:
        """What was sent, and what came of it; without a token nothing is sent."""
        if isinstance(token, Failure):
            request = self.compose(authentication=Unauthenticated())
            return request, Exchange(token, Timing(total_ms=0))
        request = self.compose(authentication=Bearer(token.text))
        return request, self._sent(request)

    def _fetch(self) -> AccessToken | Failure:
        request = self.by.grant.request(user_agent=self.user_agent)
        return token_in(self._sent(request).reply)

    def _sent(self, request: Request) -> Exchange:
        if self.deadline.is_over:
            return Exchange(self._timed_out, Timing(total_ms=0))
        exchange = self.send(request, timeout=self.deadline.left)
        if _kind(exchange) is FailureKind.TIMEOUT:
            return replace(exchange, reply=self._timed_out)
        return exchange

    @property
    def _timed_out(self) -> Failure:
        limit = f"{self.deadline.timeout.total_seconds():g} seconds"
        return Failure(FailureKind.TIMEOUT, f"No answer within {limit}.")

    def timed(self, exchange: Exchange) -> Exchange:
        """The whole attempt took as long as fetch and request together."""
        total = round(self.deadline.spent / timedelta(milliseconds=1))
        return replace(exchange, timing=replace(exchange.timing, total_ms=total))


def _is_refused(exchange: Exchange) -> bool:
    return getattr(exchange.reply, "status_code", None) == 401


def _kind(exchange: Exchange) -> FailureKind | None:
    return getattr(exchange.reply, "kind", None)
