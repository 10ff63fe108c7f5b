"""Access tokens, fetched when a webhook first needs one and kept until they expire.

All processes share them, sealed, by the row of the credentials: each batch learns what
is newer there. The threads that send touch no database. So what one of them fetched
waits in memory until its batch is recorded; lost on that way, it is fetched again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from deliveries.wire.exchange import Failure
from deliveries.wire.grants import TOO_SLOW, no_token
from subscriptions.credentials import FetchedToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from deliveries.wire.grants import AccessToken

    Fetch = Callable[[], AccessToken | Failure]
    Unsaved = deque[tuple[UUID, FetchedToken]]

# A token is not used in its last moments: it could expire on its way. Of a short-lived
# one that is half of its life.
MARGIN = timedelta(seconds=30)
REMEMBERED = 4096
NEVER = datetime.min.replace(tzinfo=UTC)


class Place:
    """Where one webhook's token is kept. One thread fetches; the others wait for it."""

    def __init__(self, uid: UUID, unsaved: Unsaved) -> None:
        self._uid, self._unsaved = uid, unsaved
        self._lock = threading.Lock()
        self._fetches = 0
        self._last: FetchedToken | Failure | None = None
        self._newest = NEVER

    def learn(self, token: FetchedToken) -> None:
        """Take over what another process fetched later; not while a thread fetches."""
        with self._held(timedelta()) as is_mine:
            if is_mine and token.fetched_at > self._newest:
                self._last, self._newest = token, token.fetched_at

    def token(
        self,
        fetch: Fetch,
        *,
        now: datetime,
        patience: timedelta,
        refused: FetchedToken | Failure | None = None,
    ) -> FetchedToken | Failure:
        """The token that is kept, unless it has expired or is the one *refused*."""
        if kept := self._kept(now, refused):
            return kept
        fetches = self._fetches
        with self._held(patience) as is_mine:
            if not is_mine:
                return no_token(TOO_SLOW)
            if kept := self._kept(now, refused):
                return kept
            # Somebody asked while we waited: to ask again would be answered alike.
            if self._fetches != fetches and isinstance(self._last, Failure):
                return self._last
            return self._noted(fetch(), now=now)

    @contextmanager
    def _held(self, patience: timedelta) -> Iterator[bool]:
        is_mine = self._lock.acquire(timeout=max(patience.total_seconds(), 0))
        try:
            yield is_mine
        finally:
            if is_mine:
                self._lock.release()

    def _kept(
        self, now: datetime, refused: FetchedToken | Failure | None
    ) -> FetchedToken | None:
        last = self._last
        if not isinstance(last, FetchedToken) or last == refused:
            return None
        return last if now < last.good_until else None

    def _noted(
        self, found: AccessToken | Failure, *, now: datetime
    ) -> FetchedToken | Failure:
        self._fetches += 1
        if isinstance(found, Failure):
            self._last = found
            return found
        # It replaces the one before, even if its attempt began earlier.
        self._newest = max(now, self._newest + timedelta.resolution)
        life = timedelta(seconds=found.lifetime)
        good_until = now + life - min(MARGIN, life / 2)
        self._last = token = FetchedToken(found.text, self._newest, good_until)
        self._unsaved.append((self._uid, token))
        return token


class Tokens:
    """A process's: a place for each of the credentials that were used last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: OrderedDict[UUID, Place] = OrderedDict()
        self._unsaved: Unsaved = deque()

    def place(self, uid: UUID) -> Place:
        with self._lock:
            place = self._places.setdefault(uid, Place(uid, self._unsaved))
            self._places.move_to_end(uid)
            if len(self._places) > REMEMBERED:
                self._places.popitem(last=False)
            return place

    def unsaved(self) -> Iterator[tuple[UUID, FetchedToken]]:
        """What was fetched here since it was asked last, for all the others."""
        with suppress(IndexError):
            while True:
                yield self._unsaved.popleft()
