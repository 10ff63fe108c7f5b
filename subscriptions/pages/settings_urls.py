"""Settings beside the webhooks: audit log, API clients, people, tenants, the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, path

import subscriptions.pages.addresses  # noqa: F401 (what the end of a file's name looks like)
from subscriptions.pages.account import AccountPage, EndOtherSessions
from subscriptions.pages.audit_log import AuditExport, AuditLogPage
from subscriptions.pages.clients import (
    ClientListPage,
    ClientPage,
    DeleteClient,
    NewClientPage,
    RevokeClient,
)
from subscriptions.pages.password_links import SetPasswordPage
from subscriptions.pages.people import InvitePage, PeoplePage
from subscriptions.pages.person import (
    ActivatePerson,
    DeactivatePerson,
    PersonPage,
    ResetSecondFactor,
    SendPasswordLink,
)
from subscriptions.pages.tenants import (
    AddSubsidiary,
    RenameSubsidiary,
    TenantListPage,
    TenantPage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from subscriptions.pages.base import Page
    from subscriptions.sessions import View

AUDIT = "settings/audit/"
CLIENTS = "settings/api-clients/"
CLIENT = f"{CLIENTS}<str:client_id>/"
PEOPLE = "settings/people/"
# A person may be called as a page is: hence a folder of their own.
PERSON = f"{PEOPLE}person/<str:username>/"
TENANTS = "settings/tenants/"
TENANT = f"{TENANTS}<str:tenant_id>/"

PAGES: list[tuple[str, type[Page], str]] = [
    (AUDIT, AuditLogPage, "audit_log"),
    (f"{AUDIT}export.<form:form>", AuditExport, "audit_export"),
    (CLIENTS, ClientListPage, "api_clients"),
    (f"{CLIENTS}new/", NewClientPage, "api_client_new"),
    (CLIENT, ClientPage, "api_client"),
    (f"{CLIENT}revoke/", RevokeClient, "api_client_revoke"),
    (f"{CLIENT}delete/", DeleteClient, "api_client_delete"),
    (PEOPLE, PeoplePage, "people"),
    (f"{PEOPLE}invite/", InvitePage, "invite"),
    (PERSON, PersonPage, "person"),
    (f"{PERSON}link/", SendPasswordLink, "person_link"),
    (f"{PERSON}deactivate/", DeactivatePerson, "person_deactivate"),
    (f"{PERSON}activate/", ActivatePerson, "person_activate"),
    (f"{PERSON}two-factor/", ResetSecondFactor, "person_reset"),
    (TENANTS, TenantListPage, "tenants"),
    (TENANT, TenantPage, "tenant"),
    (f"{TENANT}subsidiaries/", AddSubsidiary, "add_subsidiary"),
    (f"{TENANT}subsidiaries/rename/", RenameSubsidiary, "rename_subsidiary"),
    ("account/", AccountPage, "account"),
    ("account/sessions/", EndOtherSessions, "end_sessions"),
]


def settings_pages(members_only: Callable[[View], View]) -> list[URLPattern]:
    link = "account/password/<str:uid>/<str:token>/"
    return [
        # For who has a link and no password yet.
        path(link, SetPasswordPage.as_view(), name="set_password"),
        *(
            path(address, members_only(page.as_view()), name=name)
            for address, page, name in PAGES
        ),
    ]
