"""Send the mails that notices ask for, outside of any transaction."""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from deliveries.models import Incident, Notice, NotificationRule
from deliveries.notifications.incidents import link_to, people_of
from deliveries.policy.disabling import why
from deliveries.policy.notification_rules import Kind
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from subscriptions.models import User

# A mail server that hangs is given up sooner. Who died with a mail in hand has it sent
# again after that.
LEASE = timedelta(minutes=5)
# Yesterday's alarm helps nobody.
GIVEN_UP_AFTER = timedelta(days=1)
AT_ONCE = 100

SUBJECTS = {
    Notice.About.OPENED: "Alert",
    Notice.About.STILL_OPEN: "Still open",
    Notice.About.RESOLVED: "Resolved",
}

logger = logging.getLogger(__name__)


def send_notices(
    *, clock: Callable[[], datetime], is_told_to_stop: Callable[[], bool] = bool
) -> int:
    """Send what nobody has sent; how many mails. Others may do the same meanwhile."""
    sent = 0
    unsent = Notice.objects.unsent(clock(), lease=LEASE)
    related = ("person", "incident__webhook", "incident__rule__tenant")
    for notice in unsent.select_related(*related).order_by("pk")[:AT_ONCE]:
        if is_told_to_stop():
            break
        sent += _send(notice, now=clock())
    return sent


def _send(notice: Notice, *, now: datetime) -> bool:
    same = Notice.objects.filter(
        pk=notice.pk, leased_until=notice.leased_until, ended_at=None
    )
    if not same.update(leased_until=now + LEASE):
        return False
    mine = Notice.objects.filter(pk=notice.pk)
    if notice.created_at < now - GIVEN_UP_AFTER or not _may_get_it(notice.person):
        mine.update(ended_at=now)
        return False
    try:
        mail_of(notice).send()
    except (SMTPException, OSError) as error:
        fields = {"incident": notice.incident.public_id, "reason": type(error).__name__}
        logger.warning("mail.failed", extra=fields)
        return False
    mine.update(mailed_at=now, ended_at=now)
    return True


def _may_get_it(person: User) -> bool:
    return person.is_active and bool(person.email)


def mail_of(notice: Notice) -> EmailMultiAlternatives:
    incident = notice.incident
    about = Notice.About(notice.about)
    return _mail(
        to=notice.person,
        subject=_subject(incident, about),
        template=_template(incident, about),
        context={
            "incident": incident,
            "rule": incident.rule,
            "webhook": incident.webhook,
            "why": _why(incident),
            "about": about,
            "link": link_to(incident),
        },
    )


def _why(incident: Incident) -> str:
    """The reason for which its webhook is disabled, in words."""
    webhook = incident.webhook
    if webhook is None or not webhook.disabled_reason:
        return ""
    rule = profile_named(webhook.profile).policy.stop_rule
    return why(webhook.disabled_reason, rule, failures=int(incident.value))


def send_test_mails(rule_id: int, *, requested_by: str) -> int:
    """To all who would be told; how many."""
    rule = NotificationRule.objects.select_related("tenant").get(pk=rule_id)
    context = {"rule": rule, "requested_by": requested_by}
    people = list(people_of(rule))
    for person in people:
        subject = f"Test: {_one_line(rule.name)}"
        _mail(to=person, subject=subject, template="rule_test", context=context).send()
    return len(people)


def _subject(incident: Incident, about: Notice.About) -> str:
    if _tells_of_disabling(incident, about) and incident.webhook is not None:
        return f"Webhook disabled: {_one_line(incident.webhook.name)}"
    of = f" ({_one_line(incident.webhook.name)})" if incident.webhook else ""
    return f"{SUBJECTS[about]}: {_one_line(incident.rule.name)}{of}"


def _template(incident: Incident, about: Notice.About) -> str:
    if _tells_of_disabling(incident, about):
        return "webhook_disabled"
    return "incident_resolved" if about == Notice.About.RESOLVED else "incident_opened"


def _tells_of_disabling(incident: Incident, about: Notice.About) -> bool:
    is_about_it = incident.rule.kind == Kind.WEBHOOK_DISABLED
    return is_about_it and about != Notice.About.RESOLVED


def _mail(
    *, to: User, subject: str, template: str, context: dict[str, Any]
) -> EmailMultiAlternatives:
    text = render_to_string(f"emails/{template}.txt", context)
    mail = EmailMultiAlternatives(subject=subject, body=text, to=[to.email])
    html = render_to_string(f"emails/{template}.html", context)
    mail.attach_alternative(html, "text/html")
    return mail


def _one_line(text: str) -> str:
    return " ".join(text.split())
