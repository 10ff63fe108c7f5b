"""The sidebar: where one can go, for whom, and where one is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from subscriptions.pages.visitor import visitor_of
from subscriptions.roles import Right, Role

if TYPE_CHECKING:
    from django.http import HttpRequest

EVERYONE = frozenset(Role)
SUPPORT = frozenset({Role.SUPPORT})


@dataclass(frozen=True, slots=True)
class Entry:
    """*right*: who lacks it does not see the entry."""

    label: Any
    icon: str
    name: str
    roles: frozenset[Role] = EVERYONE
    right: Right | None = None


@dataclass(frozen=True, slots=True)
class Group:
    label: Any
    entries: tuple[Entry, ...]


GROUPS = (
    Group(
        _("Settings"),
        (
            Entry(_("Webhooks"), "webhook", "webhooks"),
            Entry(_("Events"), "pulse", "published_events"),
            Entry(_("Event catalogue"), "book", "events"),
            Entry(_("Notifications"), "bell", "rules", right=Right.NOTIFY),
            Entry(
                _("Audit log"),
                "history",
                "audit_log",
                right=Right.AUDIT,
            ),
            Entry(
                _("API clients"),
                "key",
                "api_clients",
                right=Right.CLIENTS,
            ),
            Entry(
                _("People"),
                "people",
                "people",
                right=Right.PEOPLE,
            ),
        ),
    ),
    Group(
        _("Platform"),
        (
            Entry(_("Delivery log"), "lines", "delivery_log", SUPPORT),
            Entry(_("Tenants"), "building", "tenants", SUPPORT),
            Entry(_("Users"), "people", "subscriptions_user_changelist", SUPPORT),
            Entry(_("All tables"), "table", "tables", SUPPORT),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Link:
    label: Any
    icon: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Section:
    label: Any
    links: list[Link] = field(default_factory=list)


def navigation(request: HttpRequest) -> list[Section]:
    """What the person may see of it; empty sections are left out."""
    visitor = visitor_of(request)
    shown = [
        (group, entry, reverse(f"admin:{entry.name}"))
        for group in GROUPS
        for entry in group.entries
        if visitor.role in entry.roles
        and (entry.right is None or entry.right in visitor.rights)
    ]
    current = _current(request.path, [href for _, _, href in shown])
    sections: dict[str, Section] = {}
    for group, entry, href in shown:
        section = sections.setdefault(str(group.label), Section(group.label))
        section.links.append(Link(entry.label, entry.icon, href, href == current))
    return list(sections.values())


def _current(path: str, addresses: list[str]) -> str:
    """The longest that leads here."""
    leading = [href for href in addresses if path.startswith(href)]
    return max(leading, key=len, default="")
