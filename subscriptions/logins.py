"""People at the door: log-ins, log-outs and attempts, as Django announces them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import transaction

from subscriptions import audit
from subscriptions.audit import About, Action, about_user
from subscriptions.models import User
from subscriptions.origins import SYSTEM, ActorKind, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

# A password is often typed where the name belongs: what is no name is not kept.
NOBODY_WE_KNOW = About("user", "", "")


def person_logged_in(*, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    _record(Action.LOGIN_SUCCEEDED, request, user)


def person_logged_out(
    *, request: HttpRequest | None, user: User | None, **kwargs: Any
) -> None:
    if user is not None:
        _record(Action.LOGOUT_SUCCEEDED, request, user)


def log_in_failed(
    *, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    name = str(credentials.get("username", "")).replace("\0", "")
    known = User.objects.filter(username=name).first()
    audit.record_sparsely(
        Action.LOGIN_FAILED,
        origin=_origin(request, ActorKind.UNKNOWN, known.username if known else ""),
        about=about_user(known) if known else NOBODY_WE_KNOW,
        tenant_id=known.tenant_id if known else None,
    )


@contextmanager
def recording_new_password(user_id: str | int, *, origin: Origin) -> Iterator[None]:
    """Record it, in the same transaction, when the block sets a person's password."""
    # A page that is asked for by a text finds nobody.
    wanted = (
        User.objects.filter(pk=user_id)
        if str(user_id).isdecimal()
        else User.objects.none()
    )
    with transaction.atomic():
        before = wanted.values_list("password", flat=True).first()
        yield
        user = wanted.first()
        if user is not None and user.password != before:
            audit.record(
                Action.USER_PASSWORD_CHANGED,
                origin=origin,
                about=about_user(user),
                tenant_id=user.tenant_id,
            )


def _record(action: Action, request: HttpRequest | None, user: User) -> None:
    audit.record(
        action,
        origin=_origin(request, ActorKind.PERSON, user.username),
        about=about_user(user),
        tenant_id=user.tenant_id,
    )


def _origin(request: HttpRequest | None, kind: ActorKind, name: str) -> Origin:
    # Code that logs somebody in by itself has no request.
    if request is None:
        return SYSTEM
    return Origin.of_request(request, kind=kind, name=name)
