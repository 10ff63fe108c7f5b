"""Webhooks: the collection, one of them, and what can be done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from subscriptions import webhooks
from subscriptions.api import bodies
from subscriptions.api.filters import WebhookFilter
from subscriptions.api.serializers import RevealedSecretSerializer, WebhookSerializer
from subscriptions.api.tenant_views import TenantView
from subscriptions.clock import database_time
from subscriptions.models import Webhook
from subscriptions.signing_secrets import reveal_secret, rotate_secret

if TYPE_CHECKING:
    from rest_framework.request import Request

IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag you have read; 412 when the webhook was changed since.",
)
NAME_TAKEN = OpenApiResponse(description="The subsidiary has a webhook of that name.")


class WebhookViewSet(TenantView, GenericViewSet[Webhook]):
    # For the reference, which has no tenant.
    queryset = Webhook.objects.none()
    serializer_class = WebhookSerializer
    filterset_class = WebhookFilter
    scopes = {
        "list": "webhooks:read",
        "retrieve": "webhooks:read",
        "create": "webhooks:write",
        "update": "webhooks:write",
        "destroy": "webhooks:write",
        "enable": "webhooks:write",
        "disable": "webhooks:write",
        "verify": "webhooks:write",
        "rotate_secret": "webhooks:write",
        "reveal_secret": "webhooks:secrets",
    }

    @extend_schema(summary="List webhooks")
    def list(self, request: Request) -> Response:
        """The newest first."""
        mine = Webhook.objects.of(self.tenant).for_display()
        page = self.paginate_queryset(self.filter_queryset(mine))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Create a webhook",
        request=bodies.NewWebhook,
        responses={201: WebhookSerializer, 409: NAME_TAKEN},
    )
    def create(self, request: Request) -> Response:
        """It is Pending until its URL has passed the verification, which begins now.

        Only this answer and that of a rotation show the secret in clear.
        """
        fields = self.parsed(bodies.NewWebhook)
        created = webhooks.create_webhook(
            tenant=self.tenant,
            created_by=self.principal.name,
            origin=self.origin,
            **fields,
        )
        answer = self._answer(created.webhook, secret=created.secret, status=201)
        location = f"{request.path}/{created.webhook.public_id}"
        answer.headers["Location"] = request.build_absolute_uri(location)
        return answer

    @extend_schema(summary="Show a webhook")
    def retrieve(self, request: Request, webhook_id: str) -> Response:
        """Its secret is masked; reveal-secret shows it."""
        return self._answer(self.webhook())

    @extend_schema(
        summary="Change a webhook",
        request=bodies.WebhookChanges,
        parameters=[IF_MATCH],
        responses={200: WebhookSerializer, 409: NAME_TAKEN},
    )
    def update(self, request: Request, webhook_id: str) -> Response:
        """What is left out stays. A new URL is verified before it gets events."""
        webhooks.update_webhook(
            self.webhook(),
            changes=self.parsed(bodies.WebhookChanges),
            updated_by=self.principal.name,
            if_match=request.headers.get("If-Match"),
            origin=self.origin,
        )
        return self._answer(self.webhook())

    @extend_schema(
        summary="Delete a webhook", parameters=[IF_MATCH], responses={204: None}
    )
    def destroy(self, request: Request, webhook_id: str) -> Response:
        """It is gone from every list; its logs are kept until they expire."""
        if_match = request.headers.get("If-Match")
        webhooks.delete_webhook(self.webhook(), if_match=if_match, origin=self.origin)
        return Response(status=204)

    @extend_schema(summary="Enable a webhook", request=None)
    def enable(self, request: Request, webhook_id: str) -> Response:
        """Verifies the URL; the webhook is Active once that passes."""
        self.parsed(bodies.EmptyBody)
        webhooks.enable_webhook(self.webhook(), origin=self.origin)
        return self._answer(self.webhook())

    @extend_schema(summary="Disable a webhook", request=None)
    def disable(self, request: Request, webhook_id: str) -> Response:
        """Deliveries stop at once; what waits is skipped and can be recovered."""
        self.parsed(bodies.EmptyBody)
        webhooks.disable_webhook(
            self.webhook().pk,
            reason=Webhook.DisabledReason.MANUAL,
            now=timezone.now(),
            origin=self.origin,
        )
        return self._answer(self.webhook())

    @extend_schema(summary="Verify a webhook's URL again", request=None)
    def verify(self, request: Request, webhook_id: str) -> Response:
        """Runs the ownership challenge; passing makes the webhook Active."""
        self.parsed(bodies.EmptyBody)
        webhooks.request_verification(self.webhook(), origin=self.origin)
        return self._answer(self.webhook())

    @extend_schema(summary="Rotate a webhook's secret", request=bodies.Rotation)
    def rotate_secret(self, request: Request, webhook_id: str) -> Response:
        """Shows the new secret in clear. The previous one still signs for a while."""
        grace = self.parsed(bodies.Rotation)["GracePeriodHours"]
        webhook = self.webhook()
        secret = rotate_secret(
            webhook, grace=grace, now=database_time(), origin=self.origin
        )
        return self._answer(self.webhook(), secret=secret)

    @extend_schema(
        summary="Reveal a webhook's secret",
        request=None,
        responses=RevealedSecretSerializer,
    )
    def reveal_secret(self, request: Request, webhook_id: str) -> Response:
        """Shows the secret in clear; who asked is recorded."""
        self.parsed(bodies.EmptyBody)
        secret = reveal_secret(self.webhook(), origin=self.origin)
        return Response({"Secret": secret}, headers=no_store())

    def _answer(
        self, webhook: Webhook, *, secret: str = "", status: int = 200
    ) -> Response:
        context = {"secret": secret}
        body = WebhookSerializer(webhook, context=context).data
        headers = {"ETag": webhook.etag} | (no_store() if secret else {})
        return Response(body, status=status, headers=headers)


def no_store() -> dict[str, str]:
    """The answer holds a secret: nobody on the way may keep it."""
    return {"Cache-Control": "no-store"}
