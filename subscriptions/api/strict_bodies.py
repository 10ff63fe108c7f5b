"""Bodies that refuse what they would not understand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class StrictBody(serializers.Serializer[Any]):
    """A body in which nothing stands that we would not understand."""

    def to_internal_value(self, data: Any) -> Any:
        named = data.keys() if isinstance(data, Mapping) else set()
        if unknown := named - self.fields.keys():
            refused = {name: ["This field is unknown here."] for name in unknown}
            raise serializers.ValidationError(refused | self._known_errors(data))
        return super().to_internal_value(data)

    def _known_errors(self, data: Any) -> dict[str, Any]:
        try:
            super().to_internal_value(data)
        except serializers.ValidationError as error:
            return dict(error.detail)  # type: ignore[arg-type]  # by field, always
        return {}
