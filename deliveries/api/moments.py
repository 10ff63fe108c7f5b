"""Points in time in a body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from subscriptions.moments import EXPECTED, moment

if TYPE_CHECKING:
    from datetime import datetime


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field["datetime", Any, Any, Any]):
    """A time of a body, in RFC 3339."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            return moment(data)
        except (TypeError, ValueError):
            raise serializers.ValidationError(EXPECTED) from None
