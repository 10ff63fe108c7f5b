"""`python -m tests.translations`: what the pages say, and what of it lacks Spanish.

Adds new sentences to the catalogue, drops those that nobody says any more, and compiles
it. Without GNU gettext: Django turns templates into Python, Babel reads that.
"""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from tests.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CATALOGUE = ROOT / "locale" / "es" / "LC_MESSAGES" / "django.po"
COMPILED = CATALOGUE.with_suffix(".mo")
SOURCES = ("subscriptions", "deliveries", "webhooks_project")
NAMES = ("gettext", "gettext_lazy", "gettext_noop", "sentence", "_")
KEYWORDS = dict.fromkeys(NAMES) | {
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def said(root: Path = ROOT) -> Catalog:
    """Every sentence that the pages can say."""
    found = Catalog()
    for path, code in _sources(root):
        for _line, text, _comments, context in extract(
            "python", BytesIO(code.encode()), keywords=KEYWORDS
        ):
            where = [(str(path.relative_to(root)), 1)]
            found.add(text, locations=where, context=context)
    return found


def _sources(root: Path) -> Iterator[tuple[Path, str]]:
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*.py")):
            yield path, path.read_text()
    for pattern in ("*.html", "*.txt"):
        for path in sorted((root / "templates").rglob(pattern)):
            code = templatize(path.read_text(), origin=str(path))
            # The spaces of a template are no indentation.
            yield path, "\n".join(line.strip() for line in code.splitlines())


def spanish() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="es")


def missing(known: Catalog, wanted: Catalog) -> list[str]:
    """What has no translation, or only a guess of one."""
    return [
        str(message.id)
        for message in wanted
        if message.id and not _is_translated(known.get(message.id, message.context))
    ]


def _is_translated(message: object) -> bool:
    text = getattr(message, "string", "")
    words = text if isinstance(text, tuple | list) else (text,)
    return all(words) and not getattr(message, "fuzzy", True)


def compiled(catalogue: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def main() -> int:
    known, wanted = spanish(), said()
    known.update(wanted, no_fuzzy_matching=True, update_header_comment=False)
    known.obsolete.clear()
    with CATALOGUE.open("wb") as file:
        write_po(file, known, sort_output=True, include_lineno=False, width=88)
    COMPILED.write_bytes(compiled(spanish()))
    lacking = missing(spanish(), wanted)
    sys.stdout.writelines(f"no Spanish: {text}\n" for text in lacking)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
