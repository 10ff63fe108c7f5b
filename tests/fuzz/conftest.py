from __future__ import annotations

import pytest
from django.db import transaction

from tests.api.conftest import api, program  # noqa: F401 (fixtures)
from tests.isolation.conftest import acmes  # noqa: F401


@pytest.fixture
def undone(db):
    """Run something, and leave the database as it was: each example finds the same."""

    def run(ask):
        before = transaction.savepoint()
        try:
            return ask()
        finally:
            transaction.savepoint_rollback(before)

    return run
