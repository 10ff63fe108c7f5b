"""Programs that call the API: one of Acme's, one of Globex's, the platform's."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, set_token_value

from subscriptions.scopes import SCOPES
from subscriptions.tenancy import create_api_client

BASE = "/api/p/v3"
# Where the API speaks SupplierXM's words.
SUPPLIER_BASES = ("/rfp/", "/v1/")


def address(path):
    """Of a path below the canonical base, or of one that has a base of its own."""
    return path if path.startswith(SUPPLIER_BASES) else BASE + path


def error_type(response):
    """The media type that a refusal at this address has."""
    own = response.request["PATH_INFO"].startswith(SUPPLIER_BASES)
    return "application/json" if own else "application/problem+json"


class Program:
    """Speaks JSON to the API, with its token."""

    def __init__(self, token):
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def get(self, path, **query):
        return self.client.get(address(path), query)

    def post(self, path, body=None, **headers):
        return self._send("POST", path, body, headers)

    def put(self, path, body=None, **headers):
        return self._send("PUT", path, body, headers)

    def delete(self, path, body=None, **headers):
        return self._send("DELETE", path, body, headers)

    def send(self, method, path, body=b"", content_type="application/json"):
        """Any method, any bytes."""
        return self.client.generic(method, address(path), body, content_type)

    def _send(self, method, path, body, headers):
        raw = b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, address(path), raw, "application/json", headers=named
        )


@pytest.fixture
def program():
    """Make a program of a tenant (None: the platform's), with a token."""

    def make(tenant, *, scopes=None, granted=(), expires_in=timedelta(hours=1)):
        client = create_api_client(tenant=tenant, name="CRM", scopes=granted).client
        default = SCOPES if tenant else client.scopes.split()
        token = secrets.token_urlsafe(20)
        row = AccessToken(
            application=client,
            scope=" ".join(default if scopes is None else scopes),
            expires=timezone.now() + expires_in,
        )
        set_token_value(row, token)
        row.save()
        made = Program(token)
        made.api_client = client
        return made

    return make


@pytest.fixture
def api(program, acme):
    """Acme's program, with all scopes."""
    return program(acme)


@pytest.fixture
def globex_api(program, globex):
    return program(globex)


@pytest.fixture
def platform_api(program, db):
    return program(None)


@pytest.fixture
def refused():
    """Assert that an answer is a problem, whole and of the status; return it.

    SupplierXM's words for it are given back as a problem's.
    """

    def check(response, status):
        assert response.status_code == status, response.content
        assert response["Content-Type"] == error_type(response)
        problem = response.json()
        if "message" in problem:
            assert set(problem) == {"message", "status", "data"}
            assert problem["status"] == status
            return {"Detail": problem["message"], "Errors": problem["data"]}
        assert problem["Status"] == status
        assert problem["Type"] == "about:blank"
        assert problem["Title"]
        assert problem["Detail"].endswith(".")
        assert problem["Instance"].startswith("/")
        return problem

    return check


@pytest.fixture
def errors_of(refused):
    """Assert that an answer is a 400; return what it says of each field."""

    def check(response):
        return refused(response, 400)["Errors"]

    return check
