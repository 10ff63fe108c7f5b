"""Kinds of attempts that ended without an exchange, where code asks for one by name."""

from __future__ import annotations

# The kind of an attempt whose worker died before it could record the end.
INTERRUPTED = "interrupted"
# The same, once too often: the delivery is not tried again.
POISON = "poison"
# Of an attempt that was never made: its webhook was disabled or deleted first.
DISABLED = "disabled"
# Kinds of which nobody saw the end.
UNSEEN = (INTERRUPTED, POISON)
