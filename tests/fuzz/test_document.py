"""What the OpenAPI document promises, held against what is answered to odd requests."""

from __future__ import annotations

import os
import warnings

import pytest
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.api.conftest import address
from tests.isolation.route_table import LOG, ROWS, UNBREAK

with warnings.catch_warnings():
    # The library's dependencies are not all ready for the next Python.
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# `python -m tests.fuzz` asks for more of them, and others each time.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
CANONICAL = "/api/p/v3/"
LISTS = ("webhooks", "events", "audit-events", LOG, f"{LOG}/export")


@pytest.fixture(scope="session")
def document(django_db_setup, django_db_blocker):
    """Read once: that, and looking for odd values in our code, costs more than asking."""
    cache.delete("openapi")
    with django_db_blocker.unblock():
        return schemathesis.openapi.from_wsgi(
            f"{CANONICAL}openapi.json", get_wsgi_application()
        )


def _cases():
    """An address alone has nothing wrong: any text may stand in it."""
    # The other spelling of an address does not stand in the document.
    for row in [row for row in ROWS if row.route != UNBREAK]:
        yield pytest.param(row, GenerationMode.POSITIVE, id=f"{row} as it should be")
        if row.method in ("POST", "PUT") or row.route in LISTS:
            yield pytest.param(
                row, GenerationMode.NEGATIVE, id=f"{row} as it should not"
            )


@pytest.mark.parametrize(("row", "mode"), list(_cases()))
def test_an_answer_is_what_the_document_says(document, api, acmes, undone, row, mode):
    known = acmes.ids
    if "recovery_id" in row.route:
        acmes.with_recovery()
    path = address("/" + row.route.replace("<str:", "{").replace(">", "}"))
    operation = document[path][row.method]
    token = api.client.defaults["HTTP_AUTHORIZATION"]

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=False,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    def ask(case, is_known):
        if is_known and case.path_parameters:
            case.path_parameters = {
                name: known.get(name, value)
                for name, value in case.path_parameters.items()
            }
        headers = {"Authorization": token}
        response = undone(lambda: case.call(headers=headers))
        case.validate_response(response, checks=CHECKS)

    ask()
