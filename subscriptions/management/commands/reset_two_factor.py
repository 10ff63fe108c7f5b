from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from subscriptions.models import User
from subscriptions.origins import Origin
from subscriptions.second_factor import remove_second_factor

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Remove a person's second factor, when phone and recovery codes are lost."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, **options: Any) -> str:
        name = options["username"]
        try:
            user = User.objects.get_by_natural_key(name)
        except User.DoesNotExist:
            message = f"There is nobody with the username {name!r}."
            raise CommandError(message) from None
        origin = Origin.of_command("reset_two_factor")
        if not remove_second_factor(user, origin=origin):
            return f"{name} has no second factor; nothing was changed."
        return f"{name} logs in with the password alone, and can set up a new one."
