"""What a program may do: each view declares its scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from subscriptions.api.authentication import Principal


class HasScope(BasePermission):
    """The token carries the scope that the view's ``scopes`` names.

    ``scopes`` maps an action, or a method in lower case, to a scope. What it does not
    map is denied: a forgotten declaration must not open a door.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        method = (request.method or "").lower()
        if method == "options" or not hasattr(view, method):
            return True  # Nothing is routed here: a 405 follows.
        principal = cast("Principal | None", request.auth)
        scope = required_scope(view, method)
        if principal is None or scope is None:
            return False
        self.message = f"The access token lacks the scope {scope}."
        return scope in principal.scopes


def required_scope(view: APIView, method: str) -> str | None:
    declared: dict[str, str] = getattr(view, "scopes", {})
    method = method.lower().replace("head", "get")
    return declared.get(getattr(view, "action", method))
