"""From nothing to a verified webhook and its first test, by the keyboard alone.

Nobody has a server yet: the webhook points at our own inbox. The engine is the real one,
and so are its sockets, by TLS to a proxy that stands before the inbox.
"""

from __future__ import annotations

import itertools
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from standardwebhooks import Webhook as StandardWebhook

from deliveries.inbox import url_of
from deliveries.models import InboxMessage
from subscriptions.models import Webhook
from tests.people import make_person
from tests.receiver import Answer

pytestmark = pytest.mark.browser

# How a reader of the screen calls what has the focus.
FOCUSED = """() => {
  const element = document.activeElement;
  const label = element.labels && element.labels[0];
  const said = element.getAttribute('aria-label') || (label || element).innerText;
  return (said || '').trim().split('\\n')[0];
}"""


class Keyboard:
    """A person who has no mouse."""

    def __init__(self, page):
        self._page = page

    def focus(self):
        return self._page.evaluate(FOCUSED)

    def go_to(self, name):
        """Press Tab until what is called so has the focus; never through the body."""
        self._page.wait_for_load_state()
        walked = []
        for _ in range(80):
            self._page.keyboard.press("Tab")
            walked.append(self.focus())
            if walked[-1] == name:
                return
        pytest.fail(f"{name!r} cannot be reached: {walked}")

    def press(self, key, *, at=None):
        if at:
            self.go_to(at)
        self._page.keyboard.press(key)

    def enter(self, text, *, at):
        self.go_to(at)
        self._page.keyboard.type(text)


@pytest.fixture
def inbox(settings, receiver, live_server, acme):
    """Acme's inbox, as it is reached from outside: by TLS, through a proxy."""
    settings.WEBHOOKS_INBOX = receiver.url("")
    url = url_of(acme)
    path = urlsplit(url).path

    def passed_on(request):
        address = live_server.url + request.path
        skipped = ("host", "content-length", "connection")
        headers = {k: v for k, v in request.headers if k.lower() not in skipped}
        with urlopen(Request(address, request.body, headers), timeout=5) as answer:  # noqa: S310 (an address of ours)
            return answer.read()

    receiver.always(Answer(body=passed_on), path=path)
    receiver.script_challenges(*itertools.repeat(Answer(body=passed_on), 5), path=path)
    return url


@pytest.fixture
def keyboard(visit, acme):
    """Dana's, who is logged in, and whose browser may copy."""
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.log_in_as(make_person("dana", acme))
    return Keyboard(visit.page)


def add_a_webhook(keyboard, page, *, url):
    keyboard.press("Enter", at="Try it without a server")
    page.get_by_text("Nothing has arrived yet").wait_for()
    keyboard.press("Enter", at="Add a webhook for it")
    page.get_by_role("heading", name="Add webhook").wait_for()
    assert page.get_by_label("URL", exact=True).input_value() == url
    keyboard.enter("Warehouse", at="Name")
    keyboard.enter("tender.", at="Filter events")
    for name in ("tender.accepted", "tender.created"):
        keyboard.press("Space", at=name)
    keyboard.press("Enter", at="Add webhook")
    page.get_by_text("The webhook was added.").wait_for()


def copy_the_secret(keyboard, page):
    keyboard.press("Enter", at="Copy")
    page.get_by_text("Copied", exact=True).wait_for()
    return page.evaluate("navigator.clipboard.readText()")


def send_a_test(keyboard, page, drain):
    keyboard.press("Enter", at="Send test event")
    page.get_by_text("The test is on its way…").wait_for()
    drain()
    page.get_by_text("Your server accepted the test event.").wait_for()
    assert keyboard.focus() == "Send test event"


def test_who_has_no_server_gets_a_first_event_without_a_mouse(
    visit, keyboard, inbox, drain
):
    page = visit.page
    visit.open("/admin/settings/webhooks/")
    add_a_webhook(keyboard, page, url=inbox)
    secret = copy_the_secret(keyboard, page)
    drain()
    page.get_by_text("The URL is verified").wait_for()
    send_a_test(keyboard, page, drain)

    webhook = Webhook.objects.get()
    names = webhook.subscriptions.values_list("event_type__name", flat=True)
    assert webhook.status == "Active"
    assert sorted(names) == ["tender.accepted", "tender.created"]
    visit.open("/admin/settings/webhooks/inbox/")
    assert page.locator("summary.panel-head code").all_inner_texts() == [
        "webhook.test",
        "webhook.verification",
    ]
    arrived = InboxMessage.objects.order_by("-id").first()
    headers = {name.lower(): value for name, value in arrived.headers}
    assert StandardWebhook(secret).verify(bytes(arrived.body), headers)
