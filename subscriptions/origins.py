"""Where an act came from: who acted, from which address, in which request.

Interfaces make an origin and hand it on; what happens without anybody is SYSTEM's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from subscriptions.client_addresses import client_address

if TYPE_CHECKING:
    from django.http import HttpRequest

# The middleware has put a well-formed one into each request.
REQUEST_ID = "X-Request-Id"


class ActorKind(StrEnum):
    PERSON = "person"
    CLIENT = "client"
    COMMAND = "command"
    SYSTEM = "system"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who acted, and from where."""

    kind: ActorKind
    name: str
    address: str = ""
    request_id: str = ""

    @classmethod
    def of_request(cls, request: HttpRequest, *, kind: ActorKind, name: str) -> Self:
        return cls(
            kind,
            name,
            address=client_address(request),
            request_id=request.headers.get(REQUEST_ID, ""),
        )

    @classmethod
    def of_person(cls, request: HttpRequest) -> Self:
        """Who is logged in."""
        name = request.user.get_username()
        return cls.of_request(request, kind=ActorKind.PERSON, name=name)

    @classmethod
    def of_command(cls, name: str) -> Self:
        """*name* is that of the management command."""
        return cls(ActorKind.COMMAND, name)


SYSTEM = Origin(ActorKind.SYSTEM, "system")
