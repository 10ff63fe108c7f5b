"""How many exports a tenant reads at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections, connection
from django.db.models import F

from subscriptions.exports import LEASE, TooManyExports, place_for_export
from subscriptions.models import AuditEvent, RunningExport

TOO_MANY = "2 exports are running already, as many as a tenant may have."
AUDIT = "/audit-events/export"


def log_of(webhook):
    return f"/webhooks/{webhook.public_id}/delivery-logs/export"


def let_pass(span):
    RunningExport.objects.update(expires_at=F("expires_at") - span)


def leave(response):
    """Close it unread, as a server does; the test's own transaction stays open."""
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)


@pytest.mark.django_db
def test_a_third_export_is_refused_and_nothing_recorded(api, webhook):
    running = [api.get(log_of(webhook)), api.get(AUDIT)]
    recorded = AuditEvent.objects.count()

    refused = [api.get(log_of(webhook)), api.get(AUDIT, Format="csv")]

    assert [each.status_code for each in running] == [200, 200]
    for each in refused:
        assert each.status_code == 429
        assert each.headers["Retry-After"] == "10"
        assert each.json()["Detail"] == TOO_MANY
    assert AuditEvent.objects.count() == recorded
    assert RunningExport.objects.count() == 2


@pytest.mark.django_db
def test_whoever_has_read_its_file_has_its_place_back(api, webhook):
    for _ in range(3):
        assert api.get(log_of(webhook)).getvalue()
        assert api.get(AUDIT).getvalue()

    assert not RunningExport.objects.exists()


@pytest.mark.django_db
def test_a_client_that_leaves_before_the_first_byte_has_its_place_back(api, webhook):
    for _ in range(3):
        leave(api.get(log_of(webhook)))

    assert not RunningExport.objects.exists()


@pytest.mark.django_db
def test_the_place_of_a_dead_process_is_free_when_its_lease_is_over(api, webhook):
    running = [api.get(log_of(webhook)) for _ in range(2)]
    let_pass(LEASE + timedelta(seconds=1))

    again = api.get(log_of(webhook))

    assert [each.status_code for each in [*running, again]] == [200, 200, 200]
    assert RunningExport.objects.count() == 1


@pytest.mark.django_db
def test_the_exports_of_another_tenant_do_not_count(api, globex_api, webhook):
    theirs = [globex_api.get(AUDIT) for _ in range(2)]

    assert api.get(log_of(webhook)).status_code == 200
    assert [each.status_code for each in theirs] == [200, 200]


@pytest.mark.django_db
def test_what_is_refused_for_its_form_takes_no_place(api, webhook):
    assert api.get(log_of(webhook), Format="xml").status_code == 400
    assert api.get(log_of(webhook), Page="-1").status_code == 400
    assert api.get(AUDIT, Format="xml").status_code == 400

    assert not RunningExport.objects.exists()


@pytest.mark.django_db
def test_a_failure_before_the_first_byte_gives_the_place_back(acme):
    with pytest.raises(ZeroDivisionError), place_for_export(acme):
        raise ZeroDivisionError

    assert not RunningExport.objects.exists()


@pytest.mark.django_db
def test_the_number_is_a_setting_and_0_is_no_limit(api, webhook, settings):
    settings.WEBHOOKS_EXPORTS_AT_ONCE = 1
    running = [api.get(log_of(webhook))]
    refused = api.get(log_of(webhook))
    settings.WEBHOOKS_EXPORTS_AT_ONCE = 0
    running += [api.get(log_of(webhook)) for _ in range(3)]

    said = "1 export is running already, as many as a tenant may have."
    assert (refused.status_code, refused.json()["Detail"]) == (429, said)
    assert [each.status_code for each in running] == [200] * 4


@pytest.mark.django_db
def test_a_place_that_is_kept_lasts_longer(acme):
    with place_for_export(acme) as place:
        let_pass(LEASE)
        place._renew_at = 0
        place.keep()

    with place_for_export(acme), pytest.raises(TooManyExports), place_for_export(acme):
        pass


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_in_one_moment_two_get_a_place(acme):
    def ask(_):
        try:
            with place_for_export(acme):
                return True
        except TooManyExports:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        places = list(threads.map(ask, range(6)))

    assert sum(places) == 2
    assert RunningExport.objects.count() == 2
