"""Send again what the log shows, one entry at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from deliveries.api.serializers import ReplaySerializer
from deliveries.api.tests import TooManyRequests
from deliveries.logs import find_entry
from deliveries.replays import NotActive, NotYetAttempted, PayloadExpired, replay
from deliveries.webhook_tests import TooManyTests
from subscriptions.api.bodies import EmptyBody
from subscriptions.api.refusals import Conflict
from subscriptions.api.tenant_views import TenantView
from subscriptions.clock import database_time

if TYPE_CHECKING:
    from rest_framework.request import Request


class ReplayView(TenantView):
    scopes = {"post": "logs:replay"}

    @extend_schema(
        summary="Send an event again",
        request=None,
        responses={
            202: ReplaySerializer,
            409: OpenApiResponse(
                description="The webhook is not Active, the entry is still pending, or the"
                " payload has expired."
            ),
            429: OpenApiResponse(description="More than 10 tests in a minute."),
        },
    )
    def post(self, request: Request, webhook_id: str, log_id: str) -> Response:
        """The same event, byte for byte, as a new delivery with attempts of its own.

        It waits for no other event of its entity, and none waits for it.
        """
        self.parsed(EmptyBody)
        entry = find_entry(self.webhook(), log_id)
        if entry is None:
            message = "There is no such log entry."
            raise NotFound(message)
        try:
            delivery = replay(entry, origin=self.origin, now=database_time())
        except (NotActive, NotYetAttempted, PayloadExpired) as error:
            raise Conflict(str(error)) from None
        except TooManyTests as error:
            raise TooManyRequests(str(error)) from None
        return Response(ReplaySerializer(delivery).data, status=202)
