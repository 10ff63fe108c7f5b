from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from subscriptions.origins import Origin
from subscriptions.tenancy import ensure_tenant

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from subscriptions.models import Tenant


class Command(BaseCommand):
    help = "Create a tenant with its subsidiaries, or add to it what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--company-code", required=True)
        parser.add_argument(
            "--subsidiary",
            dest="subsidiaries",
            metavar="ID[=NAME]",
            action="extend",
            nargs="+",
            required=True,
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, **options: Any) -> str:
        try:
            tenant, added = ensure_tenant(
                company_code=options["company_code"],
                name=options["name"],
                subsidiaries=dict(map(_code_and_name, options["subsidiaries"])),
                origin=Origin.of_command("create_tenant"),
            )
        except ValidationError as error:
            raise CommandError(_sentence(error)) from None
        news = f"Added {', '.join(added)}." if added else "Nothing was missing."
        if options["format"] == "text":
            return f"{tenant.public_id}: {news}"
        self.stderr.write(news)
        return json.dumps(_as_json(tenant))


def _code_and_name(text: str) -> tuple[str, str]:
    code, _, name = text.partition("=")
    return code, name or code


def _sentence(error: ValidationError) -> str:
    field, messages = next(iter(error.message_dict.items()))
    return f"{field}: {messages[0]}"


def _as_json(tenant: Tenant) -> dict[str, Any]:
    return {
        "tenant_id": tenant.public_id,
        "company_code": tenant.company_code,
        "subsidiaries": [subsidiary.code for subsidiary in tenant.subsidiaries.all()],
    }
