"""Changes that a stolen session must not be enough for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.decorators import method_decorator

from subscriptions.sessions import recently_confirmed

if TYPE_CHECKING:
    from django.http import HttpRequest

    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class ConfirmedChanges(ModelAdmin):
    """Opens rows only to who has given password or code a moment ago."""

    @method_decorator(recently_confirmed)
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    @method_decorator(recently_confirmed)
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        view: Any = super().changelist_view
        acting = recently_confirmed(view) if request.method == "POST" else view
        return acting(request, *args, **kwargs)


class ConfirmedPasswords(ConfirmedChanges):
    """Also the page that sets somebody's password."""

    @method_decorator(recently_confirmed)
    def user_change_password(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> Any:
        page: Any = super()
        return page.user_change_password(request, *args, **kwargs)
