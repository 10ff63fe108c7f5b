"""The public API, and its description."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "subscriptions.api.authentication.BearerAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["subscriptions.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["subscriptions.api.throttling.ContractThrottle"],
    "DEFAULT_PARSER_CLASSES": ["webhooks_project.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "webhooks_project.parsers.JSONNegotiation",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_PAGINATION_CLASS": "subscriptions.api.paging.PagePagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "webhooks_project.openapi.ContractSchema",
    "EXCEPTION_HANDLER": "webhooks_project.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Webhooks API",
    "VERSION": "3",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/p/v3",
    "PREPROCESSING_HOOKS": ["webhooks_project.openapi.only_canonical"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "webhooks_project.openapi.complete",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "LogStatus": "deliveries.logs.STATUSES",
        "EndedStatus": "deliveries.api.rule_bodies.ENDED",
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 40 * 1024 * 1024
