"""The pages of a person's account, under the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, path

from subscriptions.pages.confirmation import ConfirmPage
from subscriptions.pages.second_factor import (
    CodePage,
    EnrolPage,
    recovery_codes,
    second_factor,
    turn_off,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from subscriptions.sessions import View


def account(members_only: Callable[[View], View]) -> list[URLPattern]:
    """*members_only*: how the site lets in whom nothing is missing of."""
    own = "account/two-factor/"
    return [
        path("account/code/", CodePage.as_view(), name="code"),
        path("account/confirm/", ConfirmPage.as_view(), name="confirm"),
        path(f"{own}enrol/", EnrolPage.as_view(), name="enrol"),
        path(own, members_only(second_factor), name="second_factor"),
        path(f"{own}codes/", members_only(recovery_codes), name="recovery_codes"),
        path(f"{own}off/", members_only(turn_off), name="second_factor_off"),
    ]
