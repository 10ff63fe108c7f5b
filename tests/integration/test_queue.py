"""The doorbell: one waits at most, and whatever happens to it nobody else is harmed."""

from __future__ import annotations

import logging

import pytest
from django.db import DatabaseError, OperationalError
from django.utils.module_loading import import_string
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage
from redis.exceptions import ConnectionError as RedisConnectionError

from deliveries import queue
from deliveries.models import Delivery
from deliveries.queue import wake_workers
from subscriptions.models import Webhook
from tests.builders import publish_sample

pytestmark = pytest.mark.django_db


class BrokenBroker(Broker):
    """A broker as django-q2 takes it by name, whose every call fails."""

    error: Exception

    @staticmethod
    def get_connection(list_key=None):
        return None

    def queue_size(self):
        raise self.error

    def enqueue(self, task):
        raise self.error


class BrokerThatTakesNothing(BrokenBroker):
    """It may be asked, but it takes no task."""

    def queue_size(self):
        return 0


@pytest.fixture
def broker(monkeypatch):
    """Let django-q2 use this broker; its errors are of this kind."""

    def use(broker_class, error):
        broker_class.error = error
        name = f"{broker_class.__module__}.{broker_class.__name__}"
        monkeypatch.setattr(Conf, "BROKER_CLASS", name)
        queue._broker.cache_clear()

    yield use
    queue._broker.cache_clear()


def bells():
    return [row.task["func"] for row in OrmQ.objects.order_by("id")]


def test_the_roll_is_called_now_and_then_beside_what_the_broker_has():
    bell = ("ticket", "a signed bell")
    answers = iter([[bell], [bell], None])
    dequeue = queue.RollCall(lambda: next(answers))

    first = dequeue()

    assert first[0] == bell
    ((ticket, call),) = first[1:]
    task = SignedPackage.loads(call)
    assert (ticket, task["func"], task["args"]) == (None, queue.ROLL, ())
    assert dequeue() == [bell]
    assert dequeue() is None


def test_ringing_leaves_one_bell_however_often(db):
    for _ in range(5):
        wake_workers()

    assert bells() == ["deliveries.tasks.drain"]


def test_when_the_bell_was_heard_it_rings_again(db):
    wake_workers()
    OrmQ.objects.all().delete()

    wake_workers()

    assert bells() == ["deliveries.tasks.drain"]


@pytest.mark.parametrize("broker_class", [BrokenBroker, BrokerThatTakesNothing])
@pytest.mark.parametrize(
    "error",
    [OperationalError("gone"), DatabaseError(), RedisConnectionError(), OSError()],
)
def test_a_broken_bell_is_a_line_in_the_log(broker, caplog, broker_class, error):
    broker(broker_class, error)

    wake_workers()

    (record,) = [each for each in caplog.records if each.name == "deliveries.queue"]
    assert (record.levelno, record.message) == (logging.WARNING, "bell.broken")
    assert record.reason == type(error).__name__


def test_an_event_is_published_though_the_bell_is_broken(
    acme, webhook, broker, django_capture_on_commit_callbacks
):
    broker(BrokenBroker, RedisConnectionError())

    with django_capture_on_commit_callbacks(execute=True):
        publish_sample(acme)

    assert Delivery.objects.get().state == Delivery.State.PENDING


def test_a_webhook_is_disabled_though_no_mail_can_be_ordered(
    acme, webhook, broker, receiver, drain, django_capture_on_commit_callbacks
):
    Webhook.objects.filter(pk=webhook.pk).update(url=receiver.url())
    publish_sample(acme)
    receiver.script(410)
    broker(BrokerThatTakesNothing, RedisConnectionError())

    with django_capture_on_commit_callbacks(execute=True):
        drain()

    webhook.refresh_from_db()
    assert webhook.disabled_reason == "Gone"


@pytest.mark.parametrize(
    "task",
    [queue.DRAIN, queue.SWEEP, queue.ROLL, queue.MAIL_NOTICES, queue.MAIL_GIVEN_UP],
)
def test_the_names_of_tasks_lead_to_functions(task):
    assert callable(import_string(task))


def test_the_sweep_is_scheduled_each_minute_for_ever():
    (sweep,) = Schedule.objects.filter(func=queue.SWEEP)

    assert (sweep.schedule_type, sweep.minutes) == (Schedule.MINUTES, 1)
    assert sweep.repeats == -1


def test_the_sweep_is_scheduled_once():
    queue.schedule_sweep()
    queue.schedule_sweep()

    assert Schedule.objects.filter(name=queue.SWEEP).count() == 1


def test_a_schedule_that_was_lost_comes_back_with_the_next_migrate():
    Schedule.objects.all().delete()

    queue.schedule_sweep()

    assert Schedule.objects.filter(name=queue.SWEEP).count() == 1
