"""How a worker's threads are shared out: lanes of webhooks, runs of deliveries."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deliveries.engine.backlog import Busy
    from deliveries.engine.delivering import Outgoing, Run
    from deliveries.policy.pacing import Pacing

# One claim serves this many webhooks; a thread takes on this many deliveries of one.
WEBHOOKS = 16
RUN = 16


class Lanes:
    """A lane is a thread that sends to one webhook; each has *per_webhook* at most.

    One that hangs, says *pacing*, has one.
    """

    def __init__(self, pacing: Pacing, *, per_webhook: int) -> None:
        self._pacing = pacing
        self._per_webhook = per_webhook
        self._taken: Counter[int] = Counter()
        self._share = 1

    def admit(self, due: Sequence[Busy], *, free: int) -> list[Busy]:
        """Return those to claim for now; they share *free* threads evenly."""
        admitted = [each for each in due if self._free(each.webhook_id) > 0]
        admitted = admitted[: max(0, min(free, WEBHOOKS))]
        self._share = free // len(admitted) if admitted else 0
        return admitted

    def window(self, webhook_id: int) -> int:
        """How much of the webhook may be under way."""
        return self._pacing.window(webhook_id)

    def batch(self, webhook_id: int) -> int:
        """How much of the webhook its share of the threads can take on."""
        return RUN * min(self._share, self._free(webhook_id))

    def enter(self, outgoing: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
        """Yield runs, one for each thread."""
        of_webhook: defaultdict[int, list[Outgoing]] = defaultdict(list)
        for each in outgoing:
            of_webhook[each.claimed.webhook_id].append(each)
        for webhook_id, mine in of_webhook.items():
            lanes = min(len(mine), self._share, self._free(webhook_id))
            self._taken[webhook_id] += lanes
            yield from (mine[lane::lanes] for lane in range(lanes))

    def leave(self, run: Run) -> None:
        """A thread is done with *run*; what it saw sets the pace."""
        webhook_id = run.sent[0].claimed.webhook_id
        self._taken[webhook_id] -= 1
        for sent in run.sent:
            self._pacing.saw(webhook_id, sent.exchange.reply, took=sent.took)

    def _free(self, webhook_id: int) -> int:
        lanes = min(self._pacing.window(webhook_id), self._per_webhook)
        return lanes - self._taken[webhook_id]
