"""Pages as the contract counts them: from 0, fifty items unless asked otherwise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

DEFAULT_SIZE = 50
MAX_SIZE = 100
# As a number of pages, beyond any table; as a number, inside 64 bits.
MAX_PAGE = 10**15
_DIGITS = re.compile(r"[0-9]{1,16}")


class PagePagination(BasePagination):
    """``Page`` and ``PageSize``; a page beyond the end is empty."""

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        number, self.size = read_page(request)
        self.page: int | None = number
        self.total = queryset.count()
        start = number * self.size
        # Beyond the end there is nothing to ask for, nor an offset that overflows.
        return list(queryset[start : start + self.size]) if start < self.total else []

    def get_paginated_response(self, data: Any, **extra: Any) -> Response:
        """Answer the page; *extra* members, such as ``Facets``, follow it."""
        page = {"Page": self.page, "PageSize": self.size, "Total": self.total}
        return Response(page | {"Items": data} | extra)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        number = {"type": "integer", "minimum": 0}
        members = {"Page": number, "PageSize": number, "Total": number}
        return {
            "type": "object",
            "required": [*members, "Items"],
            "properties": {**members, "Items": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            _parameter("Page", "Counted from 0.", minimum=0, default=0),
            _parameter(
                "PageSize",
                "How many items a page has.",
                minimum=1,
                maximum=MAX_SIZE,
                default=DEFAULT_SIZE,
            ),
        ]


def read_page(request: Request) -> tuple[int, int]:
    """Return ``Page`` and ``PageSize``; raises ValidationError naming the bad one."""
    page = _read(request, "Page", default=0, lowest=0, highest=MAX_PAGE)
    size = _read(request, "PageSize", default=DEFAULT_SIZE, lowest=1, highest=MAX_SIZE)
    return page, size


def _read(
    request: Request, name: str, *, default: int, lowest: int, highest: int
) -> int:
    text = request.query_params.get(name, str(default))
    if _DIGITS.fullmatch(text) and lowest <= int(text) <= highest:
        return int(text)
    sentence = f"This must be a whole number from {lowest} to {highest}."
    raise ValidationError({name: [sentence]})


def _parameter(name: str, description: str, **bounds: int) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "integer", **bounds},
    }
