"""Why something is refused: one sentence, in English for programs and for the log.

Pages say it in their reader's language (`subscriptions.spoken`).
"""

from __future__ import annotations

from typing import Any


def sentence(template: str) -> str:
    """Marks what there is to translate: `python -m tests.translations` finds it."""
    return template


class Refusal(ValueError):
    """*template*: what `sentence` marked, with *facts* in its braces."""

    def __init__(self, template: str, **facts: Any) -> None:
        self.template, self.facts = template, facts
        super().__init__(template.format(**facts))
