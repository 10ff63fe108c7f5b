"""docs/supplierxm.md: its examples are asked for, its answers compared."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shlex

import pytest

from tests.processes import ROOT

PAGE = (ROOT / "docs" / "supplierxm.md").read_text()
EXAMPLES = re.findall(r"```sh\n(.*?)```\n\n```json\n(.*?)```", PAGE, re.DOTALL)


def options_of(command):
    """What a command of curl asks for: method, address, body."""
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    asked = {"-X": "GET", "-d": None, "-H": []}
    address = next(words)
    if address == "-X":
        asked["-X"], address = next(words), next(words)
    for option in words:
        value = next(words)
        asked[option] = [*asked["-H"], value] if option == "-H" else value
    method = "POST" if asked["-d"] and asked["-X"] == "GET" else asked["-X"]
    return method, address, asked["-d"] or "", asked["-H"]


@pytest.fixture
def ask(api):
    def run(command, uuid):
        method, address, body, headers = options_of(command.replace("$UUID", uuid))
        assert address.startswith("$API/")
        assert "Authorization: Bearer $TOKEN" in headers
        assert body == "" or "Content-Type: application/json" in headers
        return api.send(method, address.removeprefix("$API"), body.encode())

    return run


def test_the_examples_are_answered_as_the_page_says(ask):
    uuid = ""
    for command, answer in EXAMPLES:
        response = ask(command, uuid)
        said = response.json()
        if not uuid and isinstance(said, dict):
            uuid = said["webhook"]["uuid"]
        assert said == json.loads(answer.replace("$UUID", uuid or "none")), command

    assert len(EXAMPLES) == 7
    assert uuid


def test_the_code_for_receivers_accepts_what_we_sign_and_nothing_else():
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {}
    exec(block, names)  # noqa: S102 (our own page)
    body = b'{"uuid":"e-1"}'
    signature = hmac.digest(b"token", body, hashlib.sha256).hex()

    assert names["is_ours"]("token", {"webhook-signature": signature}, body)
    assert not names["is_ours"]("other", {"webhook-signature": signature}, body)
    assert not names["is_ours"]("token", {"webhook-signature": signature}, body + b" ")
    assert not names["is_ours"]("token", {}, body)
