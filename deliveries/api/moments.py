"""Points in time in a body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deliveries.policy.moments import EXPECTED, moment, moment_or_day

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["EXPECTED", "Moment", "moment", "moment_or_day"]


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field["datetime", Any, Any, Any]):
    """A time of a body, in RFC 3339."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            return moment(data)
        except (TypeError, ValueError):
            raise serializers.ValidationError(EXPECTED) from None
