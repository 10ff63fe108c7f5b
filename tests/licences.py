"""Under which licences the product runs: ``python -m tests.licences`` prints the page.

Read from what the installed packages say of themselves.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import distribution
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import Distribution

CLASSIFIER = "License :: OSI Approved :: "
# They bind nobody who runs the product or builds on it.
PERMISSIVE = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MIT",
        "MIT-0",
        "PSF-2.0",
        "Unlicense",
    }
)
# Copyleft of the files or of the library itself, which we use unchanged, as it is
# published: whoever ships the product must be able to exchange it.
LOOKED_AT = {
    "tqdm": "MPL-2.0 AND MIT",
    "certifi": "MPL-2.0",
    "jwcrypto": "LGPL-3.0-or-later",
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
}
# What older packages write, in the words of SPDX.
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
PAGE = """# Licences

What the product runs on, and under which licence: the packages of `requirements.txt`.
`python -m tests.licences > docs/licences.md` writes this page; a test holds it to what is
installed, and looks at the packages behind these, too.

| Package | Licence |
|---|---|
{rows}

Of all of them, and of what they bring along, only these are under a copyleft licence, which
covers their own files. We use them unchanged, as they are published.

{exceptions}
"""


def direct(file: str = "requirements.txt") -> list[Requirement]:
    lines = (ROOT / file).read_text().splitlines()
    return [Requirement(line) for line in lines if re.match(r"\w", line)]


def all_behind(wanted: Iterable[Requirement]) -> dict[str, Distribution]:
    """The packages and what they bring along here, by name."""
    found: dict[str, Distribution] = {}
    waiting = list(wanted)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in found:
            found[name] = distribution(name)
            waiting += _requirements(found[name], requirement.extras)
    return dict(sorted(found.items()))


def _requirements(package: Distribution, extras: set[str]) -> Iterator[Requirement]:
    for text in package.requires or ():
        requirement = Requirement(text)
        asked = [{"extra": extra} for extra in ("", *extras)]
        if requirement.marker is None or any(map(requirement.marker.evaluate, asked)):
            yield requirement


def licence_of(package: Distribution) -> str:
    if expression := package.metadata.get("License-Expression"):
        return expression
    classifiers = package.metadata.get_all("Classifier") or ()
    named = [c.removeprefix(CLASSIFIER) for c in classifiers if CLASSIFIER in c]
    # The oldest field holds a name, or the whole text of the licence.
    named = named or [package.metadata.get("License") or "unknown"]
    return " AND ".join(SPDX.get(name, name) for name in named).splitlines()[0]


def is_accepted(name: str, licence: str) -> bool:
    """One of several alternatives is enough; of several at once, all must be fine."""
    if LOOKED_AT.get(name) == licence:
        return True
    return any(
        all(part.strip(" ()") in PERMISSIVE for part in choice.split(" AND "))
        for choice in licence.split(" OR ")
    )


def page() -> str:
    names = sorted(canonicalize_name(each.name) for each in direct())
    rows = [f"| {name} | {licence_of(distribution(name))} |" for name in names]
    exceptions = [f"- {name}: {licence}" for name, licence in LOOKED_AT.items()]
    return PAGE.format(rows="\n".join(rows), exceptions="\n".join(exceptions))


if __name__ == "__main__":
    sys.stdout.write(page())
