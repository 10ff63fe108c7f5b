"""One wide line for each step: a stable event name, then its fields."""

from __future__ import annotations

import logging
import re

_BORN_WITH = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "request"}
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{8,}")


class WideLineFormatter(logging.Formatter):
    """``<time> <level> delivery.attempted delivery=dlv_… number=3``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        fields = [
            f"{name}={value}"
            for name, value in record.__dict__.items()
            if name not in _BORN_WITH and value is not None
        ]
        return _SECRET.sub("whsec_••••", " ".join([line, *fields]))
