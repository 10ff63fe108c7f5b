"""How a webhook has been doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from deliveries.api.serializers import HealthSerializer
from deliveries.logs import health_of
from subscriptions.api.tenant_views import TenantView
from subscriptions.clock import database_time

if TYPE_CHECKING:
    from rest_framework.request import Request

PERIODS = {"1": 1, "7": 7, "30": 30}
DEFAULT_PERIOD = "7"
DAYS = OpenApiParameter(
    "Days", type=int, enum=list(PERIODS.values()), default=int(DEFAULT_PERIOD)
)


class HealthView(TenantView):
    scopes = {"get": "logs:read"}

    @extend_schema(
        summary="Show a webhook's health", parameters=[DAYS], responses=HealthSerializer
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        """Counted over its log of the last days."""
        days = PERIODS.get(request.query_params.get("Days", DEFAULT_PERIOD))
        if days is None:
            raise ValidationError({"Days": ["This must be 1, 7 or 30."]})
        health = health_of(self.webhook(), days=days, now=database_time())
        return Response(HealthSerializer(health).data)
