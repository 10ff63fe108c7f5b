"""The inbox: what arrives at an address of ours, and the address itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from deliveries.inbox import MAX_BODY, messages_of, receive, tenant_of, url_of
from subscriptions.clock import database_time
from subscriptions.pages.base import Page
from subscriptions.roles import Right

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PARTS = "webhooks/inbox_messages.html"


class InboxPage(Page):
    template_name = "webhooks/inbox.html"
    title = _("Inbox")
    needs = {"get": Right.TEST}

    def get(self, request: HttpRequest) -> HttpResponse:
        tenant = self.visitor.tenant
        address = url_of(tenant) if tenant else ""
        if tenant is None or not address:
            raise Http404
        received = messages_of(tenant, now=database_time())
        context = {"address": address, "received": received}
        return self.render(context, template=PARTS if self.is_partial else "")


@csrf_exempt
@require_POST
def take_in(request: HttpRequest, token: str) -> HttpResponse:
    """For programs: no session, no form. What is too large is not read."""
    tenant = tenant_of(token)
    if tenant is None or not url_of(tenant):
        return JsonResponse({"error": "unknown inbox"}, status=404)
    if _length(request) > MAX_BODY:
        return JsonResponse({"error": "too large"}, status=413)
    answer = receive(
        tenant,
        headers=list(request.headers.items()),
        body=request.body,
        now=database_time(),
    )
    return JsonResponse(answer)


def _length(request: HttpRequest) -> int:
    said = request.headers.get("Content-Length", "")
    return int(said) if said.isdecimal() else 0
