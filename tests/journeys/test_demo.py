"""`manage.py demo` as somebody runs it who sees the product for the first time."""

from __future__ import annotations

import fcntl
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).parents[2]
# Each process of a parallel run of the suite has its own.
FIRST_PORT = 20_000 + os.getpid() % 500 * 20


class Demo:
    """A running demo, and the lines that it has shown so far."""

    def __init__(self, folder, *options):
        words = ["--folder", folder, "--port", FIRST_PORT]
        words += ["--receiver-port", FIRST_PORT + 10, *options]
        self.process = subprocess.Popen(  # noqa: S603 (our own command line)
            [sys.executable, "manage.py", "demo", *map(str, words)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "WEBHOOKS_RETRY_DELAYS": "1,1,1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # As from a terminal: Ctrl-C is heard, also where a script runs the tests.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        self.lines = []
        self._arriving = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._arriving.put(line)
        self._arriving.put(None)

    def shows(self, pattern, *, within=180):
        """Find the first line with *pattern*, if need be wait for it."""
        deadline = time.monotonic() + within
        seen = 0
        while True:
            for line in self.lines[seen:]:
                if found := re.search(pattern, line):
                    return found
            seen = len(self.lines)
            self._take_line(deadline, pattern)

    def _take_line(self, deadline, pattern):
        try:
            line = self._arriving.get(timeout=max(deadline - time.monotonic(), 0))
        except queue.Empty:
            line = None
        assert line is not None, f"{pattern!r} is missing: {''.join(self.lines)}"
        self.lines.append(line)

    def end(self):
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=60)
        self.lines.extend(iter(self._arriving.get, None))
        return code


@contextmanager
def running(folder, *options):
    demo = Demo(folder, *options)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(timeout=60)
        demo.process.stdout.close()


def processes_of(folder):
    """The processes that work on the demo's database."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"sqlite:///{folder}/" in (entry / "environ").read_text():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found


COMMAND = re.compile(
    r"^  curl -H 'Authorization: (?P<token>[^']+)' .*?(?P<url>http://[^'\s]+).*?"
    r"(-d '(?P<data>[^']+)')?$\n\n",
    re.MULTILINE | re.DOTALL,
)


def run(command):
    """Do what a curl on the screen does; return the answer's status and JSON."""
    data = command["data"]
    headers = {
        "Authorization": command["token"],
        "Content-Type": "application/json",
    }
    request = Request(command["url"], data and data.encode(), headers)  # noqa: S310 (an address of ours)
    with urlopen(request, timeout=10) as answer:  # noqa: S310 (an address of ours)
        return answer.status, json.load(answer)


def test_the_demo_delivers_recovers_and_ends_when_told(tmp_path):
    with running(tmp_path) as demo:
        demo.shows(r"Starting clean, with a new .*db\.sqlite3\.$")
        admin = demo.shows(r"Admin +(http://127\.0\.0\.1:\d+/admin/)$")[1]
        demo.shows(r"Login +dana / \S+")
        event = demo.shows(r"200 /orders +tender\.created +(evt_\w+) attempt 1 ")[1]
        demo.shows(rf"503 /recovering +tender\.created +{event} attempt 2 signature ok")
        demo.shows(rf"200 /recovering +tender\.created +{event} attempt 3 signature ok")

        look, publish = COMMAND.finditer("".join(demo.lines))
        status, logs = run(look)
        assert status == 200
        assert event in {entry["EventId"] for entry in logs["Items"]}
        status, own = run(publish)
        assert (status, own["Deliveries"]) == (202, 2)
        demo.shows(rf"200 /orders +tender\.created +{own['Id']} attempt 1 signature ok")

        with urlopen(urljoin(admin, "/static/admin/css/base.css")) as css:  # noqa: S310 (an address of ours)
            assert css.headers["Content-Type"] == 'text/css; charset="utf-8"'
        assert len(processes_of(tmp_path)) >= 6
        assert demo.end() == 0

    assert demo.lines[-1] == "The demo has ended.\n"
    assert not [line for line in demo.lines if "Traceback" in line or "BAD" in line]
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], r"^Continuing with .*db\.sqlite3; `make demo FRESH=1` starts clean\.$"),
        (["--fresh"], r"^Starting clean, with a new .*db\.sqlite3\.$"),
    ],
)
def test_a_second_run_says_whether_it_continues(tmp_path, options, said):
    (tmp_path / "db.sqlite3").touch()

    with running(tmp_path, *options) as demo:
        demo.shows(said)

        assert demo.end() == 0
    assert processes_of(tmp_path) == []


def test_only_one_demo_runs_in_a_folder(tmp_path):
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with running(tmp_path) as demo:
            demo.shows(r"^CommandError: A demo is running in .* already\.$")
            assert demo.process.wait(timeout=60) == 1

    assert not (tmp_path / "db.sqlite3").exists()
