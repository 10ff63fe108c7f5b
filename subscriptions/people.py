"""A tenant's people: invited by mail, with a role, let go; each change is recorded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.db.models import Q
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from subscriptions import audit
from subscriptions.audit import Action, about_user, changes_between
from subscriptions.models import Tenant, TenantRole, User
from subscriptions.origins import SYSTEM
from subscriptions.refusals import Refusal, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from subscriptions.audit import Changes
    from subscriptions.origins import Origin


# Of one mail address: more is no household any more.
NAMESAKES = 5


class LastAdmin(Refusal):
    def __init__(self) -> None:
        super().__init__(
            sentence("A tenant keeps at least one tenant admin. Appoint another first.")
        )


class NameTaken(Refusal):
    def __init__(self) -> None:
        super().__init__(sentence("This username is taken."))


@dataclass(frozen=True, slots=True)
class Details:
    """What a tenant's admin decides about a colleague."""

    first_name: str
    last_name: str
    email: str
    role: str
    is_active: bool = True


@transaction.atomic
def invite(
    tenant: Tenant, username: str, details: Details, *, origin: Origin = SYSTEM
) -> User:
    """Somebody who can log in once they have set a password. Raises NameTaken.

    Names are one for the whole platform: people log in with nothing but them.
    """
    if User.objects.filter(username__iexact=username).exists():
        raise NameTaken
    user = User(username=username, tenant=tenant, is_staff=True, **asdict(details))
    user.set_unusable_password()
    user.clean_fields(exclude=["password"])
    user.save()
    begins_with = {"role": details.role, "email": details.email}
    _record(Action.USER_CREATED, user, origin, changes_between({}, begins_with))
    return user


@transaction.atomic
def update_person(user: User, details: Details, *, origin: Origin = SYSTEM) -> None:
    """Raises LastAdmin when nobody would be left who may do this."""
    wanted = asdict(details)
    held = _held(user)
    if _is_admin(held) and not _is_admin(User(tenant=user.tenant, **wanted)):
        _refuse_the_last(held)
    _change(user, held, wanted, origin)


@transaction.atomic
def change_own_account(
    user: User, wanted: Mapping[str, Any], *, origin: Origin = SYSTEM
) -> None:
    """Name, mail, language, time zone: what people decide for themselves."""
    _change(user, _held(user), wanted, origin)


@transaction.atomic
def end_other_sessions(user: User, *, origin: Origin = SYSTEM) -> None:
    """Every session that was begun until now is good no longer.

    The caller keeps its own by `django.contrib.auth.update_session_auth_hash`.
    """
    user.session_stamp = _held(user).session_stamp + 1
    user.save(update_fields=["session_stamp"])
    _record(Action.SESSIONS_ENDED, user, origin, {})


def people_called(words: str) -> list[User]:
    """Who may log in and is called so, by username or by mail address."""
    named = Q(username__iexact=words) | Q(email__iexact=words)
    people = User.objects.filter(named, is_active=True, is_staff=True)
    return list(people.exclude(email="").order_by("pk")[:NAMESAKES])


def password_link(user: User, *, origin: Origin) -> tuple[str, str]:
    """What the address carries that lets a person set a password; recorded."""
    _record(Action.USER_INVITED, user, origin, {})
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return uid, default_token_generator.make_token(user)


def person_of_link(uid: str, token: str) -> User | None:
    """None when the link has expired, was used, or never was one."""
    try:
        key = int(urlsafe_base64_decode(uid).decode())
    except ValueError:
        return None
    user = User.objects.filter(pk=key, is_active=True).first()
    is_good = user is not None and default_token_generator.check_token(user, token)
    return user if is_good else None


@transaction.atomic
def set_first_password(user: User, password: str, *, origin: Origin) -> None:
    """The link is used up by it, and so are all sessions."""
    user.set_password(password)
    user.save(update_fields=["password"])
    _record(Action.USER_PASSWORD_CHANGED, user, origin, {})


def _held(user: User) -> User:
    """The row as it is, held until the transaction ends."""
    held: User = User.objects.select_for_update().get(pk=user.pk)
    return held


def _change(user: User, held: User, wanted: Mapping[str, Any], origin: Origin) -> None:
    changes = changes_between({name: getattr(held, name) for name in wanted}, wanted)
    if not changes:
        return
    for name, value in wanted.items():
        setattr(user, name, value)
    user.clean_fields(exclude=["password"])
    user.save(update_fields=list(wanted))
    _record(Action.USER_UPDATED, user, origin, changes)


def _is_admin(user: User) -> bool:
    return user.is_active and user.role == TenantRole.ADMIN and bool(user.tenant_id)


def _refuse_the_last(user: User) -> None:
    # The lock makes the answer true: two admins cannot both let each other go.
    Tenant.objects.select_for_update(no_key=True).filter(users=user).get()
    others = User.objects.filter(
        tenant=user.tenant_id, is_active=True, is_staff=True, role=TenantRole.ADMIN
    ).exclude(pk=user.pk)
    if not others.exists():
        raise LastAdmin


def _record(action: Action, user: User, origin: Origin, changes: Changes) -> None:
    audit.record(
        action,
        origin=origin,
        about=about_user(user),
        tenant_id=user.tenant_id,
        changes=changes,
    )
