"""Spans from publish to attempt, sent by OTLP over HTTP to a collector on loopback."""

from __future__ import annotations

import gzip
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from deliveries import spans
from deliveries.checks import spans_can_be_made
from deliveries.models import Delivery
from deliveries.publishing import publish_batch
from deliveries.recovery import go_on
from subscriptions.webhooks import request_verification
from tests.builders import make_recovery, make_webhook, publish_sample
from tests.processes import manage
from tests.receiver import HOST, Answer

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
WITHOUT_OPENTELEMETRY = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
"""
PARENT = f"00-{TRACE}-{CALLER}-01"


class Collector(ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Taking)
        self.raw = []

    def named(self, name):
        """The spans of that name that have come so far."""
        spans.provider(os.getpid()).force_flush()
        return [
            span
            for raw in self.raw
            for resource in ExportTraceServiceRequest.FromString(raw).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if span.name == name
        ]


class Taking(BaseHTTPRequestHandler):
    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        is_zipped = self.headers.get("Content-Encoding") == "gzip"
        self.server.raw.append(gzip.decompress(raw) if is_zipped else raw)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def collector(settings, monkeypatch):
    settings.WEBHOOKS_TRACING = True
    spans.provider.cache_clear()
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        yield server
        spans.provider(os.getpid()).shutdown()
        spans.provider.cache_clear()
        server.shutdown()
        thread.join()


def attributes(span):
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value"))
        for each in span.attributes
    }


def test_the_attempt_is_a_child_of_what_published(
    acme, webhook, receiver, drain, collector
):
    event = publish_sample(acme, traceparent=PARENT).event
    drain()

    (published,), (attempt,) = collector.named("publish"), collector.named("attempt")
    (request,) = receiver.events
    assert published.trace_id.hex() == attempt.trace_id.hex() == TRACE
    assert published.parent_span_id.hex() == CALLER
    assert attempt.parent_span_id == published.span_id
    assert request["traceparent"] == f"00-{TRACE}-{attempt.span_id.hex()}-01"
    assert attributes(published) == {
        "webhooks.tenant": "ACME",
        "webhooks.event": event.public_id,
        "webhooks.count": 1,
        "webhooks.deliveries": 1,
    }


def test_an_attempt_says_whose_it_is_where_it_went_and_how_it_ended(
    acme, webhook, receiver, drain, collector
):
    event = publish_sample(acme).event
    receiver.script(Answer(410))
    drain()

    (attempt,) = collector.named("attempt")
    assert attempt.kind == Span.SPAN_KIND_CLIENT
    assert attempt.status.code == Status.STATUS_CODE_ERROR
    assert attributes(attempt) == {
        "http.request.method": "POST",
        "http.response.status_code": 410,
        "server.address": HOST,
        "webhooks.tenant": "ACME",
        "webhooks.webhook": webhook.public_id,
        "webhooks.event": event.public_id,
        "webhooks.delivery": Delivery.objects.get().public_id,
        "webhooks.attempt": 1,
    }


def test_no_path_no_query_no_payload_and_no_signature_is_in_a_span(
    acme, webhook, receiver, drain, collector
):
    webhook.url = receiver.url() + "?key=hidden-in-the-query"
    webhook.save()
    publish_sample(acme)
    drain()

    assert collector.named("attempt")
    (request,) = receiver.events
    signature = request["X-Alvys-Signature"].rpartition("=")[2]
    sent = b"".join(collector.raw)
    for secret in (b"hidden-in-the-query", signature.encode(), request.body):
        assert secret not in sent


def test_claims_and_records_say_how_many(acme, webhook, receiver, drain, collector):
    publish_sample(acme)
    drain()

    assert {"webhooks.count": 1} in map(attributes, collector.named("claim"))
    assert list(map(attributes, collector.named("record"))) == [{"webhooks.count": 1}]


def test_a_caller_that_is_not_sampled_is_not_traced_but_followed(
    acme, webhook, receiver, drain, collector
):
    publish_sample(acme, traceparent=f"00-{TRACE}-{CALLER}-00")
    drain()

    (request,) = receiver.events
    assert request["traceparent"].startswith(f"00-{TRACE}-")
    assert request["traceparent"].endswith("-00")
    assert collector.named("attempt") == []


def test_a_challenge_says_of_which_webhook_it_is(acme, receiver, drain, collector):
    make_webhook(acme)
    pending = make_webhook(acme, url=receiver.url())
    request_verification(pending)
    drain()

    (verification,) = collector.named("verification")
    assert attributes(verification) == {
        "webhooks.webhook": pending.public_id,
        "server.address": HOST,
        "http.response.status_code": 200,
    }


def test_a_batch_of_a_recovery_says_of_which_and_whose(webhook, collector):
    recovery = make_recovery(webhook)

    go_on(rate=0, is_over=lambda: False)

    assert [attributes(each) for each in collector.named("recovery")] == [
        {
            "webhooks.recovery": recovery.public_id,
            "webhooks.webhook": webhook.public_id,
        }
    ] * 2


@pytest.mark.parametrize("is_wanted", [True, False])
def test_tracing_that_is_installed_is_not_warned_of(settings, is_wanted):
    settings.WEBHOOKS_TRACING = is_wanted

    assert spans_can_be_made() == []


def test_tracing_without_its_packages_is_warned_of(tmp_path):
    # As python finds it: a process that sees every package but those of the extra.
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_OPENTELEMETRY)

    done = manage("check", WEBHOOKS_TRACING="true", PYTHONPATH=str(tmp_path))

    assert done.returncode == 0
    assert (
        "?: (deliveries.W001) WEBHOOKS_TRACING is on, and OpenTelemetry is not "
        "installed: no span is sent.\n\tHINT: pip install -r requirements-otel.txt, or "
        "WEBHOOKS_TRACING=false." in done.stderr
    )


def test_a_refusal_marks_its_span_by_the_name_of_the_error(collector):
    error = RuntimeError("hidden words")
    with pytest.raises(RuntimeError), spans.span("recovery"):
        raise error

    (span,) = collector.named("recovery")
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert span.status.message == "RuntimeError"
    assert b"hidden" not in b"".join(collector.raw)


def test_a_process_that_forks_sends_its_own_spans(collector):
    here = spans.provider(os.getpid())

    assert spans.provider(os.getpid()) is here
    assert spans.provider(-1) is not here


@pytest.mark.django_db
def test_an_empty_batch_is_published_as_nothing(collector):
    assert publish_batch([]) == []


def test_when_it_is_off_nothing_is_made_and_the_header_is_ours(
    acme, webhook, receiver, drain, settings
):
    settings.WEBHOOKS_TRACING = False
    spans.provider.cache_clear()
    event = publish_sample(acme, traceparent=PARENT).event
    drain()

    assert event.traceparent == PARENT
    assert receiver.events[0]["traceparent"].startswith(f"00-{TRACE}-")
    assert spans.provider.cache_info().currsize == 0
