from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from subscriptions.models import Tenant
from subscriptions.origins import Origin
from subscriptions.tenancy import TooManyClients, UnknownScopes, create_api_client

if TYPE_CHECKING:
    from datetime import datetime

    from django.core.management.base import CommandParser

    from subscriptions.tenancy import NewClient

MAX_DAYS = 3650


class Command(BaseCommand):
    help = "Create an API client and print its secret, which is shown only now."

    def add_arguments(self, parser: CommandParser) -> None:
        owner = parser.add_mutually_exclusive_group(required=True)
        owner.add_argument("--company-code", help="of the tenant it acts for")
        owner.add_argument(
            "--platform", action="store_true", help="it publishes for all tenants"
        )
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--scope", dest="scopes", action="extend", nargs="+", default=[]
        )
        parser.add_argument("--expires-in-days", type=int, metavar="DAYS")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, **options: Any) -> str:
        try:
            created = create_api_client(
                tenant=_tenant(options["company_code"]),
                name=options["name"],
                scopes=list(dict.fromkeys(options["scopes"])),
                expires_at=_expiry(options["expires_in_days"]),
                origin=Origin.of_command("create_api_client"),
            )
        except (UnknownScopes, TooManyClients) as error:
            raise CommandError(str(error)) from None
        except ValidationError as error:
            message = f"name: {error.messages[0]}"
            raise CommandError(message) from None
        return _rendered(created, as_json=options["format"] == "json")


def _tenant(company_code: str | None) -> Tenant | None:
    if company_code is None:
        return None
    try:
        return Tenant.objects.get(company_code=company_code)
    except Tenant.DoesNotExist:
        message = f"There is no tenant with the company code {company_code!r}."
        raise CommandError(message) from None


def _expiry(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= MAX_DAYS:
        message = f"--expires-in-days is 1 to {MAX_DAYS}."
        raise CommandError(message)
    return timezone.now() + timedelta(days=days)


def _rendered(created: NewClient, *, as_json: bool) -> str:
    fields = {
        "client_id": created.client.client_id,
        "client_secret": created.secret,
        "scopes": created.client.scopes.split(),
    }
    if as_json:
        return json.dumps(fields)
    scopes = " ".join(fields["scopes"])
    return (
        f"client_id: {created.client.client_id}\n"
        f"client_secret: {created.secret}\n"
        f"scopes: {scopes}"
    )
