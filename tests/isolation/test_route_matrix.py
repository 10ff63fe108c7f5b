"""Every route, every method, every kind of caller: what they are answered."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions.identifiers import encode, new_uid
from subscriptions.models import ApiClient
from subscriptions.scopes import SCOPES
from tests.api.conftest import BASE, Program
from tests.isolation.conftest import MARK
from tests.isolation.route_table import METHODS, PUBLIC, ROWS, Row, body_of, routes
from webhooks_project.urls import BASES

CANONICAL = "api/p/v3/"
ALL = pytest.mark.parametrize("row", ROWS, ids=str)
WITH_IDS = pytest.mark.parametrize("row", [r for r in ROWS if "<" in r.route], ids=str)
ANYWHERE = re.compile(r"<str:(\w+)>")


def at(route, ids):
    return "/" + ANYWHERE.sub(lambda found: ids[found[1]], route)


def ask(program, row, ids):
    path = at(row.route, ids)
    if row.body or row.method in ("POST", "PUT"):
        return program._send(row.method, path, body_of(row, ids), {})
    return program.send(row.method, path)


def whole(response):
    return b"".join(response) if response.streaming else response.content


def random_ids():
    return {
        "webhook_id": encode("whk", new_uid()),
        "log_id": f"{encode('log', new_uid())}_1",
        "event_id": "evt-unheard-of",
        "recovery_id": encode("rcv", new_uid()),
        "uuid": str(new_uid()),
        "rule_id": encode("rule", new_uid()),
        "incident_id": encode("inc", new_uid()),
    }


@pytest.fixture
def ids(acmes):
    """Acme's, for a route; the recovery runs, so it is there only where it is named."""

    def of(row):
        if "recovery_id" in row.route:
            acmes.with_recovery()
        return acmes.ids

    return of


# --- The table is whole ---------------------------------------------------------------


def test_every_route_stands_in_the_table():
    found = {route.removeprefix(CANONICAL) for route, _ in routes()}
    others = tuple(base for base in BASES if base != CANONICAL)

    found = {r for r in found if not r.startswith((*others, "admin/"))}

    assert found == {row.route for row in ROWS} | PUBLIC.keys()


def test_every_spelling_of_the_api_has_the_same_routes():
    below = defaultdict(set)
    for route, view in routes():
        for base in BASES:
            if route.startswith(base):
                below[base].add((route.removeprefix(base), view))

    assert len(below) == len(BASES)
    assert all(found == below[CANONICAL] for found in below.values())


@pytest.mark.parametrize("route", sorted({row.route for row in ROWS}))
def test_a_method_that_the_table_does_not_name_is_not_allowed(
    program, acmes, refused, route
):
    known = {row.method for row in ROWS if row.route == route}
    known |= {"HEAD"} if "GET" in known else set()
    caller, ids = program(acmes.tenant), acmes.ids | {"recovery_id": "rcv_x"}

    for method in METHODS:
        if method in known:
            continue
        response = caller.send(method, at(route, ids))
        assert response.status_code == 405, method
        assert set(response["Allow"].split(", ")) == known
        if method != "HEAD":
            refused(response, 405)


@pytest.mark.parametrize("route", PUBLIC)
def test_what_is_public_asks_for_no_token(db, route):
    path = {"openapi.json": f"{BASE}/openapi.json", "^api/docs/?$": "/api/docs/"}

    response = Client().get(path.get(route, f"/{route}"))

    assert response.status_code == PUBLIC[route]


# --- Who is let in --------------------------------------------------------------------


@ALL
def test_its_tenants_program_is_answered(program, acmes, ids, row):
    caller = program(acmes.tenant, scopes=[row.scope])

    response = ask(caller, row, ids(row))

    assert response.status_code == row.right, whole(response)


@ALL
@pytest.mark.parametrize("token", ["none", "wrong", "expired"])
def test_without_a_good_token_nobody_is_told_anything(
    program, acmes, ids, refused, unchanged, row, token
):
    known = ids(row)
    caller = {
        "none": lambda: Program(""),
        "wrong": lambda: Program("made-up"),
        "expired": lambda: program(acmes.tenant, expires_in=timedelta(seconds=-1)),
    }[token]()
    if token == "none":
        caller.client = Client()
    before = unchanged()

    response = ask(caller, row, known)

    refused(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert unchanged() == before


@ALL
def test_without_its_scope_all_others_are_worth_nothing(
    program, acmes, ids, refused, unchanged, row
):
    known = ids(row)
    caller = program(acmes.tenant, scopes=set(SCOPES) - {row.scope})
    before = unchanged()

    problem = refused(ask(caller, row, known), 403)

    assert problem["Detail"] == f"The access token lacks the scope {row.scope}."
    assert unchanged() == before


@ALL
def test_the_platforms_program_has_no_rows_of_its_own(
    program, acmes, ids, unchanged, row
):
    known = ids(row)
    caller = program(None, scopes=SCOPES)
    ApiClient.objects.filter(pk=caller.api_client.pk).update(scopes=" ".join(SCOPES))
    before = unchanged()

    response = ask(caller, row, known)

    assert response.status_code == row.platform, whole(response)
    assert unchanged() == before
    assert MARK.encode() not in whole(response).replace(known["event_id"].encode(), b"")


# --- Whose rows -----------------------------------------------------------------------


@ALL
def test_another_tenant_sees_and_changes_nothing(
    program, acmes, globexs, ids, unchanged, row
):
    known = ids(row)
    caller = program(globexs.tenant)
    # An export is recorded, for the tenant that made it.
    before = unchanged(but=["AuditEvent"])

    response = ask(caller, row, known)

    content = whole(response)
    assert response.status_code == row.foreign, content
    ours = (acmes.webhook.public_id, MARK, acmes.ids["log_id"], acmes.ids["uuid"])
    for each in (*ours, "ACME"):
        shown = content.replace(at(row.route, known).encode(), b"")
        assert each.encode() not in shown
    assert unchanged(but=["AuditEvent"]) == before


def _mixtures():
    """For each route, whose ids stand in it: all of Acme's, or but for Globex's own."""
    for row in ROWS:
        names = ANYWHERE.findall(row.route)
        for foreign in [names, names[1:]] if len(names) > 1 else [names]:
            if foreign:
                label = f"{row} {'+'.join(foreign)}"
                yield pytest.param(row, frozenset(foreign), id=label)


@pytest.mark.parametrize(("row", "foreign"), list(_mixtures()))
def test_a_foreign_id_is_answered_as_one_that_nobody_has(
    program, acmes, globexs, ids, row, foreign
):
    known = ids(row)
    globexs.with_recovery()
    caller = program(globexs.tenant)
    made_up = random_ids()

    answers = [
        trace(caller, row, globexs.ids | {name: given[name] for name in foreign})
        for given in (known, made_up, known)
    ]

    assert answers[0]["status"] == 404
    assert answers[0] == answers[1] == answers[2]


def trace(caller, row: Row, ids):
    """All that can be told from an answer, without what the caller has said himself."""
    with CaptureQueriesContext(connection) as queries:
        response = ask(caller, row, ids)
    body = response.json()
    body.pop("Instance", None)
    headers = dict(response.items())
    for name in ("X-Request-Id", "Content-Length"):
        headers.pop(name, None)
    return {
        "status": response.status_code,
        "body": body,
        "headers": headers,
        "cookies": dict(response.cookies),
        "queries": len(queries),
    }
