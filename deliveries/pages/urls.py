"""Pages under Settings → Webhooks that show what was delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, path

import deliveries.pages.addresses  # noqa: F401 (what an id in an address looks like)
from deliveries.pages.deliveries import DeliveriesPage
from deliveries.pages.delivery import DeliveryPage, FellowsPart
from deliveries.pages.exporting import ExportDeliveries
from deliveries.pages.filter_trial import TrialForNew, TrialForSettings
from deliveries.pages.find import FindPage
from deliveries.pages.forgotten_password import ForgottenPassword
from deliveries.pages.inbox import InboxPage
from deliveries.pages.incident import IncidentPage
from deliveries.pages.notification_rule import (
    DeleteRule,
    EditRule,
    RulePage,
    SwitchRule,
    TestRule,
)
from deliveries.pages.notification_rules import NewRulePage, RulesPage
from deliveries.pages.overview import OverviewPage
from deliveries.pages.published_event import PublishedEventPage
from deliveries.pages.published_events import PublishedEventsPage
from deliveries.pages.recover import CancelRecovery, RecoverPage, RecoveryPage
from deliveries.pages.resending import ResendChosen, ResendDelivery, ResendMatching
from deliveries.pages.sending_tests import (
    SendTest,
    SendTestPage,
    TestOutcome,
    VerifyNow,
)
from deliveries.pages.support_log import SupportLogPage
from deliveries.pages.unbreaking import UnbreakWebhook
from deliveries.pages.webhook_export import WebhookExport
from deliveries.pages.webhook_list import WebhookListPage
from subscriptions.pages.addresses import WEBHOOK, WEBHOOKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from subscriptions.sessions import View

LIST = f"{WEBHOOK}deliveries/"
DELIVERY = f"{LIST}<delivery:delivery_id>/"
RULES = "settings/notifications/"
EVENTS = "settings/events/"
RECOVERY = f"{WEBHOOK}recover/<recovery:recovery_id>/"


def webhook_pages(members_only: Callable[[View], View]) -> list[URLPattern]:
    """*members_only*: how the site lets in whom nothing is missing of."""
    pages = [
        (WEBHOOKS, WebhookListPage, "webhooks"),
        (EVENTS, PublishedEventsPage, "published_events"),
        (f"{EVENTS}<event:event_id>/", PublishedEventPage, "published_event"),
        (RULES, RulesPage, "rules"),
        (f"{RULES}new/", NewRulePage, "rule_new"),
        (f"{RULES}<rule:rule_id>/", RulePage, "rule"),
        (f"{RULES}<rule:rule_id>/edit/", EditRule, "rule_edit"),
        (f"{RULES}<rule:rule_id>/switch/", SwitchRule, "rule_switch"),
        (f"{RULES}<rule:rule_id>/test/", TestRule, "rule_test"),
        (f"{RULES}<rule:rule_id>/delete/", DeleteRule, "rule_delete"),
        ("settings/find/", FindPage, "find"),
        ("incidents/<str:token>/", IncidentPage, "incident"),
        ("webhooks/delivery/", SupportLogPage, "delivery_log"),
        (f"{WEBHOOKS}inbox/", InboxPage, "webhook_inbox"),
        (f"{WEBHOOKS}export.<form:form>", WebhookExport, "webhooks_export"),
        (f"{WEBHOOKS}new/filter/", TrialForNew, "webhook_new_filter"),
        (f"{WEBHOOK}settings/filter/", TrialForSettings, "webhook_filter"),
        (f"{WEBHOOK}unbreak/", UnbreakWebhook, "webhook_unbreak"),
        (f"{WEBHOOK}overview/", OverviewPage, "webhook_overview"),
        (LIST, DeliveriesPage, "webhook_deliveries"),
        (f"{LIST}export.<form:form>", ExportDeliveries, "webhook_export"),
        (f"{LIST}resend/", ResendChosen, "webhook_resend_chosen"),
        (f"{LIST}resend-all/", ResendMatching, "webhook_resend_matching"),
        (DELIVERY, DeliveryPage, "webhook_delivery"),
        (f"{DELIVERY}resent/", FellowsPart, "webhook_delivery_fellows"),
        (f"{DELIVERY}resend/", ResendDelivery, "webhook_resend"),
        (f"{WEBHOOK}recover/", RecoverPage, "webhook_recover"),
        (RECOVERY, RecoveryPage, "webhook_recovery"),
        (f"{RECOVERY}cancel/", CancelRecovery, "webhook_recovery_cancel"),
        (f"{WEBHOOK}test/", SendTestPage, "webhook_test"),
        (f"{WEBHOOK}test/send/", SendTest, "webhook_test_send"),
        (f"{WEBHOOK}test/verify/", VerifyNow, "webhook_test_verify"),
        (f"{WEBHOOK}test/<str:sent>/", TestOutcome, "webhook_test_outcome"),
    ]
    forgotten = ForgottenPassword.as_view()
    return [
        # For who cannot log in.
        path("account/forgotten/", forgotten, name="forgotten_password"),
        *(
            path(address, members_only(page.as_view()), name=name)
            for address, page, name in pages
        ),
    ]
