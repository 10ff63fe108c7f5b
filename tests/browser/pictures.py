"""Pictures of the pages for docs/screenshots: `python -m tests.screenshots` makes them.

Two of each page: on a desk and on a phone, in the light. DARK_PICTURES=folder makes
them in the dark, into that folder, for a person to look at.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from subscriptions.models import Tenant, Webhook
from tests.browser.story import tell
from tests.browser.walk import ALL, WALK
from tests.people import make_person
from tests.processes import ROOT

pytestmark = pytest.mark.browser

DARK = os.environ.get("DARK_PICTURES", "")
FOLDER = Path(DARK) if DARK else ROOT / "docs" / "screenshots"
THEME = "dark" if DARK else "light"
# As much of a page as is worth keeping, and the width of the window.
SIZES = (("desk", 1440, 1400), ("phone", 390, 1700))
SHORTEST = 800
NO_DITHER = Image.Dither.NONE
MAX_BYTES = 120_000
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
    story = tell(acme)
    assert Webhook.objects.filter(tenant=acme).count() == 10
    return SimpleNamespace(tenant=acme, people=people, **story)


def test_pictures_are_taken(visit, cast):
    FOLDER.mkdir(exist_ok=True)
    visit.page.emulate_media(color_scheme=THEME, reduced_motion="reduce")
    seen_by = None
    for name, address, roles in sorted(TAKEN, key=first_role):
        if seen_by != (seen_by := first_role((name, address, roles))):
            visit.log_in_as(cast.people[ALL[seen_by]])
        for size, width, tallest in SIZES:
            visit.page.set_viewport_size({"width": width, "height": SHORTEST})
            assert visit.open(address(cast)).status == 200, name
            height = visit.page.evaluate("document.documentElement.scrollHeight")
            height = min(height, tallest)
            visit.page.set_viewport_size({"width": width, "height": height})
            keep(visit.page.screenshot(), FOLDER / f"{name}-{size}.png")


def keep(picture, path):
    """With as many colours as fit: fewer for who would be too large."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    for colours in (256, 128, 64, 32):
        # Small marks keep their colour, however few of them there are.
        small = image.quantize(
            colours, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=NO_DITHER
        )
        small.save(path, optimize=True)
        if path.stat().st_size <= MAX_BYTES:
            return
    assert path.stat().st_size <= MAX_BYTES, path
