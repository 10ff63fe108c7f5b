"""One wide line for each step: a stable event name, then its fields."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

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
        fields = [f"{name}={value}" for name, value in _fields(record).items()]
        return redacted(" ".join([line, *fields]))


class JsonLineFormatter(logging.Formatter):
    """The same as one object, for what collects logs: ``time level message …``."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps({name: _shown(value) for name, value in line.items()})


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {
        name: value
        for name, value in record.__dict__.items()
        if name not in _BORN_WITH and value is not None
    }


def _shown(value: Any) -> int | float | str:
    # Value by value: what is redacted in a finished line might end its quotation.
    return value if isinstance(value, int | float) else redacted(str(value))
