"""A real browser (Debian's Chromium) before a real server; it complains of nothing."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import Client
from playwright.sync_api import Locator, sync_playwright

from tests.browser import slowness

CHROMIUM = "/usr/bin/chromium"
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
# What it loads beforehand, the policy of the pages would refuse it.
AXE_RUN = "axe.run(document, {resultTypes: ['violations'], preload: false})"
SERIOUS = ("serious", "critical")
# Each width, each theme at the ends; EVERY_SIZE=1 takes the others as well.
EVERY_SIZE = bool(os.environ.get("EVERY_SIZE"))
SIZES = [(1440, "light"), (768, "light"), (390, "dark")]
SIZES += [(1440, "dark"), (390, "light")] if EVERY_SIZE else []
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""
# As the page itself answers: the browser says so on its console, and rightly.
STATUS = "Failed to load resource: the server responded with a status of"
# SLOW_PAGES=1 has each page arrive late and in pieces: what is read too early fails.
SLOW_PAGES = bool(os.environ.get("SLOW_PAGES"))

click = Locator.click


def click_and_wait(locator, **options):
    """Where it leads to another page, until all of that has arrived."""
    click(locator, **options)
    locator.page.wait_for_load_state()


@pytest.fixture(scope="module")
def chromium():
    # Playwright's loop runs in this thread, and Django takes all here for asynchronous
    # code: no longer than for these tests.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        patch.setattr(Locator, "click", click_and_wait)
        if SLOW_PAGES:
            slowness.answer_in_pieces(patch)
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@contextmanager
def window_of(chromium, **options):
    context = chromium.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


@pytest.fixture
def window(chromium):
    with window_of(chromium) as page:
        yield page


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]


@pytest.fixture(autouse=True)
def no_reader_keeps_a_writer_out(transactional_db):
    """Pages look while a test writes, each over a connection of its own.

    The database is in memory, and its connections share a cache. There a table that
    somebody reads is refused to who writes, at once; in a file neither waits.
    """
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    _read_without_locks(connection)
    connection_created.connect(_read_without_locks)
    yield
    connection_created.disconnect(_read_without_locks)
    _read_without_locks(connection, is_on=False)


def _read_without_locks(connection, *, is_on=True, **kwargs):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA read_uncommitted = {int(is_on)}")


class Visit:
    """A person's browser window, and all that it complained of."""

    def __init__(self, page, base):
        self.page, self.base = page, base
        self.complaints = []
        page.add_init_script(VIOLATIONS)
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._note_dialog)
        page.on("request", self._note_request)

    def open(self, path):
        return self.page.goto(self.base + path)

    def path(self):
        return self.page.url.removeprefix(self.base)

    def log_in_as(self, user):
        """Without the form."""
        client = Client()
        client.force_login(user)
        name = django_settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": self.base}
        self.page.context.add_cookies([cookie])

    def submit(self, button, **fields):
        for name, text in fields.items():
            self.page.fill(f"[name={name}]", text)
        self.page.get_by_role("button", name=button, exact=True).click()

    def heading(self):
        return self.page.locator("main h1").first.inner_text()

    def overflow(self):
        """By how many pixels the page is wider than its window."""
        root = "document.documentElement"
        return self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")

    def barriers(self):
        """What axe-core finds serious or critical: each rule, and where."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found = self.page.evaluate(AXE_RUN)
        return [
            (each["id"], [node["html"][:200] for node in each["nodes"]])
            for each in found["violations"]
            if each["impact"] in SERIOUS
        ]

    def check_page(self, path, *, shots=None, sizes=SIZES):
        """Opens it in those sizes and themes: it fits, and keeps nobody out."""
        shown = None
        for width, theme in sizes:
            self.page.set_viewport_size({"width": width, "height": 900})
            # Sheets follow the window at once; colours would fade into the others.
            is_new = theme != shown
            if is_new:
                self.page.emulate_media(color_scheme=theme)
                assert self.open(path).status == 200, path
                shown = theme
            where = (path, width, theme)
            assert (where, self.overflow()) == (where, 0)
            if is_new or EVERY_SIZE:
                assert (where, self.barriers()) == (where, [])
            assert (where, self.page.evaluate("window.violations")) == (where, [])
            if shots:
                shots(f"{width}-{theme}")

    def _note_console(self, message):
        if message.type in ("error", "warning") and STATUS not in message.text:
            self.complaints.append(f"{message.text} ({self.page.url})")

    def _note_dialog(self, dialog):
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note_request(self, request):
        if not request.url.startswith((self.base, "data:")):
            self.complaints.append(f"left the host: {request.url}")


@pytest.fixture
def visit(live_server, window):
    visit = Visit(window, live_server.url)
    yield visit
    assert visit.complaints == []


@pytest.fixture
def plain(chromium, live_server):
    """Somebody whose window runs no script of any page's."""
    with window_of(chromium, java_script_enabled=False) as page:
        visit = Visit(page, live_server.url)
        yield visit
        assert visit.complaints == []


@pytest.fixture
def shots(window, request):
    """Keep a picture when SCREENSHOTS names a folder, for a person to look at."""

    def take(*names):
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            spec = getattr(request.node, "callspec", None)
            case = "-".join([*names, spec.id if spec else request.node.name])
            window.screenshot(path=Path(folder) / f"{case}.png", full_page=True)

    return take
