"""A signing secret in clear, as a value that cannot be printed by accident."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SigningKey:
    """``whsec_`` and base64 of 32 bytes. Prints as ``SigningKey()`` everywhere."""

    text: str = field(repr=False)

    @property
    def whole(self) -> bytes:
        """The key of the platform's own signature: the text as it is."""
        return self.text.encode()

    @property
    def decoded(self) -> bytes:
        """The key of Standard Webhooks: what the base64 part stands for."""
        return base64.b64decode(self.text.partition("_")[2])
