"""The log by the hour, who purges, and payloads that may go before the log."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0006_search_payloads'),
        ('subscriptions', '0005_tenant_retention'),
    ]

    operations = [
        migrations.CreateModel(
            name='Purger',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField(null=True)),
                ('purged_at', models.DateTimeField(null=True)),
                ('payloads_deleted_to', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='event',
            name='payload_deleted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='Rollup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('is_part', models.BooleanField(default=False)),
                ('statuses', models.JSONField(default=dict)),
                ('failures', models.JSONField(default=dict)),
                ('durations', models.JSONField(default=dict)),
                ('total_ms', models.BigIntegerField(default=0)),
                ('longest_ms', models.PositiveIntegerField(null=True)),
                ('webhook', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rollups', to='subscriptions.webhook')),
            ],
            options={
                'ordering': ['webhook', 'hour', 'id'],
                'indexes': [models.Index(fields=['webhook', 'hour'], name='rollup_of_webhook'), models.Index(condition=models.Q(('is_part', True)), fields=['webhook'], name='rollup_parts')],
            },
        ),
    ]
