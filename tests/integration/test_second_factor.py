"""The second factor: enrol, log in with it, recover, renew, turn off, reset."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from subscriptions.models import AuditEvent, Authenticator
from subscriptions.second_factor import (
    TooManyCodes,
    WrongCode,
    accept_code,
    authenticator_of,
    begin_enrolment,
    enrolment_uri,
    finish_enrolment,
    renew_recovery_codes,
)
from tests.people import PASSWORD, code_of, enrol, make_person, wrong_code

INDEX = "/admin/"
CODE = "/admin/account/code/"
ENROL = "/admin/account/two-factor/enrol/"
OVERVIEW = "/admin/account/two-factor/"
WRONG = "This code is wrong, has expired or was used before."
TOO_MANY = "There were too many wrong codes. Try again in 9 min."
EVENTS = "/admin/settings/webhooks/events/"
PAGES = (INDEX, "/admin/settings/webhooks/", EVENTS, OVERVIEW)


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def dana(acme):
    return make_person("dana", acme)


def log_in(client, username="dana"):
    form = {"username": username, "password": PASSWORD, "next": INDEX}
    return client.post("/admin/login/", form)


def land(client, path=INDEX):
    """Where one gets who wants to go there."""
    return client.get(path, follow=True).redirect_chain[-1][0]


def many_fail(authenticator):
    """Ten wrong codes in a row, the last one now: 512 seconds to wait."""
    Authenticator.objects.filter(pk=authenticator.pk).update(
        throttling_failure_count=10, throttling_failure_timestamp=timezone.now()
    )


def moments_pass(authenticator):
    """The wait after a wrong code is over."""
    Authenticator.objects.filter(pk=authenticator.pk).update(
        throttling_failure_timestamp=F("throttling_failure_timestamp")
        - timedelta(days=1)
    )


# --- Codes --------------------------------------------------------------------------


def test_a_code_is_good_once(dana):
    authenticator, _ = enrol(dana)
    code = code_of(authenticator.secret)

    accept_code(authenticator, code=f"{code[:3]} {code[3:]}")

    with pytest.raises(WrongCode):
        accept_code(authenticator, code=code)


def test_a_code_before_the_last_one_is_good_no_longer(dana):
    authenticator, _ = enrol(dana)
    earlier = code_of(authenticator.secret)

    accept_code(authenticator, code=code_of(authenticator.secret, steps_ahead=1))

    with pytest.raises(WrongCode):
        accept_code(authenticator, code=earlier)


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "-12345", "+12345", "abcdef", "١٢٣٤٥٦", "1e4500"]
)
def test_what_is_no_code_is_refused(dana, code):
    authenticator, _ = enrol(dana)

    with pytest.raises(WrongCode):
        accept_code(authenticator, code=code)

    authenticator.refresh_from_db()
    assert authenticator.throttling_failure_count == 1


def test_after_wrong_codes_even_the_right_one_has_to_wait(dana):
    authenticator, recovery = enrol(dana)
    with pytest.raises(WrongCode):
        accept_code(authenticator, code=wrong_code(authenticator.secret))
    assert Authenticator.objects.get().throttling_failure_count == 1
    many_fail(authenticator)

    for right in (code_of(authenticator.secret), recovery[0]):
        with pytest.raises(TooManyCodes, match=re.escape(TOO_MANY)):
            accept_code(Authenticator.objects.get(), code=right)

    moments_pass(authenticator)
    accept_code(Authenticator.objects.get(), code=code_of(authenticator.secret))
    assert Authenticator.objects.get().throttling_failure_count == 0


def test_a_recovery_code_is_good_once_and_in_any_spelling(dana):
    authenticator, codes = enrol(dana)
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", code) for code in codes)

    accept_code(authenticator, code=codes[3].upper().replace("-", " "))

    with pytest.raises(WrongCode):
        accept_code(authenticator, code=codes[3])
    assert len(Authenticator.objects.get().recovery_digests) == 9


def test_new_recovery_codes_end_the_old_ones(dana):
    authenticator, old = enrol(dana)

    new = renew_recovery_codes(dana)

    with pytest.raises(WrongCode):
        accept_code(authenticator, code=old[0])
    moments_pass(authenticator)
    accept_code(Authenticator.objects.get(), code=new[0])


def test_nothing_in_the_row_lets_anybody_in(dana):
    authenticator, codes = enrol(dana)

    row = str(Authenticator.objects.values().get())

    assert authenticator.secret not in row
    assert not [code for code in codes if code in row or code.replace("-", "") in row]


def test_a_key_moved_to_another_row_does_not_open(dana, globex):
    ours, _ = enrol(dana)
    theirs, _ = enrol(make_person("greta", globex))
    Authenticator.objects.filter(pk=ours.pk).update(sealed=theirs.sealed)

    with pytest.raises(ValueError, match="InvalidTag"):
        _ = Authenticator.objects.get(pk=ours.pk).secret


def test_a_person_has_one_authenticator(dana):
    enrol(dana)

    with pytest.raises(WrongCode):
        finish_enrolment(dana, code=code_of(begin_enrolment(dana).secret))

    with pytest.raises(IntegrityError), transaction.atomic():
        Authenticator.objects.filter(confirmed=False).update(confirmed=True)
    assert Authenticator.objects.filter(confirmed=True).count() == 1


def test_the_app_learns_who_and_where(acme):
    waiting = begin_enrolment(make_person("dana@acme.example", acme))

    assert enrolment_uri(waiting) == (
        "otpauth://totp/Webhooks%3Adana%40acme.example"
        f"?secret={waiting.secret}&issuer=Webhooks"
    )


# --- Enrolling ----------------------------------------------------------------------


def test_enrolling_shows_a_key_that_stays_until_its_first_code(client, dana):
    log_in(client)

    first, again = client.get(ENROL), client.get(ENROL)

    secret = Authenticator.objects.get().secret
    assert first.context["secret"] == again.context["secret"] == secret
    html = first.content.decode()
    assert re.search(r'<svg class="qr" viewBox="0 0 (\d+) \1"', html)
    assert re.search(r'<path d="(M\d+ \d+h1v1h-1z)+" fill="#000"/>', html)
    assert "no-store" in first["Cache-Control"]


def test_the_first_code_turns_it_on_and_shows_the_recovery_codes_once(client, dana):
    log_in(client)
    secret = client.get(ENROL).context["secret"]
    key_before = client.session.session_key

    wrong = client.post(ENROL, {"code": wrong_code(secret)})
    assert wrong.context["form"].errors == {"code": [WRONG]}
    assert authenticator_of(dana) is None
    moments_pass(Authenticator.objects.get())
    right = client.post(ENROL, {"code": code_of(secret)})

    assert len(right.context["codes"]) == 10
    assert "no-store" in right["Cache-Control"]
    assert client.session.session_key != key_before
    assert client.get(INDEX, follow=True).status_code == 200
    # Asked for once more, it is on and shows none of them.
    assert client.post(ENROL, {"code": code_of(secret)}).url == OVERVIEW
    overview = client.get(OVERVIEW)
    assert b"10 are left. Each works once" in overview.content
    assert right.context["codes"][0] not in overview.content.decode()


@pytest.mark.parametrize(
    ("asked_of", "of_the_platform", "of_a_tenant"),
    [("nobody", False, False), ("platform", True, False), ("everyone", True, True)],
)
def test_who_must_enrol_gets_nowhere_else(
    acme, dana, settings, asked_of, of_the_platform, of_a_tenant
):
    settings.WEBHOOKS_REQUIRE_TWO_FACTOR = asked_of
    make_person("olga")

    for name, is_asked in (("olga", of_the_platform), ("dana", of_a_tenant)):
        client = Client()
        log_in(client, name)
        for page in PAGES:
            if is_asked:
                assert land(client, page).startswith(f"{ENROL}?next="), page
            else:
                assert client.get(page, follow=True).status_code == 200, page


def test_who_has_enrolled_goes_on_to_where_he_wanted(client, dana, settings):
    settings.WEBHOOKS_REQUIRE_TWO_FACTOR = "everyone"
    log_in(client)
    page = land(client, f"{EVENTS}?q=1")
    secret = client.get(page).context["secret"]

    done = client.post(page, {"code": code_of(secret)})

    assert done.context["next"] == f"{EVENTS}?q=1"
    assert client.get(EVENTS).status_code == 200


# --- Logging in with it -------------------------------------------------------------


def test_the_password_alone_opens_nothing(client, dana):
    enrol(dana)
    log_in(client)

    for page in (*PAGES, "/admin/password_change/"):
        assert land(client, page).startswith(f"{CODE}?next="), page
    assert client.post("/admin/subscriptions/user/add/", {}).status_code == 302
    assert client.get(ENROL).url == OVERVIEW


def test_who_has_no_code_can_log_out(client, dana):
    enrol(dana)
    log_in(client)

    client.post("/admin/logout/")

    assert SESSION_KEY not in client.session


def test_the_code_opens_the_rest(client, dana):
    authenticator, _ = enrol(dana)
    log_in(client)
    page = land(client, EVENTS)
    key_before = client.session.session_key

    wrong = client.post(page, {"code": wrong_code(authenticator.secret)})
    many_fail(authenticator)
    held = client.post(page, {"code": code_of(authenticator.secret)})
    assert wrong.context["form"].errors == {"code": [WRONG]}
    assert held.context["form"].errors == {"code": [TOO_MANY]}
    assert client.get(INDEX).status_code == 302
    moments_pass(authenticator)
    right = client.post(page, {"code": code_of(authenticator.secret)})

    assert right.url == EVENTS
    assert client.session.session_key != key_before
    assert client.get(right.url).status_code == 200


def test_a_recovery_code_opens_it_as_well(client, dana):
    _, codes = enrol(dana)
    log_in(client)

    assert client.post(CODE, {"code": codes[0]}).url == INDEX
    assert client.get(INDEX, follow=True).status_code == 200

    elsewhere = Client()
    log_in(elsewhere)
    again = elsewhere.post(CODE, {"code": codes[0]})
    assert again.context["form"].errors == {"code": [WRONG]}


def test_the_code_of_somebody_else_opens_nothing(client, dana, globex):
    enrol(dana)
    theirs, codes = enrol(make_person("greta", globex))
    log_in(client)

    for code in (code_of(theirs.secret), codes[0]):
        assert client.post(CODE, {"code": code}).status_code == 200
        moments_pass(authenticator_of(dana))

    assert client.get(INDEX).status_code == 302
    assert len(Authenticator.objects.get(pk=theirs.pk).recovery_digests) == 10


def test_a_code_leads_nowhere_else(client, dana):
    authenticator, _ = enrol(dana)
    log_in(client)

    answer = client.post(
        f"{CODE}?next=//evil.example/", {"code": code_of(authenticator.secret)}
    )

    assert answer.url == INDEX


# --- Changing and losing it ---------------------------------------------------------


def entered(client, dana):
    authenticator, codes = enrol(dana)
    log_in(client)
    client.post(CODE, {"code": code_of(authenticator.secret)})
    return authenticator, codes


def test_turning_it_off_ends_the_verification_of_every_session(client, dana):
    entered(client, dana)

    answer = client.post(f"{OVERVIEW}off/", follow=True)

    assert not Authenticator.objects.exists()
    assert b"Two-factor authentication is off." in answer.content
    assert client.get(f"{OVERVIEW}off/").status_code == 405


def test_turned_off_where_it_is_required_it_must_be_set_up_again(
    client, dana, settings
):
    settings.WEBHOOKS_REQUIRE_TWO_FACTOR = "everyone"
    entered(client, dana)

    client.post(f"{OVERVIEW}off/")

    assert land(client).startswith(f"{ENROL}?next=")


def test_new_recovery_codes_are_shown_once(client, dana):
    authenticator, old = entered(client, dana)

    shown = client.post(f"{OVERVIEW}codes/").context["codes"]

    assert not set(shown) & set(old)
    accept_code(authenticator, code=shown[0])


def test_an_operator_resets_who_has_lost_everything(client, dana, globex):
    entered(client, dana)
    theirs, _ = enrol(make_person("greta", globex))
    said = StringIO()

    call_command("reset_two_factor", "dana", stdout=said)

    assert said.getvalue() == (
        "dana logs in with the password alone, and can set up a new one.\n"
    )
    assert list(Authenticator.objects.all()) == [theirs]
    again = StringIO()
    call_command("reset_two_factor", "dana", stdout=again)
    assert again.getvalue() == "dana has no second factor; nothing was changed.\n"


def test_a_reset_of_nobody_is_refused(db):
    with pytest.raises(
        CommandError, match=r"^There is nobody with the username 'nobody'\.$"
    ):
        call_command("reset_two_factor", "nobody")


def test_what_happens_to_a_second_factor_is_in_the_audit_log(client, dana):
    entered(client, dana)
    client.post(f"{OVERVIEW}codes/")
    call_command("reset_two_factor", "dana", stdout=StringIO())

    about_it = AuditEvent.objects.filter(object_id="dana").exclude(
        action__startswith="log"
    )
    noted = [(each.action, each.actor_kind) for each in about_it.order_by("id")]
    assert noted[-2:] == [
        ("recovery_codes.renewed", "person"),
        ("second_factor.removed", "command"),
    ]
    assert ("second_factor.enrolled", "system") in noted
