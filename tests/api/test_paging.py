"""Pages: counted from 0, and never a 500 for a number."""

from __future__ import annotations

import pytest

from tests.builders import make_webhook

PAGE = "This must be a whole number from 0 to 1000000000000000."
SIZE = "This must be a whole number from 1 to 100."


def test_a_page_is_the_first_fifty_unless_asked_otherwise(api):
    page = api.get("/webhooks").json()

    assert page == {"Page": 0, "PageSize": 50, "Total": 0, "Items": []}


@pytest.mark.parametrize("number", ["1", "7", "0099", "1000000000000000"])
def test_a_page_beyond_the_end_is_empty(api, acme, number):
    make_webhook(acme)

    page = api.get("/webhooks", Page=number, PageSize=100).json()

    assert page == {"Page": int(number), "PageSize": 100, "Total": 1, "Items": []}


@pytest.mark.parametrize(
    "number",
    [
        "",
        " 1",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "one",
        "٣",
        "²",
        "0x1",
        "1_0",
        "1\0",
        "NaN",
        "9223372036854775808",
        "9" * 5000,
    ],
)
def test_a_bad_number_is_named(api, refused, number):
    page = refused(api.get("/webhooks", Page=number), 400)
    size = refused(api.get("/webhooks", PageSize=number), 400)

    assert page["Errors"] == {"Page": [PAGE]}
    assert size["Errors"] == {"PageSize": [SIZE]}


@pytest.mark.parametrize(("size", "status"), [("1", 200), ("100", 200), ("101", 400)])
def test_a_page_has_its_limits(api, size, status):
    assert api.get("/webhooks", PageSize=size).status_code == status


def test_names_of_parameters_are_exact(api):
    assert api.get("/webhooks", page="x", pagesize="x").json()["Page"] == 0
