"""Pictures of the pages for docs/screenshots: `python -m tests.screenshots` makes them.

Two of each page: on a desk in the light, on a phone; some in the dark as well.
"""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import pytest
from PIL import Image

from subscriptions.models import Tenant, Webhook
from tests.browser.story import tell
from tests.browser.walk import ALL, WALK
from tests.people import make_person
from tests.processes import ROOT

pytestmark = pytest.mark.browser

FOLDER = ROOT / "docs" / "screenshots"
SIZES = (("desk", 1440, 900), ("phone", 390, 844))
IN_THE_DARK = {"delivery"}
MAX_BYTES = 150_000
TAKEN = [each for each in WALK if "none" not in each[0]]


def first_role(entry):
    """By whom a page is seen in the pictures: the first of those who see it."""
    return min(ALL.index(role) for role in entry[2])


@pytest.fixture
def cast(acme, globex, settings):
    settings.WEBHOOKS_INBOX = "https://inbox.acme.example"
    Tenant.objects.filter(pk=acme.pk).update(name="Acme Freight")
    Tenant.objects.filter(pk=globex.pk).update(name="Globex Logistics")
    people = {
        "admin": make_person("dana", acme),
        "engineer": make_person("eli", acme, role="engineer"),
        "support": make_person("sam"),
    }
    webhook = tell(acme)
    assert Webhook.objects.filter(tenant=acme).count() == 8
    return SimpleNamespace(tenant=acme, webhook=webhook, people=people)


def test_pictures_are_taken(visit, cast):
    FOLDER.mkdir(exist_ok=True)
    seen_by = None
    for name, address, roles in sorted(TAKEN, key=first_role):
        if seen_by != (seen_by := first_role((name, address, roles))):
            visit.log_in_as(cast.people[ALL[seen_by]])
        for size, width, height in SIZES:
            visit.page.set_viewport_size({"width": width, "height": height})
            theme = "dark" if name in IN_THE_DARK and size == "desk" else "light"
            visit.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            assert visit.open(address(cast)).status == 200, name
            keep(visit.page.screenshot(), FOLDER / f"{name}-{size}.png")


def keep(picture, path):
    """With as many colours as fit: fewer for who would be too large."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    for colours in (256, 128, 64, 32):
        small = image.quantize(colours, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        if path.stat().st_size <= MAX_BYTES:
            return
    assert path.stat().st_size <= MAX_BYTES, path
