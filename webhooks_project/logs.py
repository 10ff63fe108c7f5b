"""One wide line for each step: a stable event name, then its fields."""

from __future__ import annotations

import logging

from webhooks_project.redaction import redacted

_BORN_WITH = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "request"}


class RedactingFilter(logging.Filter):
    """On every handler: whatever formats the record, its words hold no secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            # Formatters take this one when it is there.
            text = logging.Formatter().formatException(record.exc_info)
            record.exc_text = redacted(text)
        return True


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
        return redacted(" ".join([line, *fields]))
