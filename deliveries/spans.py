"""Spans for OpenTelemetry: the one door to it, which costs next to nothing when shut.

Its package is an extra (requirements-otel.txt), and `WEBHOOKS_TRACING` opens the door.
Attributes are ids and outcomes: no payload, no header, of a URL only the host.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from importlib.util import find_spec
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as Recorded
    from opentelemetry.trace import Tracer

# Before atexit, and in processes that end without it, as the workers do.
AT_EXIT = 10
SERVICE = "webhooks"
PARTS = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


class Span(Protocol):
    """*traceparent*: what goes on in this span says so; empty when nothing is traced."""

    @property
    def traceparent(self) -> str: ...

    def note(self, **attributes: Any) -> None:
        """Add ids and outcomes; those that are None are left out."""

    def fail(self, reason: str) -> None: ...


class Untraced:
    traceparent = ""

    def note(self, **attributes: Any) -> None:
        pass

    def fail(self, reason: str) -> None:
        pass


class Traced:
    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    @property
    def traceparent(self) -> str:
        here = self._recorded.get_span_context()
        flags = int(here.trace_flags) & 1
        return f"00-{here.trace_id:032x}-{here.span_id:016x}-{flags:02x}"

    def note(self, **attributes: Any) -> None:
        for name, value in attributes.items():
            if value is not None:
                self._recorded.set_attribute(name.replace("__", "."), value)

    def fail(self, reason: str) -> None:
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 (an extra)

        self._recorded.set_status(StatusCode.ERROR, reason)


_UNTRACED: AbstractContextManager[Span] = nullcontext(Untraced())


def is_on() -> bool:
    is_wanted: bool = settings.WEBHOOKS_TRACING
    return is_wanted and is_installed()


@lru_cache(maxsize=1)
def is_installed() -> bool:
    try:
        return all(map(find_spec, PARTS))
    except ModuleNotFoundError:
        return False


def span(
    name: str, *, parent: str = "", is_client: bool = False, **attributes: Any
) -> AbstractContextManager[Span]:
    """The block as a span, in the trace of *parent*, a traceparent, or of who calls.

    In names of *attributes* two underscores stand for a dot.
    """
    if not is_on():
        return _UNTRACED
    return _traced(name, parent=parent, is_client=is_client, attributes=attributes)


@contextmanager
def _traced(
    name: str, *, parent: str, is_client: bool, attributes: dict[str, Any]
) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 (an extra)

    kind = SpanKind.CLIENT if is_client else SpanKind.INTERNAL
    tracer = provider(os.getpid()).get_tracer("webhooks")
    with _start(tracer, name, kind=kind, parent=parent) as recorded:
        traced = Traced(recorded)
        traced.note(**attributes)
        try:
            yield traced
        except BaseException as error:
            traced.fail(type(error).__name__)
            raise


def _start(
    tracer: Tracer, name: str, *, kind: Any, parent: str
) -> AbstractContextManager[Recorded]:
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 (an extra)
        TraceContextTextMapPropagator,
    )

    context = (
        TraceContextTextMapPropagator().extract({"traceparent": parent})
        if parent
        else None
    )
    # An exception's text may hold what belongs to nobody's trace.
    return tracer.start_as_current_span(
        name,
        context=context,
        kind=kind,
        record_exception=False,
        set_status_on_exception=False,
    )


@lru_cache(maxsize=1)
def provider(pid: int) -> TracerProvider:
    """Of this process: a fork has no thread of its parent, so it exports by its own."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 (an extra)
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    known = {"service.name": os.environ.get("OTEL_SERVICE_NAME") or SERVICE}
    made = TracerProvider(
        resource=Resource.create(known | {"process.pid": pid}), shutdown_on_exit=False
    )
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    Finalize(made, made.shutdown, exitpriority=AT_EXIT)
    return made
