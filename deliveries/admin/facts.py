"""How tables of millions of rows are listed: read-only, and never counted whole."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.utils.functional import cached_property
from django.utils.html import format_html

from subscriptions.admin.scoping import ReadOnlyAdmin, TenantScopedAdmin
from subscriptions.plain_text import visible


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # not generic when it runs
    """Counts this far and no further: a page beyond is found by its filter."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        counted: int = rows[: self.most].count()
        return counted


class FactAdmin(ReadOnlyAdmin, TenantScopedAdmin):
    ordering = ("-id",)
    # Only the order that an index gives.
    sortable_by = ()
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50


def as_text(content: bytes | memoryview | str) -> str:
    """What strangers sent, shown as the characters it is: never as HTML."""
    text = (
        content if isinstance(content, str) else bytes(content).decode(errors="replace")
    )
    return format_html("<pre>{}</pre>", visible(text))
