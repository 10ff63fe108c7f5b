"""Under the API's paths every error is a problem, whoever raises it."""

from __future__ import annotations

import io

import pytest
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.test import Client, RequestFactory, override_settings
from rest_framework.exceptions import ValidationError

from webhooks_project.problems import ProblemMiddleware, problem_response

BASES = ["api/p/v3", "api/p/v1", "api/p/v1.0", "p/v3", "p/v1", "p/v1.0"]


def answer_of(view, path="/api/anything", **environ):
    return ProblemMiddleware(view)(RequestFactory().get(path, **environ))


@pytest.mark.parametrize("base", BASES)
def test_all_spellings_of_the_api_are_the_same(api, webhook, base):
    mine = f"/webhooks/{webhook.public_id}"

    response = api.client.get(f"/{base}{mine}")

    assert response.json() == api.get(mine).json()


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/p/v3",
        "/api/p/v3/",
        "/api/p/v2/webhooks",
        "/api/p/v1.1/webhooks",
        "/api/p/v10/webhooks",
        "/api/p/V3/webhooks",
        "/api/webhooks",
        "/api/v3/webhooks",
        "/p/v2/webhooks",
        "/p",
        "/api/p/v3/webhooks/",
        "/api/p/v3/webhook",
        "/api/p/v3/webhooks/a/b",
        "/api/p/v3//webhooks",
        "/oauth",
        "/oauth/token/",
        "/oauth/authorize",
        "/api/p/v3/\0",
        "/api/%ff%fe",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_unknown_address_is_a_problem(api, refused, method, path):
    response = api.client.generic(method, path, b"{}", "application/json")

    problem = refused(response, 404)
    assert problem["Title"] == "Not Found"
    assert problem["Detail"] == "There is nothing at this address."


def test_a_problem_has_five_members(api):
    assert api.get("/nothing").json() == {
        "Type": "about:blank",
        "Title": "Not Found",
        "Status": 404,
        "Detail": "There is nothing at this address.",
        "Instance": "/api/p/v3/nothing",
    }


def test_a_forged_host_is_a_problem(refused):
    response = Client().get("/api/p/v3/webhooks", headers={"Host": "evil.example.com"})

    refused(response, 400)


@override_settings(DEBUG=True)
def test_development_shows_no_pages_either(refused):
    refused(Client().get("/api/nothing"), 404)


@pytest.mark.parametrize("debug", [True, False])
def test_a_fault_of_ours_is_a_problem_without_internals(
    api, settings, refused, caplog, debug
):
    settings.DEBUG = debug
    settings.WEBHOOKS_MAX_WEBHOOKS = "not a number"
    api.client.raise_request_exception = False
    body = {
        "Name": "Orders",
        "SubsidiaryId": "MAIN",
        "Url": "https://hooks.example.com/",
        "Events": ["tender.created"],
    }

    response = api.post("/webhooks", body)

    problem = refused(response, 500)
    assert (
        problem["Detail"] == "Something went wrong on our side. It has been recorded."
    )
    assert b"Error" not in response.content.replace(b"Internal Server Error", b"")
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info[0] is TypeError


def test_other_paths_keep_their_pages():
    response = Client().get("/nothing")

    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_what_succeeds_is_left_alone():
    response = answer_of(lambda request: HttpResponse("<p>", status=302))

    assert response.content == b"<p>"


def test_a_refusal_of_other_middleware_keeps_its_headers():
    response = answer_of(lambda request: HttpResponseNotAllowed(["GET"], "<p>"))

    assert response["Content-Type"] == "application/problem+json"
    assert response["Content-Length"] == str(len(response.content))
    assert (response.status_code, response["Allow"]) == (405, "GET")


@pytest.mark.parametrize("path", ["*", "", "/", "//"])
def test_an_odd_path_passes(path):
    request = RequestFactory().get("/")
    request.path_info = path

    response = ProblemMiddleware(lambda request: HttpResponse("<p>", status=404))(
        request
    )

    assert response.content == b"<p>"


def answer_to(exc):
    return problem_response(exc, {"request": RequestFactory().get("/api/x")})


@pytest.mark.parametrize(
    ("detail", "errors"),
    [
        ({"Name": ["Short."]}, {"Name": ["Short."]}),
        ({"Name": "Short."}, {"Name": ["Short."]}),
        ({"Name": ["One.", "Two."]}, {"Name": ["One.", "Two."]}),
        ({"Events": {3: ["Wrong."]}}, {"Events": ["[3]: Wrong."]}),
        (
            {"Events": [{}, {"Type": ["Wrong."], "Id": ["Odd."]}]},
            {"Events": ["[1].Type: Wrong.", "[1].Id: Odd."]},
        ),
        ({"Data": {"Load": {"Id": ["No."]}}}, {"Data": ["Load.Id: No."]}),
    ],
)
def test_errors_name_fields_and_say_sentences(detail, errors):
    assert answer_to(ValidationError(detail)).data["Errors"] == errors


def test_a_refusal_of_the_whole_has_no_fields():
    data = answer_to(ValidationError("Too many webhooks.")).data

    assert data["Detail"] == "Too many webhooks."
    assert "Errors" not in data


def test_what_nobody_expected_is_left_to_django():
    assert answer_to(SuspiciousOperation()) is None
    assert answer_to(Http404()).status_code == 404


def chunked(client, body, *, ends=True, path="/api/p/v3/webhooks"):
    """A request without a length, as a server passes it on."""
    return client.generic(
        "POST",
        path,
        CONTENT_TYPE="application/json",
        HTTP_TRANSFER_ENCODING="chunked",
        CONTENT_LENGTH="",
        **{"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": ends},
    )


def test_a_body_in_chunks_is_read(api, refused):
    problem = refused(chunked(api.client, b'{"Name": ""}'), 400)

    assert problem["Errors"]["Name"] == ["This field may not be blank."]


def test_an_empty_body_in_chunks_is_empty(api, refused):
    problem = refused(chunked(api.client, b""), 400)

    assert problem["Errors"]["Name"] == ["This field is required."]


class Endless(io.RawIOBase):
    """A client that never stops talking, and how much of it was heard."""

    heard = 0

    def read(self, size=-1):
        self.heard += size
        return b"x" * size


def test_a_body_in_chunks_has_the_same_limit(api, refused):
    stream = Endless()

    response = api.client.generic(
        "POST",
        "/api/p/v3/webhooks",
        CONTENT_TYPE="application/json",
        HTTP_TRANSFER_ENCODING="chunked",
        CONTENT_LENGTH="",
        **{"wsgi.input": stream, "wsgi.input_terminated": True},
    )

    refused(response, 413)
    assert stream.heard == 256 * 1024 + 1 + 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("token", "media_type", "status"),
    [
        ({}, "application/json", 413),
        ({"HTTP_AUTHORIZATION": "Bearer nobody"}, "application/json", 401),
        ({}, "text/csv", 415),
    ],
)
def test_a_refused_request_is_heard_out(api, refused, token, media_type, status):
    # Else the server closes the connection, and the client's next request fails.
    body = io.BytesIO(b"x" * 2**20)

    response = api.client.generic(
        "POST",
        "/api/p/v3/webhooks",
        CONTENT_TYPE=media_type,
        CONTENT_LENGTH=str(2**20),
        **{"wsgi.input": body, **token},
    )

    refused(response, status)
    assert body.tell() == 2**20


def test_where_the_server_does_not_end_a_body_it_needs_a_length(api, refused):
    problem = refused(chunked(api.client, b"{}", ends=False), 411)

    assert problem["Detail"] == "The body needs a Content-Length here."


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/p/v3/webhooks", "GET, POST, HEAD"),
        ("/api/p/v3/webhooks/whk_1", "GET, PUT, DELETE, HEAD"),
        ("/api/p/v3/events/batch", "POST"),
        ("/oauth/token", "POST"),
        ("/rfp/public/v1/webhook", "GET, POST, PUT, DELETE, HEAD"),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "TRACE"])
def test_allow_names_what_an_address_answers_to(api, path, allowed, method):
    response = api.client.generic(method, path)

    assert response.status_code == 405
    assert response["Allow"] == allowed
