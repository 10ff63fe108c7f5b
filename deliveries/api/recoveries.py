"""Send again in bulk what a webhook did not get, and watch it happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from deliveries.api.bodies import NewRecovery
from deliveries.api.serializers import RecoverySerializer, StartedRecoverySerializer
from deliveries.logs import webhook_with_logs
from deliveries.models import Recovery
from deliveries.recovery import (
    RecoveryHasEnded,
    RecoveryIsRunning,
    cancel_recovery,
    count_matches,
    report_on,
    reports_on,
    start_recovery,
)
from deliveries.replays import NotActive
from subscriptions.api.bodies import EmptyBody
from subscriptions.api.refusals import Conflict
from subscriptions.api.tenant_views import TenantView
from subscriptions.clock import database_time

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

BUSY = OpenApiResponse(
    description="The webhook is not Active, or a recovery of it is still running."
)
OVER = OpenApiResponse(description="The recovery has ended.")


class RecoverView(TenantView):
    scopes = {"post": "logs:replay"}

    @extend_schema(
        summary="Send again what a webhook did not get",
        request=NewRecovery,
        responses={202: StartedRecoverySerializer, 409: BUSY},
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        """Each event once that matches, has not succeeded since and is not on its way.

        Workers send it at a limited rate, new events first. A dry run only counts.
        """
        asked = self.parsed(NewRecovery)
        now = database_time()
        if asked["is_dry_run"]:
            matched = count_matches(self.webhook(), asked["order"], now=now)
            return Response({"RecoveryId": None, "Matched": matched}, status=202)
        try:
            recovery = start_recovery(
                self.webhook(),
                asked["order"],
                created_by=self.principal.name,
                now=now,
                origin=self.origin,
            )
        except (NotActive, RecoveryIsRunning) as error:
            raise Conflict(str(error)) from None
        started = {"RecoveryId": recovery.public_id, "Matched": recovery.matched}
        return Response(started, status=202)


class RecoveryViewSet(TenantView, GenericViewSet[Any]):
    # For the reference, which has no tenant.
    queryset = Recovery.objects.none()
    serializer_class = RecoverySerializer
    scopes = {"list": "logs:read", "retrieve": "logs:read", "cancel": "logs:replay"}

    @extend_schema(summary="List a webhook's recoveries")
    def list(self, request: Request, webhook_id: str) -> Response:
        """The newest first. Those of a deleted webhook can still be read."""
        reports = reports_on(self.paginate_queryset(self._recoveries()) or [])
        return self.get_paginated_response(self.get_serializer(reports, many=True).data)

    @extend_schema(summary="Show a recovery")
    def retrieve(self, request: Request, webhook_id: str, recovery_id: str) -> Response:
        """How far it has come."""
        return self._answer(self._recovery())

    @extend_schema(
        summary="Cancel a recovery",
        request=None,
        responses={200: RecoverySerializer, 409: OVER},
    )
    def cancel(self, request: Request, webhook_id: str, recovery_id: str) -> Response:
        """What was attempted already goes on; nothing else is sent."""
        self.parsed(EmptyBody)
        try:
            now = database_time()
            cancel_recovery(self._recovery(), now=now, origin=self.origin)
        except RecoveryHasEnded as error:
            raise Conflict(str(error)) from None
        return self._answer(self._recovery())

    def _recoveries(self) -> QuerySet[Recovery]:
        webhook = webhook_with_logs(self.tenant, self.kwargs["webhook_id"])
        return Recovery.objects.filter(webhook=webhook).select_related("webhook")

    def _recovery(self) -> Recovery:
        mine: Any = self._recoveries()
        try:
            found: Recovery = mine.by_public_id(self.kwargs["recovery_id"])
        except Recovery.DoesNotExist:
            message = "There is no such recovery."
            raise NotFound(message) from None
        return found

    def _answer(self, recovery: Recovery) -> Response:
        return Response(RecoverySerializer(report_on(recovery)).data)
