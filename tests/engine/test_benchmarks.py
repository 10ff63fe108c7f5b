"""The benchmarks still run, and their tables have their rows. Nothing is timed here."""

from __future__ import annotations

import re

import pytest

from tests.bench import backlog, export, fairness, guard, latency, purge, throughput
from tests.bench.figures import percentile, table

# In one of the suite's runs is enough.
pytestmark = pytest.mark.postgresql

HERE = ["--only", "SQLite", "--runs", "1"]


def rows(output):
    """The first column of each table, and how many figures stand beside it."""
    lines = [re.split(r"\s\s+", line) for line in output.splitlines()]
    return {
        name: len(figures)
        for name, *figures in lines
        if figures and all(re.fullmatch(r"[\d,.]+", figure) for figure in figures)
    }


def test_guard(capsys):
    guard.main(["--requests", "5", "--connections", "2", "--runs", "1"])

    ways = ("adapter", "prepare, adapter", "pool", "guarded")
    names = ("HTTP", "HTTPS", "HTTPS, new connection")
    assert rows(capsys.readouterr().out) == {
        f"{name}: {way}": 2 for name in names for way in ways
    }


def test_throughput(capsys):
    words = ["--only", "PostgreSQL", "--runs", "1"]

    throughput.main([*words, "--events", "40", "--plain-events", "5"])

    # Rate, ratio, processor time: of all, and of three parts; there is no Redis.
    assert rows(capsys.readouterr().out) == {
        "PostgreSQL: plain": 6,
        "PostgreSQL: engine": 6,
        "PostgreSQL: engine, HTTPS": 6,
    }


def test_latency(capsys):
    latency.main([*HERE, "--rate", "20", "--seconds", "1"])

    assert rows(capsys.readouterr().out) == {"SQLite": 5}


def test_fairness(capsys):
    sizes = ["--rate", "20", "--seconds", "1", "--hanging", "0", "--waiting", "40"]

    fairness.main([*HERE, *sizes])

    output = capsys.readouterr().out
    hanging, waiting = output.split("Fairness: a tenant's first attempts")
    assert rows(hanging) == {"0": 5}
    assert rows(waiting) == {"0": 6, "40": 6}


def test_backlog(capsys):
    backlog.main([*HERE, "--events", "40", "--waiting", "20"])

    assert rows(capsys.readouterr().out) == {"0": 4, "20": 4}


def test_export(capsys):
    export.main([*HERE, "--entries", "600"])

    assert rows(capsys.readouterr().out) == {
        "SQLite: CSV": 6,
        "SQLite: JSON": 6,
        "SQLite: CSV, a slow client": 6,
        "SQLite: CSV, 4 at once": 6,
    }


def test_purge(capsys):
    purge.main([*HERE, "--deliveries", "150", "--rate", "8", "--seconds", "1"])

    assert rows(capsys.readouterr().out) == {"before": 5, "during": 5, "after": 5}


def test_a_percentile_is_one_of_the_values():
    assert percentile([4, 1, 3, 2], 50) == 2
    assert percentile(range(1, 101), 99) == 99
    assert percentile([7], 99) == 7


def test_a_table_is_aligned():
    text = table("Title", ["", "ms"], [["long name", "1"], ["b", "1,000"]])

    assert text.splitlines()[4:] == [
        "----------------",
        "long name      1",
        "b          1,000",
        "----------------",
    ]
