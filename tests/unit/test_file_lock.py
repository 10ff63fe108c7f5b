"""A lock that dies with its holder."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from deliveries.file_lock import FileLock

FORK = multiprocessing.get_context("fork")
PATIENCE = 10


@pytest.fixture
def lock():
    lock = FileLock()
    yield lock
    lock.close()


@pytest.fixture
def holder(lock):
    """Another process that holds it."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=_hold, args=[lock, theirs])
    process.start()
    assert ours.poll(PATIENCE)
    yield process
    process.kill()
    process.join(PATIENCE)
    ours.close()
    theirs.close()


def _hold(lock, pipe):
    with lock:
        pipe.send("held")
        signal.pause()


def can_be_had(lock):
    """Whether another process gets it at once: to its holder it is always free."""
    process = FORK.Process(target=_try, args=[lock])
    process.start()
    process.join(PATIENCE)
    return process.exitcode == 0


def _try(lock):
    os._exit(0 if lock.acquire(block=False) else 1)


def test_only_one_process_holds_it(lock, holder):
    assert not lock.acquire(block=False)


def test_it_is_given_back(lock):
    with lock:
        assert not can_be_had(lock)

    assert can_be_had(lock)


def test_it_is_free_again_when_its_holder_was_killed(lock, holder):
    holder.kill()

    assert lock.acquire(block=True)
