"""Add up the log that is there. Workers of before may go on, but do not count.

So where they did, run `manage.py rebuild_rollups` once the new ones have taken over.
"""

from datetime import timedelta

from django.db import migrations, transaction

from deliveries.policy.error_kinds import UNSEEN
from deliveries.policy.tallies import Tally, failure_class, rounded, stored_counts

STEP = timedelta(days=1)


def fill(apps, schema_editor):
    Attempt = apps.get_model("deliveries", "Attempt")
    Webhook = apps.get_model("subscriptions", "Webhook")
    Rollup = apps.get_model("deliveries", "Rollup")
    for webhook in Webhook.objects.values_list("pk", flat=True).order_by("pk"):
        log = Attempt.objects.filter(webhook=webhook, is_test=False).order_by()
        moments = log.values_list("started_at", flat=True)
        at, last = moments.order_by("started_at").first(), moments.order_by("-started_at").first()
        while at is not None:
            day = at.replace(hour=0, minute=0, second=0, microsecond=0)
            with transaction.atomic():
                # After an interruption it starts again, and counts nothing twice.
                Rollup.objects.filter(webhook=webhook, hour__gte=day, hour__lt=day + STEP).delete()
                Rollup.objects.bulk_create(_hours(Rollup, webhook, log, day))
            later = moments.filter(started_at__gte=day + STEP, started_at__lte=last)
            at = later.order_by("started_at").first()


def _hours(Rollup, webhook, log, day):
    tallies = {}
    rows = log.filter(started_at__gte=day, started_at__lt=day + STEP).values_list(
        "started_at", "status", "status_code", "error_kind", "duration_ms"
    )
    for started_at, status, code, kind, duration_ms in rows.iterator():
        hour = started_at.replace(minute=0, second=0, microsecond=0)
        tally = tallies.setdefault(hour, Tally())
        tally.count(status)
        if status in ("failed", "timeout"):
            tally.failures[failure_class(code, kind)] += 1
        if status != "skipped" and kind not in UNSEEN:
            tally.measure(duration_ms, step=rounded(duration_ms))
    return [
        Rollup(
            webhook_id=webhook,
            hour=hour,
            statuses=tally.statuses,
            failures=tally.failures,
            durations=stored_counts(tally.durations),
            total_ms=tally.total_ms,
            longest_ms=tally.longest_ms,
        )
        for hour, tally in tallies.items()
    ]


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("deliveries", "0007_rollups_and_retention"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
