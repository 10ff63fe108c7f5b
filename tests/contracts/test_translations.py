"""Every page speaks English and Spanish, whole."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.processes import ROOT
from tests.translations import COMPILED, compiled, missing, said, spanish

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
SAID_BY_TAG = re.compile(
    r"\{%\s*blocktrans.*?\{%\s*endblocktrans\w*\s*%\}|\{%\s*comment.*?endcomment\s*%\}"
    r"|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}",
    re.DOTALL,
)
# The same in every language.
NAMES = {"Webhooks", "POST", "UTC", "p50", "p95", "JSON", "CSV", "cURL", "GET"}
NAMES |= {"OAuth", "HMAC"}
SPOKEN = ("aria-label", "placeholder", "title", "alt")
# The reference of the API and Django's tables are English.
ENGLISH = ("api/", "admin/", "emails/")


class Words(HTMLParser):
    """Collects what a reader reads, but for code."""

    def __init__(self):
        super().__init__()
        self.found, self.code = [], 0

    def handle_starttag(self, tag, attrs):
        self.code += tag in ("code", "pre")
        # What stands in a field for code is an example of it.
        if "mono" not in (dict(attrs).get("class") or ""):
            self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag):
        self.code -= tag in ("code", "pre")

    def handle_data(self, data):
        if not self.code:
            self.found.append(data)


def words_of(template):
    reader = Words()
    reader.feed(SAID_BY_TAG.sub(" ", template))
    letters = re.findall(r"[A-Za-z][\w-]+", " ".join(reader.found))
    return [word for word in letters if word not in NAMES]


TEMPLATES = [
    path
    for path in sorted((ROOT / "templates").rglob("*.html"))
    if not str(path.relative_to(ROOT / "templates")).startswith(ENGLISH)
]


def test_every_sentence_has_its_spanish():
    assert missing(spanish(), said()) == []


def test_the_compiled_catalogue_is_that_of_the_text():
    assert COMPILED.read_bytes() == compiled(spanish())


def test_a_translation_fills_in_what_its_sentence_does():
    wrong = [
        message.id
        for message in spanish()
        if isinstance(message.id, str)
        and sorted(PLACEHOLDER.findall(message.id))
        != sorted(PLACEHOLDER.findall(message.string))
    ]

    assert wrong == []


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_template_says_anything_in_one_language_only(path):
    assert words_of(path.read_text()) == []


def test_words_between_tags_would_be_found():
    assert words_of('<p title="Hello there">{{ name }} waits</p>') == [
        "Hello",
        "there",
        "waits",
    ]


def test_a_sentence_without_spanish_would_be_found():
    wanted = said()
    wanted.add("A sentence that nobody has translated.")

    assert missing(spanish(), wanted) == ["A sentence that nobody has translated."]
