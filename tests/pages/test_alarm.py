"""The note on what notification rules have found: on the list, on an overview."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.builders import make_incident, make_rule, make_webhook
from tests.pages.conftest import address

LIST = "webhooks"


def alarm_of(client, name, webhook=None):
    return client.get(address(name, webhook)).context["alarm"]


@pytest.fixture
def rule(acme):
    return make_rule(acme, name="Waiting too long")


@pytest.mark.parametrize("who", ["admin", "engineer"])
def test_an_open_incident_is_told_of_with_a_link(request, rule, webhook, who):
    client = request.getfixturevalue(who)
    incident = make_incident(rule)

    html = client.get(address(LIST)).content.decode()

    assert "An incident is open: Waiting too long." in html
    assert incident.message in html
    assert f'href="/admin/incidents/{incident.token}/"' in html


def test_of_several_it_tells_the_newest_and_leads_to_the_rules(admin, rule, webhook):
    make_incident(make_rule(rule.tenant))
    make_incident(rule)

    html = admin.get(address(LIST)).content.decode()

    assert "2 incidents are open; the newest: Waiting too long." in html
    assert f'href="{address("rules")}"' in html


def test_what_is_over_is_not_told_of(admin, rule, webhook):
    make_incident(rule, resolved_at=timezone.now())

    assert alarm_of(admin, LIST) is None


def test_a_webhooks_overview_tells_of_its_own_alone(admin, rule, webhook):
    other = make_webhook(rule.tenant)
    own = make_rule(rule.tenant, name="Of this one", webhook=webhook)
    make_incident(rule, webhook=webhook)
    make_incident(own)
    make_incident(rule)

    found = alarm_of(admin, "webhook_overview", webhook)

    assert (found.count, found.newest.rule) == (2, own)
    assert alarm_of(admin, "webhook_overview", other) is None


def test_it_is_nobody_elses(globexs, support, rule, webhook):
    make_incident(rule)

    assert alarm_of(globexs, LIST) is None
    assert alarm_of(support, LIST) is None


@pytest.mark.parametrize("name", [LIST, "webhook_overview"])
def test_many_take_as_many_queries_as_one(admin, acme, webhook, name):
    def queries():
        with CaptureQueriesContext(connection) as found:
            assert admin.get(address(name, of)).status_code == 200
        return len(found)

    of = webhook if name != LIST else None
    make_incident(make_rule(acme, webhook=webhook))
    queries()
    few = queries()
    for _ in range(30):
        make_incident(make_rule(acme, webhook=webhook))

    assert queries() == few
    assert few <= 12
