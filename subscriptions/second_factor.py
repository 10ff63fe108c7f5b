"""The second factor of a person: enrol, accept a code, give recovery codes, remove."""

from __future__ import annotations

from base64 import b32encode
from math import ceil
from secrets import token_bytes
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import django_otp
from django.db import transaction
from django.utils import timezone

from subscriptions.audit import Action, about_user, record
from subscriptions.conf import TwoFactorFor, get_conf
from subscriptions.models import Authenticator
from subscriptions.models.second_factors import ISSUER, digest_of, new_secret
from subscriptions.origins import SYSTEM, Origin
from subscriptions.refusals import Refusal, sentence
from subscriptions.sealing import seal

if TYPE_CHECKING:
    from subscriptions.models import User

RECOVERY_CODES = 10
_RECOVERY_BYTES = 10


class WrongCode(Refusal):
    def __init__(self) -> None:
        told = sentence("This code is wrong, has expired or was used before.")
        super().__init__(told)


class TooManyCodes(Refusal):
    def __init__(self, seconds: float) -> None:
        wait = f"{ceil(seconds)} s" if seconds < 60 else f"{ceil(seconds / 60)} min"
        told = sentence("There were too many wrong codes. Try again in {wait}.")
        super().__init__(told, wait=wait)


def authenticator_of(user: User) -> Authenticator | None:
    """The one in use."""
    found: Authenticator | None = Authenticator.objects.filter(
        user=user, confirmed=True
    ).first()
    return found


def is_required_of(user: User) -> bool:
    """Whether the settings ask this person for a second factor."""
    required = get_conf().two_factor_for
    if required is TwoFactorFor.PLATFORM:
        return user.tenant_id is None
    return required is TwoFactorFor.EVERYONE


def begin_enrolment(user: User) -> Authenticator:
    """The authenticator that waits for its first code; the same until that comes."""
    new = Authenticator(user=user, name="app", confirmed=False)
    new.sealed = seal(new_secret(), context=new.sealing_context)
    fields = {"uid": new.uid, "sealed": new.sealed, "name": new.name}
    waiting: Authenticator = Authenticator.objects.get_or_create(
        user=user, confirmed=False, defaults=fields
    )[0]
    return waiting


def enrolment_uri(authenticator: Authenticator) -> str:
    """What the QR code says to the app."""
    label = quote(f"{ISSUER}:{authenticator.user.get_username()}")
    asked = urlencode({"secret": authenticator.secret, "issuer": ISSUER})
    return f"otpauth://totp/{label}?{asked}"


def finish_enrolment(
    user: User, *, code: str, origin: Origin = SYSTEM
) -> tuple[Authenticator, list[str]]:
    """Take the authenticator that waits into use; returns its recovery codes, too.

    Raises WrongCode or TooManyCodes; WrongCode also when nothing waits, or one is in use.
    """
    waiting = Authenticator.objects.filter(user=user, confirmed=False).first()
    if waiting is None or authenticator_of(user) is not None:
        raise WrongCode
    # Not within the transaction: a wrong code is counted, whatever is rolled back.
    authenticator = accept_code(waiting, code=code)
    codes = _new_codes()
    authenticator.confirmed = True
    authenticator.recovery_digests = [digest_of(each) for each in codes]
    with transaction.atomic():
        authenticator.save(update_fields=["confirmed", "recovery_digests"])
        _write_down(Action.SECOND_FACTOR_ENROLLED, user, origin)
    return authenticator, codes


def accept_code(authenticator: Authenticator, *, code: str) -> Authenticator:
    """Take a code or a recovery code, once. Raises WrongCode or TooManyCodes."""
    is_allowed, why_not = authenticator.verify_is_allowed()
    if not is_allowed:
        wait = why_not["locked_until"] - timezone.now()
        raise TooManyCodes(wait.total_seconds())
    # Asks the same again, of the row that it holds: two at once are not both tried.
    accepted: Authenticator | None = django_otp.verify_token(
        authenticator.user, authenticator.persistent_id, code.replace(" ", "")
    )
    if accepted is None:
        raise WrongCode
    return accepted


@transaction.atomic
def renew_recovery_codes(user: User, *, origin: Origin = SYSTEM) -> list[str]:
    """New codes; those given before are good no longer. None without a second factor."""
    codes = _new_codes()
    digests = [digest_of(each) for each in codes]
    in_use = Authenticator.objects.filter(user=user, confirmed=True)
    if not in_use.update(recovery_digests=digests):
        return []
    _write_down(Action.RECOVERY_CODES_RENEWED, user, origin)
    return codes


@transaction.atomic
def remove_second_factor(user: User, *, origin: Origin = SYSTEM) -> bool:
    """Whether there was one. Sessions that it had verified are verified no longer."""
    removed: int = Authenticator.objects.filter(user=user).delete()[0]
    if removed:
        _write_down(Action.SECOND_FACTOR_REMOVED, user, origin)
    return removed > 0


def _write_down(action: Action, user: User, origin: Origin) -> None:
    record(action, origin=origin, about=about_user(user), tenant_id=user.tenant_id)


def _new_codes() -> list[str]:
    return [_new_code() for _ in range(RECOVERY_CODES)]


def _new_code() -> str:
    """As ``abcd-efgh-2345-ijkl``."""
    text = b32encode(token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
