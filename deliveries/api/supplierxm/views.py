"""The catalogue, the webhooks, and how a broken one starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from deliveries.api.supplierxm import bodies
from deliveries.api.supplierxm.answers import (
    NullRenderer,
    SupplierEvent,
    SupplierWebhook,
    SupplierWebhookAnswer,
    shown,
)
from deliveries.api.supplierxm.refusals import as_supplier_answer
from deliveries.breaking import unbreak
from subscriptions.api.bodies import EmptyBody
from subscriptions.api.tenant_views import TenantView
from subscriptions.api.views import no_store
from subscriptions.clock import database_time
from subscriptions.models import EventType, Webhook
from subscriptions.profiles.supplierxm import SUPPLIERXM
from subscriptions.supplier_webhooks import create_supplier_webhook, supplier_webhooks
from subscriptions.webhooks import delete_webhook, update_webhook

if TYPE_CHECKING:
    from rest_framework.request import Request

TAG = "SupplierXM"
UUID_IN_QUERY = OpenApiParameter("uuid", description="Here or in the body.")
NULL = {200: {"type": "null"}}
NOT_FOUND = OpenApiResponse(description="No such webhook, or no such event.")
URL_TAKEN = OpenApiResponse(description="There is a webhook with this URL.")


class SupplierView(TenantView):
    renderer_classes = (NullRenderer,)

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(as_supplier_answer(exc))

    def named(self, uuid: str) -> Webhook:
        """The tenant's webhook; another tenant's uuid is as unknown as nobody's."""
        try:
            uid = UUID(uuid)
        except ValueError:
            raise Webhook.DoesNotExist from None
        webhook: Webhook = supplier_webhooks(self.tenant).get(uid=uid)
        return webhook


class EventsView(SupplierView):
    scopes = {"get": "webhooks:read"}

    @extend_schema(
        tags=[TAG],
        summary="List the events of SupplierXM",
        operation_id="supplierxm_events_list",
        responses=SupplierEvent(many=True),
    )
    def get(self, request: Request) -> Response:
        """What a webhook can register, as an array."""
        offered = EventType.objects.of(SUPPLIERXM.name).subscribable().order_by("id")
        return Response([SupplierEvent(each).data for each in offered])


class WebhookView(SupplierView):
    scopes = {
        "get": "webhooks:read",
        "post": "webhooks:write",
        "put": "webhooks:write",
        "delete": "webhooks:write",
    }

    @extend_schema(
        tags=[TAG],
        summary="List the SupplierXM webhooks",
        operation_id="supplierxm_webhooks_list",
        responses=SupplierWebhook(many=True),
    )
    def get(self, request: Request) -> Response:
        """The newest first, as an array."""
        mine = list(supplier_webhooks(self.tenant))
        return Response(shown(mine), headers=no_store())

    @extend_schema(
        tags=[TAG],
        summary="Create a SupplierXM webhook",
        operation_id="supplierxm_webhook_create",
        request=bodies.SupplierNewWebhook,
        responses={200: SupplierWebhookAnswer, 404: NOT_FOUND, 409: URL_TAKEN},
    )
    def post(self, request: Request) -> Response:
        """It gets events from now on. A URL has one webhook."""
        fields = self.parsed(bodies.SupplierNewWebhook)["webhook"]
        webhook = create_supplier_webhook(
            tenant=self.tenant,
            created_by=self.principal.name,
            origin=self.origin,
            **fields,
        )
        return self._answer(webhook)

    @extend_schema(
        tags=[TAG],
        summary="Change a SupplierXM webhook",
        operation_id="supplierxm_webhook_update",
        request=bodies.SupplierChangedWebhook,
        responses={200: SupplierWebhookAnswer, 404: NOT_FOUND, 409: URL_TAKEN},
    )
    def put(self, request: Request) -> Response:
        """An event that is left out is unsubscribed; a new token signs at once."""
        changes = self.parsed(bodies.SupplierChangedWebhook)["webhook"]
        webhook = update_webhook(
            self.named(changes.pop("uuid")),
            changes=changes,
            updated_by=self.principal.name,
            origin=self.origin,
        )
        return self._answer(webhook)

    @extend_schema(
        tags=[TAG],
        summary="Delete a SupplierXM webhook",
        operation_id="supplierxm_webhook_delete",
        parameters=[UUID_IN_QUERY],
        request=None,
        responses={**NULL, 404: NOT_FOUND},
    )
    def delete(self, request: Request) -> Response:
        """Named by its uuid in the body or in the query."""
        webhook = self.named(_uuid_to_delete(request))
        delete_webhook(webhook, origin=self.origin)
        return Response(None)

    def _answer(self, webhook: Webhook) -> Response:
        [body] = shown([webhook])
        return Response({"webhook": body}, headers=no_store())


class UnbreakView(SupplierView):
    scopes = {"post": "webhooks:write"}

    @extend_schema(
        tags=[TAG],
        summary="Unbreak a SupplierXM webhook",
        operation_id="supplierxm_webhook_unbreak",
        request=None,
        responses=NULL,
    )
    def post(self, request: Request, uuid: str) -> Response:
        """Sends again what it missed; a healthy one stays as it is."""
        self.parsed(EmptyBody)
        unbreak(self.named(uuid), origin=self.origin, now=database_time())
        return Response(None)


def _uuid_to_delete(request: Request) -> str:
    """In the body or in the query; both may say it, if they say the same."""
    in_query = request.query_params.get("uuid")
    if in_query is None or request.data:
        body = bodies.SupplierDeletion(data=request.data)
        body.is_valid(raise_exception=True)
        uuid: str = body.validated_data["uuid"]
        if in_query not in (None, uuid):
            message = "The query names another webhook than the body."
            raise ValidationError({"uuid": [message]})
        return uuid
    return in_query
