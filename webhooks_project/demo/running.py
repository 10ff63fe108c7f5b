"""One run: certificates, a migrated database in a folder of its own, then everything."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from django.conf import settings
from django.utils import timezone

from webhooks_project.demo.certificates import issue_certificates
from webhooks_project.demo.places import environment
from webhooks_project.demo.processes import run_side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webhooks_project.demo.places import Places


class NotRunning(RuntimeError):
    """There is no demo, or none any more; the message says why."""


def run(places: Places, *, is_fresh: bool, screen: TextIO) -> None:
    """Run the demo until it is told to stop; raises NotRunning."""
    places.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(places.folder):
        if is_fresh:
            _forget(places)
        screen.write(f"{_beginning(places)}\n")
        screen.flush()
        issue_certificates(places, now=timezone.now())
        own = environment(places)
        _migrate(own)
        if ended := run_side_by_side(places, environment=own, screen=screen):
            message = f"The demo ended because its process {ended!r} did: see above."
            raise NotRunning(message)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"A demo is running in {_shown(folder)} already."
            raise NotRunning(message) from None
        yield


def _forget(places: Places) -> None:
    places.signing_secrets.unlink(missing_ok=True)
    for file in places.folder.glob(f"{places.database.name}*"):
        file.unlink()


def _beginning(places: Places) -> str:
    database = _shown(places.database)
    if places.database.exists():
        return f"Continuing with {database}; `make demo FRESH=1` starts clean."
    return f"Starting clean, with a new {database}."


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _migrate(own: dict[str, str]) -> None:
    # In a session of its own: the user's Ctrl-C is ours to answer.
    migration = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=settings.BASE_DIR,
        env=dict(os.environ) | own,
        start_new_session=True,
        check=False,
    )
    if migration.returncode:
        message = "The database could not be migrated: see above."
        raise NotRunning(message)
