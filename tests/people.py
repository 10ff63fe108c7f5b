"""People at a browser: who logs in, with which password and which codes."""

from __future__ import annotations

from base64 import b32decode
from typing import TYPE_CHECKING

from django.contrib.auth.models import Permission
from django_otp.oath import totp

from subscriptions.models import Authenticator, User
from subscriptions.second_factor import begin_enrolment, finish_enrolment

if TYPE_CHECKING:
    from subscriptions.models import Tenant

PASSWORD = "correct horse battery staple"


def make_person(
    username: str, tenant: Tenant | None = None, *, role: str = "admin"
) -> User:
    """Staff with every right there is; without a tenant, of the platform."""
    user = User(username=username, tenant=tenant, is_staff=True, role=role)
    user.set_password(PASSWORD)
    user.save()
    user.user_permissions.set(Permission.objects.all())
    return user


def code_of(secret: str, *, steps_ahead: int = 0) -> str:
    """What the person's app shows now, or shows in the next step."""
    return f"{totp(b32decode(secret), drift=steps_ahead):06}"


def wrong_code(secret: str) -> str:
    """One that the app does not show around this minute."""
    right = {code_of(secret, steps_ahead=steps) for steps in range(-3, 4)}
    return next(code for code in map(str, range(100000, 1000000)) if code not in right)


def enrol(user: User) -> tuple[Authenticator, list[str]]:
    """Give the person an authenticator, as if long ago; returns its recovery codes too."""
    waiting = begin_enrolment(user)
    authenticator, codes = finish_enrolment(user, code=code_of(waiting.secret))
    Authenticator.objects.filter(pk=authenticator.pk).update(last_step=-1)
    return authenticator, codes
