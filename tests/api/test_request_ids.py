"""Each answer carries the id of its request, and so does each line of the log."""

from __future__ import annotations

import logging
import re

import pytest
from django.test import Client

from webhooks_project.logs import WideLineFormatter
from webhooks_project.request_ids import RequestIdFilter

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("given", ["r-1", "A.b_c-9", "x" * 64])
def test_a_well_formed_id_comes_back(db, given):
    answer = Client().get("/livez", headers={"X-Request-Id": given})

    assert answer["X-Request-Id"] == given


@pytest.mark.parametrize(
    "given", ["", " ", "x" * 65, "a b", "a\nb: c", "é", "-a", "a=b", '"a"']
)
def test_any_other_is_replaced(db, given):
    answer = Client().get("/livez", headers={"X-Request-Id": given})

    assert MADE.fullmatch(answer["X-Request-Id"])


def test_without_one_each_request_gets_its_own(db):
    made = {Client().get("/livez")["X-Request-Id"] for _ in range(3)}

    assert len(made) == 3


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/p/v3/webhooks", 401),
        ("/api/p/v3/nowhere", 404),
        ("/oauth/token", 405),
        ("/admin/login/", 200),
    ],
)
def test_every_answer_has_it(db, path, status):
    answer = Client().get(path, headers={"X-Request-Id": "r-1"})

    assert (answer.status_code, answer["X-Request-Id"]) == (status, "r-1")


def lines_of(caplog):
    for record in caplog.records:
        RequestIdFilter().filter(record)
        yield WideLineFormatter().format(record)


def test_the_line_about_an_answer_has_it(db, caplog):
    Client().get("/api/p/v3/nowhere", headers={"X-Request-Id": "r-1"})

    assert [line for line in lines_of(caplog) if "Not Found" in line]
    assert all("request_id=r-1" in line for line in lines_of(caplog))


def test_a_line_within_a_request_has_it_and_one_outside_has_none(capsys):
    from django.http import HttpResponse
    from django.test import RequestFactory

    from webhooks_project.request_ids import RequestIdMiddleware

    def line():
        record = logging.makeLogRecord({"msg": "step", "levelname": "INFO"})
        RequestIdFilter().filter(record)
        return WideLineFormatter().format(record)

    answer = RequestIdMiddleware(lambda _: HttpResponse(line()))
    request = RequestFactory().get("/", headers={"X-Request-Id": "r-1"})

    assert answer(request).content.decode().endswith("step request_id=r-1")
    assert "request_id" not in line()
