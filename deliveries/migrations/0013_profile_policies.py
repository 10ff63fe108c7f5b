"""What the policies of profiles are judged by. Before the new code, while workers run."""

from importlib import import_module

from django.db import migrations, models

AddIndexOnline = import_module(
    "deliveries.migrations.0002_index_what_is_counted"
).AddIndexOnline


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('deliveries', '0012_event_traceparent'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='retries_yield',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='delivery',
            name='unacknowledged_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='webhookhealth',
            name='failed_at',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name='webhookhealth',
            name='last_failure_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='webhookhealth',
            name='last_success_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='webhookhealth',
            name='consecutive_failures',
            field=models.PositiveIntegerField(default=0, help_text="In a row, as the profile's rule counts them: events, or attempts."),
        ),
        AddIndexOnline(
            model_name='delivery',
            index=models.Index(condition=models.Q(('attempts_made', 0), ('retries_yield', True), ('state', 0)), fields=['webhook', 'due_at', 'id'], name='delivery_first_due'),
        ),
        AddIndexOnline(
            model_name='delivery',
            index=models.Index(condition=models.Q(('unacknowledged_since__isnull', False)), fields=['webhook', 'unacknowledged_since'], name='delivery_unacknowledged'),
        ),
    ]
