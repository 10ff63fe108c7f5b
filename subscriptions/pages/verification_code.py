"""Code that checks the signature of a request, in the languages of our customers.

Each stands in a file of its own, which tests run; the header's prefix is put in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from subscriptions.conf import get_conf

FOLDER = Path(__file__).parents[2] / "templates" / "webhooks" / "verification"
# As it stands in the files.
PREFIX = "X-Alvys-"
LANGUAGES = (
    ("python", "Python", "verify.py"),
    ("node", "Node.js", "verify.mjs"),
    ("php", "PHP", "verify.php"),
    ("ruby", "Ruby", "verify.rb"),
    ("go", "Go", "verify.go"),
    ("java", "Java", "Verify.java"),
    ("csharp", "C#", "Verify.cs"),
    ("openssl", "curl / openssl", "verify.sh"),
)


@dataclass(frozen=True, slots=True)
class Snippet:
    name: str
    label: str
    file: str
    code: str


def snippets() -> list[Snippet]:
    prefix = get_conf().header_prefix
    return [
        Snippet(name, label, file, _code(file, prefix))
        for name, label, file in LANGUAGES
    ]


@lru_cache
def _code(file: str, prefix: str) -> str:
    text = (FOLDER / file).read_text()
    return text.replace(PREFIX, prefix).replace(PREFIX.lower(), prefix.lower())
