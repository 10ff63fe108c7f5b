"""The pages of the delivery log: by their number, or from a cursor on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import ValidationError

from deliveries.logs import ForeignCursor
from subscriptions.api.paging import PagePagination, read_page

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from deliveries.logs import DeliveryLog, Page

NOT_BOTH = "This cannot stand beside Page."
FOREIGN = "This is no cursor of this list. Begin again without one."
CURSOR = {
    "name": "Cursor",
    "in": "query",
    "description": "The NextCursor of the answer before, with the same filters. What "
    "has come since moves nothing. Not beside Page.",
    "schema": {"type": "string"},
}


class LogPagination(PagePagination):
    """``Page`` or ``Cursor``, and ``PageSize``."""

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        number, self.size = read_page(request)
        cursor = request.query_params.get("Cursor", "")
        if cursor and "Page" in request.query_params:
            raise ValidationError({"Cursor": [NOT_BOTH]})
        self.page = None if cursor else number
        self.total = queryset.count()
        found = (
            _after(cursor, queryset, size=self.size)
            if cursor
            else queryset.page(slice(number * self.size, (number + 1) * self.size))
        )
        self.next_cursor = found.next_cursor
        return list(found.entries)

    def get_paginated_response(self, data: Any, **extra: Any) -> Response:
        return super().get_paginated_response(
            data, NextCursor=self.next_cursor, **extra
        )

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [*super().get_schema_operation_parameters(view), CURSOR]


def _after(cursor: str, log: DeliveryLog, *, size: int) -> Page:
    try:
        return log.page_after(cursor, size=size)
    except ForeignCursor:
        raise ValidationError({"Cursor": [FOREIGN]}) from None
