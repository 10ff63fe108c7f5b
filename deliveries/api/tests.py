"""Send a test event to a webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response

from deliveries.api.bodies import NewTest
from deliveries.api.serializers import StartedTestSerializer
from deliveries.models import log_id
from deliveries.webhook_tests import TEST, TESTS_PERIOD, TooManyTests, publish_test
from subscriptions.api.tenant_views import TenantView
from subscriptions.catalogue import UnknownEventTypes

if TYPE_CHECKING:
    from rest_framework.request import Request


class TooManyRequests(APIException):
    status_code = 429
    # DRF answers it as Retry-After, in seconds.
    wait = TESTS_PERIOD.total_seconds()


class TestView(TenantView):
    scopes = {"post": "webhooks:write"}

    @extend_schema(
        summary="Send a test event",
        request=NewTest,
        responses={
            202: StartedTestSerializer,
            429: OpenApiResponse(description="More than 10 tests in a minute."),
        },
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        """Signed like any other, sent once, to a webhook of any status.

        Without a type it is a `webhook.test`, else the sample of that type.
        """
        event_type = self.parsed(NewTest).get("event_type") or TEST
        try:
            delivery = publish_test(
                self.webhook(), event_type=event_type, requested_by=self.principal.name
            )
        except UnknownEventTypes as error:
            raise ValidationError({"EventType": [str(error)]}) from None
        except TooManyTests as error:
            raise TooManyRequests(str(error)) from None
        ids = {"LogId": log_id(delivery, 1), "EventId": delivery.event.public_id}
        return Response(ids, status=202)
