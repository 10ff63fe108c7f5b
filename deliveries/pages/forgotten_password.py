"""Who has forgotten their password gets a link by mail.

The answer is the same, and takes as long, for whoever is asked about: what there is to
mail, a worker mails.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from django import forms
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, ngettext
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from deliveries.queue import MAIL_PASSWORD_LINKS, run_later
from subscriptions.buckets import buckets
from subscriptions.client_addresses import client_address
from subscriptions.people import people_called
from subscriptions.rate_limits import Rate

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

FROM_AN_ADDRESS = Rate(10 / 3600, burst=10)


class WhoForm(forms.Form):
    who = forms.CharField(
        max_length=254,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


@method_decorator([sensitive_post_parameters("who"), never_cache], name="dispatch")
class ForgottenPassword(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        context = {"form": WhoForm(), "is_sent": "sent" in request.GET}
        return render(request, "account/forgotten.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WhoForm(request.POST)
        if not form.is_valid():
            return render(request, "account/forgotten.html", {"form": form})
        address = client_address(request)
        verdict = buckets().take(f"forgotten:{address}", FROM_AN_ADDRESS, cost=1)
        if verdict.retry_after is not None:
            return _too_many(request, form, wait=verdict.retry_after)
        people = [user.pk for user in people_called(form.cleaned_data["who"])]
        run_later(MAIL_PASSWORD_LINKS, people, get_language() or "", address)
        return redirect(f"{reverse('admin:forgotten_password')}?sent=1")


def _too_many(request: HttpRequest, form: WhoForm, *, wait: float) -> HttpResponse:
    minutes = ceil(wait / 60)
    said = ngettext(
        "You have asked often. Try again in %d minute.",
        "You have asked often. Try again in %d minutes.",
        minutes,
    )
    form.add_error(None, said % minutes)
    answer = render(request, "account/forgotten.html", {"form": form}, status=429)
    answer.headers["Retry-After"] = str(ceil(wait))
    return answer
