"""Polling misses nothing, whatever the order of commits."""

from __future__ import annotations

import json
import queue
import random
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from deliveries import polling
from deliveries.models import Event
from deliveries.polling import BadCursor, StaleCursor, Wanted, read_events
from tests.builders import make_event, make_tenant, publish_sample
from tests.horizon import wait_for_horizon

# On PostgreSQL an event can be polled when nothing older may still be committed.
pytestmark = pytest.mark.django_db(transaction=True)

T0 = datetime(2026, 11, 1, tzinfo=UTC)
SEED = 20261121


def poll(tenant, cursor="", limit=100, **wanted):
    wait_for_horizon()
    return read_at_once(tenant, cursor, limit, **wanted)


def read_at_once(tenant, cursor="", limit=100, **wanted):
    return read_events(tenant, Wanted(**wanted), cursor=cursor, limit=limit)


def ids(page):
    return [json.loads(body)["id"] for body in page.bodies]


def read_on(tenant, cursor="", **options):
    """All pages until there is no more; the ids, and the last cursor."""
    found, has_more = [], True
    while has_more:
        page = poll(tenant, cursor, **options)
        found += ids(page)
        cursor, has_more = page.next_cursor, page.has_more
    return found, cursor


def many_events(tenant, count, **overrides):
    """Quickly, and all by one transaction."""
    first = make_event(tenant, **overrides)
    names = ("tenant_id", "subsidiary_id", "type", "occurred_at", "created_at")
    fields = {name: vars(first)[name] for name in (*names, "entity_id")}
    Event.objects.bulk_create(
        Event(public_id=f"m-{n}", body=b'{"id":"m-%d"}' % n, **fields)
        for n in range(count - 1)
    )
    return first


def test_events_come_in_their_order_page_by_page(acme):
    events = [make_event(acme).public_id for _ in range(5)]

    first = poll(acme, limit=2)
    second = poll(acme, first.next_cursor, limit=2)
    third = poll(acme, second.next_cursor, limit=2)

    assert [ids(page) for page in (first, second, third)] == [
        events[:2],
        events[2:4],
        events[4:],
    ]
    assert [page.has_more for page in (first, second, third)] == [True, True, False]


def test_a_page_that_ends_with_the_last_event_has_no_more(acme):
    make_event(acme)

    assert not poll(acme, limit=1).has_more


def test_events_of_one_transaction_are_divided_between_pages(acme):
    many_events(acme, 7)

    found, _ = read_on(acme, limit=2)

    assert len(found) == len(set(found)) == 7


def test_a_cursor_of_the_end_finds_what_comes_later(acme):
    make_event(acme)
    _, cursor = read_on(acme)
    assert ids(poll(acme, cursor)) == []

    later = make_event(acme)

    assert ids(poll(acme, cursor)) == [later.public_id]


def test_a_cursor_of_an_empty_tenant_finds_what_comes_later(acme):
    cursor = poll(acme).next_cursor

    later = make_event(acme)

    assert ids(poll(acme, cursor)) == [later.public_id]


def test_the_body_is_what_is_sent_without_previous_attributes(acme):
    event = make_event(acme, body=b'{"id":"e-1", "n":1.10}', body_with_previous=b"{}")

    assert poll(acme).bodies == [event.body]


def test_tests_are_left_out(acme):
    make_event(acme, is_test=True)

    assert poll(acme).bodies == []


def test_filters_narrow_and_advance(acme):
    wanted = make_event(acme, type="load.changed", entity_id="L-1", created_at=T0)
    make_event(acme, type="load.changed", entity_id="L-2")
    make_event(acme, type="tender.created", entity_id="L-1")
    late = make_event(acme, type="load.changed", entity_id="L-1")

    both = ["load.changed", "trip.changed"]
    assert ids(poll(acme, types=both, entity_id="L-1")) == [
        wanted.public_id,
        late.public_id,
    ]
    assert ids(poll(acme, entity_id="L-3")) == []
    assert not poll(acme, entity_id="L-3").has_more


def test_since_begins_at_its_time(acme):
    times = [T0 + timedelta(minutes=n) for n in range(20)]
    events = [make_event(acme, created_at=at).public_id for at in times]

    assert ids(poll(acme, since=times[12])) == events[12:]
    assert ids(poll(acme, since=T0 - timedelta(days=9))) == events


def test_since_passes_over_what_is_older_though_it_was_written_later(acme):
    make_event(acme, created_at=T0)
    early = make_event(acme, created_at=T0 + timedelta(minutes=9))
    make_event(acme, created_at=T0 + timedelta(minutes=6))

    assert ids(poll(acme, since=T0 + timedelta(minutes=8))) == [early.public_id]


def test_a_filter_that_matches_little_looks_at_so_many_and_goes_on(acme):
    many_events(acme, polling.SCANNED + 1, type="load.changed")
    rare = make_event(acme, type="tender.created")

    first = poll(acme, types=["tender.created"])
    second = poll(acme, first.next_cursor, types=["tender.created"])

    assert (first.bodies, first.has_more) == ([], True)
    assert (ids(second), second.has_more) == ([rare.public_id], False)


@pytest.mark.parametrize("wanted", [{}, {"types": ["x"]}, {"entity_id": "E"}])
def test_a_page_costs_three_queries_at_most(acme, wanted, django_assert_num_queries):
    many_events(acme, 300)
    cursor = poll(acme, limit=1).next_cursor

    with django_assert_num_queries(3 if "types" in wanted else 2):
        read_at_once(acme, cursor, **wanted)


@pytest.mark.parametrize("cursor", ["x", "W10:x", "é", "\0", "a:b:c", "WzEsMl0"])
def test_a_cursor_that_we_did_not_make_is_refused(acme, cursor):
    with pytest.raises(BadCursor):
        poll(acme, cursor)


def test_globex_cannot_use_acmes_cursor(acme, globex):
    make_event(acme)
    make_event(globex)
    cursor = poll(acme, limit=1).next_cursor

    assert len(poll(globex).bodies) == 1
    with pytest.raises(BadCursor):
        poll(globex, cursor)


def test_on_sqlite_a_number_is_never_given_out_twice(acme):
    """A cursor beyond the last event, which is then removed, misses nothing."""
    last = make_event(acme)
    _, cursor = read_on(acme)
    last.delete()

    later = make_event(acme)

    assert ids(poll(acme, cursor)) == [later.public_id]


# --- Commits out of order -----------------------------------------------------------


class Writer(threading.Thread):
    """A connection that publishes, commits or rolls back when it is told to."""

    def __init__(self, tenant):
        super().__init__()
        self.tenant, self.is_open = tenant, False
        self._orders, self._answers = queue.Queue(), queue.Queue()
        self.start()

    def run(self):
        try:
            while self._orders.get() == "publish":
                with transaction.atomic():
                    self._answers.put(publish_sample(self.tenant).event.public_id)
                    while (order := self._orders.get()) == "publish":
                        again = publish_sample(self.tenant).event.public_id
                        self._answers.put(again)
                    if order == "roll back":
                        transaction.set_rollback(True)
                self._answers.put(order)
        finally:
            connection.close()

    def do(self, order):
        self._orders.put(order)
        self.is_open = order == "publish"
        return self._answers.get(timeout=20)

    def end(self):
        if self.is_open:
            self.do("commit")
        self._orders.put("end")
        self.join(timeout=20)


@pytest.fixture
def writers():
    acme = make_tenant("ACME")
    made = [Writer(acme) for _ in range(4)]
    yield made
    for writer in made:
        writer.end()


@pytest.mark.postgresql
def test_what_is_committed_late_is_not_passed_by(writers):
    slow, quick, *_ = writers
    late = slow.do("publish")
    early = quick.do("publish")
    quick.do("commit")

    before = poll(slow.tenant)
    slow.do("commit")

    assert (before.bodies, before.has_more) == ([], False)
    assert ids(poll(slow.tenant, before.next_cursor)) == [late, early]


@pytest.mark.postgresql
def test_an_event_that_is_rolled_back_holds_nothing_up(writers):
    slow, quick, *_ = writers
    slow.do("publish")
    early = quick.do("publish")
    quick.do("commit")
    cursor = poll(slow.tenant).next_cursor

    slow.do("roll back")

    assert ids(poll(slow.tenant, cursor)) == [early]


@pytest.mark.postgresql
def test_a_transaction_that_only_reads_holds_nothing_up(writers):
    reader = make_tenant("GLOBEX")
    with transaction.atomic():
        Event.objects.of(reader).exists()
        event = writers[0].do("publish")
        writers[0].do("commit")

        assert ids(poll(writers[0].tenant)) == [event]


@pytest.mark.postgresql
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_four_writers_commit_in_any_order_and_each_event_is_read_once(writers, limit):
    chance = random.Random(SEED + limit)  # noqa: S311 (the same chance each time)
    tenant, cursor = writers[0].tenant, ""
    read, committed, open_events = [], set(), {writer: [] for writer in writers}
    committed_out_of_order = 0

    for _ in range(200):
        writer = chance.choice(writers)
        if not writer.is_open or chance.random() < 0.4:
            open_events[writer].append(writer.do("publish"))
        else:
            oldest = min(events[0] for events in open_events.values() if events)
            committed_out_of_order += open_events[writer][0] != oldest
            order = "commit" if chance.random() < 0.8 else "roll back"
            writer.do(order)
            committed |= set(open_events[writer]) if order == "commit" else set()
            open_events[writer] = []
        page = read_at_once(tenant, cursor, limit=limit)
        read, cursor = read + ids(page), page.next_cursor
    for writer in writers:
        if writer.is_open:
            writer.do("commit")
            committed |= set(open_events[writer])
    rest, _ = read_on(tenant, cursor, limit=limit)

    assert committed_out_of_order > 20
    assert sorted(read + rest) == sorted(committed)


# --- After a restore ----------------------------------------------------------------


@pytest.mark.postgresql
def test_a_cursor_from_before_a_restore_is_refused(acme):
    horizon = polling._horizon()
    elsewhere = polling._signer(acme).sign_object(["1234567890", 5, 5])
    ahead = [horizon.database, horizon.latest + 1_000_000, 1]

    for cursor in (elsewhere, polling._signer(acme).sign_object(ahead)):
        with pytest.raises(StaleCursor):
            poll(acme, cursor)


@pytest.mark.postgresql
def test_events_of_another_server_can_be_read_when_they_are_renumbered(acme, capsys):
    restored = [make_event(acme).public_id for _ in range(2)]
    Event.objects.update(transaction_number=polling._horizon().latest + 1_000_000)
    new = make_event(acme).public_id
    assert ids(poll(acme)) == [new]

    call_command("renumber_events")

    assert capsys.readouterr().out == "2 events renumbered.\n"
    assert ids(poll(acme)) == [*restored, new]


def test_renumbering_leaves_the_rest_as_it_is(acme, capsys):
    make_event(acme)
    before = list(Event.objects.values_list("transaction_number", flat=True))

    call_command("renumber_events")

    assert capsys.readouterr().out == "0 events renumbered.\n"
    assert list(Event.objects.values_list("transaction_number", flat=True)) == before
