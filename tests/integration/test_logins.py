"""Logging in: how often one may fail, how long a session lasts, who is asked again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import SESSION_KEY
from django.db.models import F
from django.test import Client
from django.urls import reverse

from subscriptions.models import ApiClient, User
from subscriptions.sessions import CONFIRMED, SEEN, STARTED
from tests.people import PASSWORD, enrol, make_person

LOGIN = "/admin/login/"
INDEX = "/admin/"
# Where the index leads a tenant's people.
HOME = "/admin/settings/webhooks/"
WRONG = "Please enter the correct username and password for a staff account."


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def dana(acme):
    return make_person("dana", acme)


@pytest.fixture
def olga(db):
    """Of the platform's staff: Django's tables are closed to a tenant's people."""
    return make_person("olga")


def log_in(client, username="dana", password=PASSWORD, **extra):
    form = {"username": username, "password": password, "next": INDEX}
    return client.post(LOGIN, form, **extra)


def fail(client, times, username="dana", **extra):
    return [log_in(client, username, "wrong", **extra) for _ in range(times)]


def is_in(client):
    return SESSION_KEY in client.session


def time_passes(**span):
    """For failed logins: they were that much earlier."""
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(**span))


def age(client, name, **span):
    session = client.session
    earlier = datetime.fromisoformat(session[name]) - timedelta(**span)
    session[name] = earlier.isoformat()
    session.save()


# --- Failing ------------------------------------------------------------------------


def test_the_sixth_password_is_not_tried_even_if_it_is_right(client, dana):
    first = fail(client, 4)
    assert {answer.status_code for answer in first} == {200}
    assert first[0].context["form"].non_field_errors()[0].startswith(WRONG)

    fifth, right = fail(client, 1)[0], log_in(client)

    assert (fifth.status_code, right.status_code) == (429, 429)
    assert not is_in(client)
    assert 14 * 60 < int(right["Retry-After"]) <= 15 * 60
    html = right.content.decode()
    assert "Nothing more is tried for 15 minutes, also with the" in html
    assert "<script>" not in html


@pytest.mark.parametrize(
    ("failures", "minutes"), [(5, 15), (9, 15), (10, 120), (19, 120), (20, 1440)]
)
def test_the_more_failures_the_longer_the_wait(client, dana, failures, minutes):
    fail(client, 1)
    AccessAttempt.objects.update(failures_since_start=failures)
    time_passes(minutes=minutes - 1)
    assert log_in(client).status_code == 429

    time_passes(minutes=1)

    assert log_in(client).status_code == 302
    assert is_in(client)


def test_a_lock_out_has_its_line_in_the_log_without_what_was_typed(
    client, dana, caplog
):
    fail(client, 5, "my s3cret by mistake")

    (line,) = [each for each in caplog.records if each.msg == "login.locked_out"]
    assert (line.address, line.seconds) == ("127.0.0.1", 900)
    assert "s3cret" not in caplog.text


def test_a_try_during_the_wait_does_not_make_it_longer(client, dana):
    fail(client, 5)
    time_passes(minutes=14)
    fail(client, 3)
    assert AccessAttempt.objects.get().failures_since_start == 5

    time_passes(minutes=1)

    assert log_in(client).status_code == 302


def test_a_failure_after_the_wait_starts_it_again_at_once(client, dana):
    fail(client, 5)
    time_passes(minutes=15)

    assert fail(client, 1)[0].status_code == 429

    assert log_in(client).status_code == 429


def test_a_stranger_elsewhere_does_not_lock_the_owner_out(client, dana):
    fail(client, 20, REMOTE_ADDR="203.0.113.9")

    assert log_in(client, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_an_address_that_tries_many_names_is_locked_for_all_of_them(client, dana):
    for number in range(19):
        assert fail(client, 1, f"name{number}")[0].status_code == 200

    fail(client, 1, "name19")

    assert log_in(client).status_code == 429
    assert log_in(client, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_a_name_that_does_not_exist_is_locked_like_one_that_does(client, dana):
    ours, nobody = fail(client, 6), fail(client, 6, "nobody", REMOTE_ADDR="10.0.0.9")

    assert [a.status_code for a in ours] == [a.status_code for a in nobody]


def test_a_login_forgets_the_failures_of_its_name_alone(client, dana, globex):
    make_person("greta", globex)
    fail(client, 4)
    fail(client, 4, "greta")

    log_in(client, "greta")

    assert [row.username for row in AccessAttempt.objects.all()] == ["dana"]
    assert fail(Client(), 1)[0].status_code == 429


@pytest.mark.parametrize(("proxies", "is_fooled"), [(0, False), (1, False), (2, True)])
def test_a_header_buys_no_new_address(client, dana, settings, proxies, is_fooled):
    settings.WEBHOOKS_TRUSTED_PROXIES = proxies
    for number in range(5):
        invented = f"203.0.113.{number}, 192.0.2.1"
        fail(client, 1, headers={"X-Forwarded-For": invented})

    answer = log_in(client, headers={"X-Forwarded-For": "203.0.113.99, 192.0.2.1"})

    # Two proxies where there is one: the operator was warned of that.
    assert answer.status_code == (302 if is_fooled else 429)


def test_no_password_is_kept_of_a_failure(client, dana):
    log_in(client, password="Tr0ub4dor")

    row = AccessAttempt.objects.get()
    assert "Tr0ub4dor" not in str(vars(row))


@pytest.mark.parametrize("way", ["https://evil.example/", "//evil.example/", "/\\evil"])
def test_a_login_leads_nowhere_else(client, dana, way):
    form = {"username": "dana", "password": PASSWORD, "next": way}

    answer = client.post(LOGIN, form)

    assert is_in(client)
    assert "evil" not in answer.url


# --- Lasting ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stamp", "lasts", "then"),
    [(SEEN, 29, 31), (STARTED, 8 * 60 - 1, 2)],
    ids=["idle", "absolute"],
)
def test_a_session_ends(client, dana, stamp, lasts, then):
    log_in(client)
    age(client, stamp, minutes=lasts)
    assert client.get(HOME).status_code == 200

    age(client, stamp, minutes=then)

    answer = client.get(HOME)
    assert (answer.status_code, answer.url) == (302, f"/admin/login/?next={HOME}")
    assert not is_in(client)


def test_a_page_keeps_an_idle_session_alive_but_not_beyond_its_end(client, dana):
    log_in(client)
    started = client.session[STARTED]
    age(client, SEEN, minutes=20)

    client.get(HOME)

    assert client.session[STARTED] == started
    age(client, SEEN, minutes=20)
    assert client.get(HOME).status_code == 200


def test_other_sessions_end_when_the_password_changes(client, dana):
    elsewhere = Client()
    log_in(client)
    log_in(elsewhere)
    form = {
        "old_password": PASSWORD,
        "new_password1": "a wholly new one 77",
        "new_password2": "a wholly new one 77",
    }

    client.post("/admin/password_change/", form)

    assert client.get(HOME).status_code == 200
    assert elsewhere.get(HOME).status_code == 302


def test_a_link_does_not_log_out(client, dana):
    log_in(client)

    assert client.get("/admin/logout/").status_code == 405
    assert is_in(client)

    client.post("/admin/logout/")
    assert not is_in(client)


# --- Confirmed a moment ago ---------------------------------------------------------


def sensitive(acme, dana):
    """Everything that a stolen session must not be enough for: (method, path, form)."""
    client = {"name": "ERP", "tenant": acme.pk, "scopes": "logs:read"}
    user = f"/admin/subscriptions/user/{dana.pk}"
    deletion = {"action": "delete_selected", "_selected_action": [dana.pk]}
    return [
        ("get", "/admin/subscriptions/apiclient/add/", {}),
        ("post", "/admin/subscriptions/apiclient/add/", client),
        ("get", "/admin/subscriptions/user/add/", {}),
        ("get", f"{user}/change/", {}),
        ("post", f"{user}/change/", {"username": "renamed", "tenant": acme.pk}),
        ("post", f"{user}/password/", {"password1": "x", "password2": "x"}),
        ("post", f"{user}/delete/", {"post": "yes"}),
        ("post", "/admin/subscriptions/user/", deletion),
        ("post", "/admin/password_change/", {"old_password": "guess"}),
        ("get", "/admin/account/two-factor/enrol/", {}),
        ("post", "/admin/account/two-factor/codes/", {}),
        ("post", "/admin/account/two-factor/off/", {}),
    ]


def test_sensitive_acts_ask_again_after_a_quarter_of_an_hour(client, acme, dana, olga):
    log_in(client, "olga")
    age(client, CONFIRMED, minutes=16)
    before = list(User.objects.values())

    for method, path, form in sensitive(acme, dana):
        answer = getattr(client, method)(path, form)

        assert answer.status_code == 302, path
        assert answer.url.startswith("/admin/account/confirm/"), path

    assert list(User.objects.values()) == before
    assert not ApiClient.objects.exists()


def test_other_pages_do_not_ask_again(client, dana):
    log_in(client)
    age(client, CONFIRMED, minutes=16)

    for path in (HOME, f"{HOME}events/", "/admin/settings/people/"):
        assert client.get(path).status_code == 200


def test_the_password_confirms_and_leads_back(client, olga):
    log_in(client, "olga")
    age(client, CONFIRMED, minutes=16)
    asked = client.get("/admin/subscriptions/apiclient/add/?_popup=1").url
    assert asked == (
        "/admin/account/confirm/?next=%2Fadmin%2Fsubscriptions%2Fapiclient%2Fadd%2F"
        "%3F_popup%3D1"
    )

    wrong = client.post(asked, {"password": "wrong"})
    assert wrong.context["form"].errors == {"password": ["This password is wrong."]}
    assert client.get("/admin/subscriptions/apiclient/add/").status_code == 302
    right = client.post(asked, {"password": PASSWORD})

    assert right.url == "/admin/subscriptions/apiclient/add/?_popup=1"
    assert client.get(right.url).status_code == 200


def test_after_a_form_was_refused_one_comes_back_to_it(client, dana):
    log_in(client)
    age(client, CONFIRMED, minutes=16)
    form = "/admin/subscriptions/user/"

    ours = client.post(form, {}, headers={"Referer": f"http://testserver{form}?q=a"})
    strange = client.post(form, {}, headers={"Referer": f"http://evil.example{form}"})

    assert ours.url.endswith("?next=%2Fadmin%2Fsubscriptions%2Fuser%2F%3Fq%3Da")
    assert strange.url == "/admin/account/confirm/"


def test_the_confirmation_takes_no_more_guesses_than_the_login(client, olga):
    log_in(client, "olga")
    age(client, CONFIRMED, minutes=16)

    answers = [
        client.post("/admin/account/confirm/", {"password": "wrong"}).status_code
        for _ in range(5)
    ]

    assert answers == [200, 200, 200, 200, 429]
    right = client.post("/admin/account/confirm/", {"password": PASSWORD})
    assert right.status_code == 429
    assert client.get("/admin/subscriptions/user/add/").status_code == 302


@pytest.mark.parametrize(
    "way",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "",
    ],
)
def test_a_confirmation_leads_nowhere_else(client, dana, way):
    log_in(client)

    answer = client.post(f"/admin/account/confirm/?next={way}", {"password": PASSWORD})

    assert (answer.status_code, answer.url) == (302, INDEX)


def test_who_has_an_authenticator_confirms_by_code_alone(client, dana):
    enrol(dana)
    log_in(client)

    # Not yet through the login: the password again is no way round the code.
    assert client.get("/admin/account/confirm/").url == reverse("admin:code")
    answer = client.post("/admin/account/confirm/", {"password": PASSWORD})

    assert answer.url == reverse("admin:code")
    assert client.get(INDEX).status_code == 302


def test_the_pages_of_an_account_are_for_people_who_are_logged_in(client, dana):
    for page in ("code", "confirm", "enrol", "second_factor"):
        path = reverse(f"admin:{page}")

        assert client.get(path).url == f"/admin/login/?next={path}"
