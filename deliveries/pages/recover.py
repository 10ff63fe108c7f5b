"""Send again what a webhook did not get: count first, start, watch, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.conf import get_conf
from deliveries.models import Recovery
from deliveries.pages.addresses import deliveries_url
from deliveries.pages.recovery_form import RecoveryForm, first_failure
from deliveries.recovery import (
    RecoveryHasEnded,
    RecoveryIsRunning,
    cancel_recovery,
    count_matches,
    report_on,
    start_recovery,
)
from deliveries.replays import NotActive
from subscriptions.clock import database_time
from subscriptions.pages.asking import WebhookAct
from subscriptions.pages.base import WebhookPage
from subscriptions.roles import Right
from subscriptions.spoken import spoken

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from subscriptions.pages.base import Crumbs


class RecoverPage(WebhookAct):
    """The number is that of a dry run; with a script it follows what is chosen."""

    template_name = "webhooks/deliveries/recover.html"
    title = gettext_lazy("Recover deliveries")
    needs = {"get": Right.RESEND, "post": Right.RESEND}
    part = "webhooks/deliveries/recover_count.html"

    def get(self, request: HttpRequest, **ids: str) -> HttpResponse:
        form = self._form(request.GET if "since" in request.GET else None)
        template = self.part if "count" in request.GET and self.is_partial else ""
        return self.render(self._context(form), template=template)

    def post(self, request: HttpRequest, **ids: str) -> HttpResponse:
        form = self._form(request.POST)
        if not form.is_valid():
            return self.render(self._context(form))
        try:
            recovery = start_recovery(
                self.webhook,
                form.order(),
                created_by=self.origin.name,
                now=database_time(),
                origin=self.origin,
            )
        except RecoveryIsRunning:
            running = self._running
            messages.warning(request, _("A recovery of this webhook is running."))
            return redirect(_url(running) if running else self.after())
        except NotActive as error:
            messages.error(request, spoken(error))
            return redirect(self.after())
        return redirect(_url(recovery))

    @cached_property
    def _running(self) -> Recovery | None:
        mine = Recovery.objects.running().select_related("webhook")
        return mine.filter(webhook=self.webhook).first()

    def _form(self, data: Any) -> RecoveryForm:
        return RecoveryForm(
            data, now=database_time(), first=first_failure(self.webhook)
        )

    def _context(self, form: RecoveryForm) -> dict[str, Any]:
        running = self._running
        matched = None
        if form.is_valid() or not form.is_bound:
            now = database_time()
            matched = count_matches(self.webhook, form.order(), now=now)
        return {
            "form": form,
            "matched": matched,
            "rate": get_conf().recovery_rate,
            "running": running and _url(running),
        }


class OfRecovery(WebhookPage):
    tab = "webhook_deliveries"

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        self.recovery  # noqa: B018 (a lookup that may answer 404)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def recovery(self) -> Recovery:
        mine: Any = Recovery.objects.filter(webhook=self.webhook)
        try:
            found: Recovery = mine.by_public_id(self.kwargs["recovery_id"])
        except Recovery.DoesNotExist:
            raise Http404 from None
        found.webhook = self.webhook
        return found


class RecoveryPage(OfRecovery):
    """How far it has come; while it runs, the page asks every two seconds."""

    template_name = "webhooks/deliveries/recovery.html"
    title = gettext_lazy("Recovery")

    def crumbs(self) -> Crumbs:
        webhook = (self.webhook.name, self.url_of("webhook"))
        return [
            *super().crumbs(),
            webhook,
            (_("Deliveries"), deliveries_url(self.webhook)),
        ]

    def get(
        self, request: HttpRequest, webhook_id: str, recovery_id: str
    ) -> HttpResponse:
        report = report_on(self.recovery)
        progress = report.progress
        ended = progress.succeeded + progress.failed + progress.skipped
        whole = max(self.recovery.matched, self.recovery.queued)
        context = {
            "recovery": self.recovery,
            "report": report,
            "ended": ended,
            "whole": whole,
            "is_running": report.standing.status == Recovery.Status.RUNNING,
            "list": deliveries_url(self.webhook, recovery=self.recovery.public_id),
            "failures": deliveries_url(
                self.webhook, recovery=self.recovery.public_id, status="failed"
            ),
        }
        part = "webhooks/deliveries/progress.html" if self.is_partial else ""
        return self.render(context, template=part)


class CancelRecovery(OfRecovery):
    needs = {"post": Right.RESEND}
    http_method_names = ["post"]

    def post(
        self, request: HttpRequest, webhook_id: str, recovery_id: str
    ) -> HttpResponse:
        try:
            cancel_recovery(self.recovery, now=database_time(), origin=self.origin)
            messages.success(request, _("The recovery is cancelled."))
        except RecoveryHasEnded as error:
            messages.warning(request, spoken(error))
        return redirect(_url(self.recovery))


def _url(recovery: Recovery) -> str:
    ids = [recovery.webhook.public_id, recovery.public_id]
    return reverse("admin:webhook_recovery", args=ids)
