"""One event: what it says, who got it and who did not, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from deliveries.bystanders import Cause, bystanders_of
from deliveries.logs import find_event
from deliveries.logs.delivery_status import DeliveryStatus, status_of
from deliveries.logs.named import events_named
from deliveries.models import Event
from deliveries.pages.addresses import delivery_url, events_url
from deliveries.pages.attempt_panes import SHOWN, cut_note
from deliveries.pages.delivery_rows import attempts_allowed
from deliveries.pages.form_tokens import new_token
from subscriptions.models import Tenant
from subscriptions.pages.base import Page
from subscriptions.sessions import asked_at

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from deliveries.logs.events import EventFile, Fate
    from deliveries.models import Delivery
    from subscriptions.models import Webhook
    from subscriptions.pages.base import Crumbs

# Of its deliveries; replays have no limit.
LISTED = 100
# Who does not subscribe stands under a line that says so.
CAUSES = {
    Cause.ADDED_LATER: _("It was added after this event."),
    Cause.STOPPED_BEFORE: _("It was disabled when this event was published."),
    Cause.ABOUT_ITSELF: _("No webhook is told about itself."),
    Cause.NOT_MATCHED: _("Its filter does not match this event."),
    Cause.NOT_TRIED: _("Its filter cannot be tried: the payload is deleted."),
    Cause.NOT_ACTIVE: _("It is not active."),
}
TOO_LARGE = _("The whole was too large: it is sent without its snapshot.")
NO_CAUSE = _("As it is set up now, it gets such events.")


class Ambiguous(Exception):
    """Several tenants have an event of that id, and none of them was named."""


@dataclass(frozen=True, slots=True)
class FateRow:
    """*href*: its page, where its webhook has pages still; *token*: to send it again,
    where that is possible."""

    delivery: Delivery
    status: DeliveryStatus
    allowed: int
    last_at: datetime | None
    next_at: datetime | None
    href: str
    token: str

    @property
    def webhook(self) -> Webhook:
        return self.delivery.webhook


class PublishedEventPage(Page):
    """Finds the event among those of the tenant, before anything else is asked."""

    template_name = "webhooks/published/event.html"

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        try:
            self.file  # noqa: B018 (a lookup that may answer 404)
        except Ambiguous:
            return redirect(f"{reverse('admin:find')}?q={kwargs['event_id']}")
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def file(self) -> EventFile:
        event_id = self.kwargs["event_id"]
        try:
            return find_event(self._tenant(event_id), event_id)
        except (Event.DoesNotExist, Tenant.DoesNotExist):
            raise Http404 from None

    def get(self, request: HttpRequest, event_id: str) -> HttpResponse:
        event, fates = self.file.event, self.file.fates
        return self.render(
            {
                "title": event.public_id,
                "event": event,
                "rows": [self._row(each) for each in fates[:LISTED]],
                "has_more": len(fates) > LISTED,
                "panes": _panes(event),
                "of_entity": events_url(event, self.visitor, entity=event.entity_id),
            }
            | ({} if event.is_test else self._others(event))
        )

    def crumbs(self) -> Crumbs:
        return [*super().crumbs(), (_("Events"), reverse("admin:published_events"))]

    def _tenant(self, event_id: str) -> Tenant:
        """Raises Tenant.DoesNotExist, Event.DoesNotExist and Ambiguous."""
        if self.visitor.tenant:
            return self.visitor.tenant
        code = self.request.GET.get("tenant", "").replace("\0", "")
        if code:
            return Tenant.objects.get(company_code=code)
        named = list(events_named(event_id, tenants=Tenant.objects.all())[:2])
        if not named:
            raise Event.DoesNotExist
        if len(named) > 1:
            raise Ambiguous
        found: Tenant = named[0].tenant
        return found

    def _row(self, fate: Fate) -> FateRow:
        delivery = fate.delivery
        webhook: Webhook = delivery.webhook
        is_kept = webhook.deleted_at is None
        can_resend = is_kept and webhook.is_active and fate.last_attempt_at
        has_payload = self.file.event.payload_deleted_at is None
        return FateRow(
            delivery=delivery,
            status=status_of(delivery),
            allowed=1 if delivery.is_test else attempts_allowed(webhook),
            last_at=fate.last_attempt_at,
            next_at=fate.next_attempt_at,
            href=delivery_url(webhook, delivery.public_id) if is_kept else "",
            token=new_token(webhook, now=asked_at(self.request))
            if can_resend and has_payload
            else "",
        )

    def _others(self, event: Event) -> dict[str, Any]:
        """Apart: those that do not subscribe to its type, who may be many."""
        bystanders, strangers = [], []
        for webhook, causes in bystanders_of(event, among=self.visitor.webhooks()):
            said = [CAUSES[each] for each in causes if each in CAUSES]
            if Cause.NOT_SUBSCRIBED in causes:
                strangers.append((webhook, said))
            else:
                bystanders.append((webhook, said or [NO_CAUSE]))
        return {"bystanders": bystanders, "strangers": strangers}


def _panes(event: Event) -> list[tuple[str, Any, str, str]]:
    """Each form of it: the name of its pane, its heading, its text and a note."""
    if event.payload_deleted_at:
        return []
    text, note = _shown(event.body)
    if event.full_body is not None:
        note = f"{TOO_LARGE} {note}".strip()
    panes = [("payload", _("Payload"), text, note)]
    other = event.body_with_previous
    if other is not None and bytes(other) != bytes(event.body):
        heading = _("Payload with previous attributes")
        panes.append(("with-previous", heading, *_shown(other)))
    return panes


def _shown(body: bytes | memoryview) -> tuple[str, str]:
    text = bytes(body).decode(errors="replace")
    return text[:SHOWN], cut_note(text)
