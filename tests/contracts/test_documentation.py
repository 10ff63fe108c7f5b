"""What the documentation says exists, exists; what it should say, it says."""

from __future__ import annotations

import re
from base64 import b64encode
from configparser import ConfigParser
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.core.checks.registry import registry
from django.test import RequestFactory
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deliveries.wire.authentication import Signed
from deliveries.wire.message import HeaderStyle, Message, compose
from subscriptions.signing_keys import SigningKey
from tests.processes import ROOT
from tests.settings import variables_read

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CONFIGURATION = ROOT / "docs" / "configuration.md"
RECEIVING = ROOT / "docs" / "receiving.md"
OUR_FOLDERS = ("deliveries", "docs", "subscriptions", "tests", "webhooks_project")

LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
PATH = re.compile(rf"`((?:{'|'.join(OUR_FOLDERS)})/[\w./]*)(?:::(\w+))?`")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def page(path):
    return str(path.relative_to(ROOT))


def anchors(path):
    """As web views of repositories make them from headings."""
    headings = HEADING.findall(path.read_text())
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_each_link_leads_somewhere(path):
    targets = [
        (path if not link else (path.parent / link).resolve(), anchor)
        for link, anchor in LINK.findall(path.read_text())
    ]

    assert [str(target) for target, _ in targets if not target.exists()] == []
    assert [
        f"{target}#{anchor}"
        for target, anchor in targets
        if anchor and anchor not in anchors(target)
    ] == []


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_no_link_leads_out_of_the_repository(path):
    links = [link for link, _ in LINK.findall(path.read_text()) if link]

    assert all((path.parent / link).resolve().is_relative_to(ROOT) for link in links)


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_each_path_and_each_test_that_is_named_exists(path):
    named = PATH.findall(path.read_text())

    assert [name for name, _ in named if not (ROOT / name).exists()] == []
    assert [
        f"{name}::{test}"
        for name, test in named
        if test and f"def {test}(" not in (ROOT / name).read_text()
    ] == []


def test_the_code_names_only_pages_that_exist():
    sources = [ROOT / ".importlinter", *ROOT.glob("*_project/**/*.py")]
    sources += [*ROOT.glob("deliveries/**/*.py"), *ROOT.glob("subscriptions/**/*.py")]
    named = {
        name
        for source in sources
        for name in re.findall(r"docs/[\w/-]+\.md", source.read_text())
    }

    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_each_function_that_is_named_exists():
    named = {
        (module, function)
        for path in PAGES
        for module, function in re.findall(r"`([a-z_/]+)\.(_\w+)`", path.read_text())
    }

    assert len(named) > 3
    assert [each for each in named if not defines(*each)] == []


def defines(module, function):
    files = [ROOT / "deliveries" / folder / f"{module}.py" for folder in ("", "engine")]
    return any(f"def {function}(" in f.read_text() for f in files if f.exists())


@pytest.mark.parametrize("app", ["deliveries", "subscriptions"])
def test_the_layers_of_the_page_are_those_that_imports_are_held_to(app):
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    held = contracts[f"importlinter:contract:{app}"]["layers"].split("\n")[1:]
    page = (ROOT / "docs" / "architecture.md").read_text()
    # A line that begins with │ goes on with the layer above.
    drawn = re.search(
        rf"^{app} +(apps\n.*?)(?:\n\n|\n```)", page, re.DOTALL | re.MULTILINE
    )[1]
    drawn = re.sub(r"\n *│", " │", drawn)

    assert [names_of(line.split("  ")[0]) for line in re.split("▶ *", drawn)] == [
        names_of(line) for line in held
    ]


def names_of(layer):
    return set(re.findall(r"\w+", layer))


def test_the_tree_in_the_readme_names_what_is_there():
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (tree,) = [block for language, block in blocks if not language]

    paths = list(paths_of(tree))

    assert ROOT / "deliveries" / "queue.py" in paths
    assert [str(path) for path in paths if not path.exists()] == []


def paths_of(tree):
    folder = ROOT
    for line in tree.splitlines():
        names = re.match(r"((?: ?[\w.]+(?:/|\.py))+)", line.strip())[1].split()
        if not line.startswith(" "):
            folder = ROOT / names[0]
            yield folder
        else:
            yield from (folder / name for name in names)


def test_the_glossary_has_each_word_once():
    rows = re.findall(
        r"^\| (\*\*.*?) \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE
    )
    words = [word for row in rows for word in re.findall(r"\*\*(.+?)\*\*", row)]

    assert len(words) > 100
    assert [word for word in words if words.count(word) > 1] == []


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_each_table_has_a_head(path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)

    assert [each for each in tables if not re.match(r".*\n\|[-|]+\|\n", each)] == []


def test_the_image_holds_all_that_the_product_runs_on():
    text = (ROOT / "docs" / "deploy" / "Containerfile").read_text()
    copied = {
        name
        for names in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE)
        for name in names.split()
    }

    packages = {each.parent.name for each in ROOT.glob("*/__init__.py")} - {"tests"}
    files = {"requirements.txt", "manage.py", "gunicorn.conf.py"}
    assert copied == packages | files | {"templates", "locale"}


def test_each_variable_is_documented_and_each_documented_one_is_read():
    documented = re.findall(
        r"^\| `([A-Z0-9_]+)` \|", CONFIGURATION.read_text(), re.MULTILINE
    )

    assert sorted(documented) == sorted(variables_read())


def test_each_check_of_ours_is_documented():
    ours = [
        check
        for check in registry.get_checks(include_deployment_checks=True)
        if check.__module__.startswith(("deliveries.", "subscriptions."))
    ]
    modules = {check.__module__.replace(".", "/") for check in ours}
    ids = {
        found
        for module in modules
        for found in re.findall(r'id="([\w.]+)"', (ROOT / f"{module}.py").read_text())
    }

    assert ids == set(
        re.findall(r"^\| `(\w+\.[EW]\d+)` \|", CONFIGURATION.read_text(), re.MULTILINE)
    )


# --- The code in receiving.md, as a customer would copy it --------------------------
SECRET, PREVIOUS, STRANGE = (
    f"whsec_{b64encode(bytes([number]) * 32).decode()}" for number in range(3)
)
BOTH = pytest.mark.parametrize(
    "secret",
    [pytest.param(SECRET, id="current"), pytest.param(PREVIOUS, id="previous")],
)
BODY = '{"id":"evt_1","data":{"city":"Zürich"}}'.encode()
BLOCKS = re.findall(r"```python\n(.*?)```", RECEIVING.read_text(), re.DOTALL)


def names_defined_by(text):
    (block,) = [block for block in BLOCKS if text in block]
    names = {}
    exec(block, names)  # noqa: S102 (our own page)
    return names


def headers(*, age=timedelta()):
    """Of a request in the middle of a rotation."""
    message = Message("evt_1", "a.b", "dlv_1", UUID(int=1), 1, 1, BODY)
    request = compose(
        message,
        url="https://receiver.example.com/",
        authentication=Signed([SigningKey(SECRET), SigningKey(PREVIOUS)]),
        style=HeaderStyle("X-Alvys-", "test"),
        now=datetime.now(UTC) - age,
    )
    return dict(request.headers)


@pytest.fixture
def is_ours():
    return names_defined_by("def is_ours")["is_ours"]


@BOTH
def test_the_code_for_receivers_accepts_what_we_sign(is_ours, secret):
    assert is_ours(secret, headers(), BODY)


@pytest.mark.parametrize("library", ["standardwebhooks", "svix"])
@BOTH
def test_the_libraries_accept_what_we_sign(library, secret):
    read_event = names_defined_by(f"from {library}")["read_event"]
    in_lower_case = {name.lower(): value for name, value in headers().items()}

    assert read_event(secret, in_lower_case, BODY)["id"] == "evt_1"


def test_the_code_for_receivers_refuses_the_rest(is_ours):
    assert not is_ours(STRANGE, headers(), BODY)
    assert not is_ours(SECRET, headers(), BODY + b" ")
    assert not is_ours(SECRET, headers() | {"X-Alvys-Event-Id": "evt_2"}, BODY)
    assert not is_ours(SECRET, headers(age=timedelta(minutes=6)), BODY)


@pytest.mark.parametrize("signature", ["", "t=1", "t=x,v1=é", "=,,=v1"])
def test_the_code_for_receivers_survives_what_is_no_signature(is_ours, signature):
    assert not is_ours(SECRET, {"X-Alvys-Signature": signature}, BODY)


# Read once: hypothesis does not want what is made anew for each example.
IS_OURS = names_defined_by("def is_ours")["is_ours"]
PIECES = st.sampled_from(
    ["t=", "v1=", "v0=", ",", "=", "-", " ", "0", "1" * 10, "a" * 64]
)
SIGNATURES = st.one_of(
    st.text(st.characters(max_codepoint=255)), st.lists(PIECES).map("".join)
)


@settings(derandomize=True, max_examples=500, deadline=None)
@given(SIGNATURES, st.text(st.characters(max_codepoint=255), max_size=20))
def test_the_code_for_receivers_takes_nothing_that_we_did_not_sign(signature, event_id):
    given_headers = {"X-Alvys-Signature": signature, "X-Alvys-Event-Id": event_id}

    assert IS_OURS(SECRET, given_headers, BODY) is False


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.data())
def test_the_code_for_receivers_notices_a_changed_character(data):
    # Of the current secret alone: what the previous one signed would be true still.
    values = headers() | {"body": BODY.decode("latin-1")}
    values["X-Alvys-Signature"] = values["X-Alvys-Signature"].partition(",v0=")[0]
    name = data.draw(st.sampled_from(["X-Alvys-Signature", "X-Alvys-Event-Id", "body"]))
    whole = values[name]
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    values[name] = whole[:place] + other + whole[place + 1 :]
    assume(values[name] not in (whole, whole.replace("v1=", "v0=")))

    assert IS_OURS(SECRET, values, values["body"].encode("latin-1")) is False


@pytest.fixture
def receive(is_ours):
    """Send a request to the view of receiving.md; return its status and what it kept."""
    kept = {}
    view = names_defined_by("def receiver")["receiver"](
        SECRET, is_ours, kept.setdefault
    )

    def send(body, sent):
        request = RequestFactory().post(
            "/", body, content_type="application/json", headers=sent
        )
        return view(request), kept

    return send


def test_the_view_for_receivers_answers_a_challenge(receive):
    answer, kept = receive(b"{}", {"X-Alvys-Challenge": "token"})

    assert (answer.status_code, answer.content) == (200, b'{"challenge": "token"}')
    assert kept == {}


def test_the_view_for_receivers_keeps_an_event_once(receive):
    receive(BODY, headers())
    answer, kept = receive(BODY, headers())

    assert answer.status_code == 200
    assert list(kept) == ["evt_1"]


def test_the_view_for_receivers_keeps_nothing_that_is_not_ours(receive):
    answer, kept = receive(BODY + b" ", headers())

    assert answer.status_code == 401
    assert kept == {}
