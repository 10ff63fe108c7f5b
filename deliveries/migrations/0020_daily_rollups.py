"""The log by the day as well, added up from the hours that are there.

Workers of before may go on, but fold no days. So where they did, run
`manage.py rebuild_rollups` once the new ones have taken over.
"""

from collections import defaultdict

import django.db.models.deletion
from django.db import migrations, models

from deliveries.policy.tallies import Tally, stored_counts, tally_of


def fill(apps, schema_editor):
    Webhook = apps.get_model("subscriptions", "Webhook")
    Rollup = apps.get_model("deliveries", "Rollup")
    DailyRollup = apps.get_model("deliveries", "DailyRollup")
    for webhook in Webhook.objects.values_list("pk", flat=True).order_by("pk"):
        # Parts stand beside the days until they are folded.
        hours = Rollup.objects.filter(webhook=webhook, is_part=False).order_by()
        DailyRollup.objects.bulk_create(_days(DailyRollup, webhook, hours))


def _days(DailyRollup, webhook, hours):
    tallies = defaultdict(Tally)
    for row in hours.iterator():
        tallies[row.hour.replace(hour=0)].add(
            tally_of(
                statuses=row.statuses,
                failures=row.failures,
                durations=row.durations,
                total_ms=row.total_ms,
                longest_ms=row.longest_ms,
            )
        )
    return [
        DailyRollup(
            webhook_id=webhook,
            day=day,
            statuses=tally.statuses,
            failures=tally.failures,
            durations=stored_counts(tally.durations),
            total_ms=tally.total_ms,
            longest_ms=tally.longest_ms,
        )
        for day, tally in tallies.items()
    ]


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0019_cover_lists_of_deliveries'),
        ('subscriptions', '0012_shared_tokens'),
    ]

    operations = [
        migrations.CreateModel(
            name='DailyRollup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('statuses', models.JSONField(default=dict)),
                ('failures', models.JSONField(default=dict)),
                ('durations', models.JSONField(default=dict)),
                ('total_ms', models.BigIntegerField(default=0)),
                ('longest_ms', models.PositiveIntegerField(null=True)),
                ('day', models.DateTimeField()),
                ('webhook', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='daily_rollups', to='subscriptions.webhook')),
            ],
            options={
                'ordering': ['webhook', 'day'],
                'constraints': [models.UniqueConstraint(fields=('webhook', 'day'), name='one_daily_rollup_per_day')],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
