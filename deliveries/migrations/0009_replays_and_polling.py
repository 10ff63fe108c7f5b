"""Recoveries, and the number of the transaction that wrote an event.

PostgreSQL rewrites neither table: rows that exist share the number of this migration,
and stand in the order of their ids.
"""

import deliveries.models.events
import django.db.models.deletion
import subscriptions.identifiers
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0008_fill_rollups'),
        ('subscriptions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Recovery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=subscriptions.identifiers.new_uid, editable=False, unique=True)),
                ('status', models.CharField(choices=[('running', 'Running'), ('completed', 'Completed'), ('cancelled', 'Cancelled')], default='running', max_length=10)),
                ('reason', models.CharField(blank=True, default='', help_text='Why it was cancelled.', max_length=200)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('states', models.JSONField(default=list)),
                ('event_types', models.JSONField(default=list)),
                ('include_missed', models.BooleanField(default=False)),
                ('matched', models.PositiveIntegerField(help_text='When it began.')),
                ('queued', models.PositiveIntegerField(default=0)),
                ('stage', models.PositiveSmallIntegerField(choices=[(0, 'Not Received'), (1, 'Missed'), (2, 'Sending')], default=0)),
                ('position_at', models.DateTimeField()),
                ('position_id', models.PositiveBigIntegerField(default=0)),
                ('next_due_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('created_by', models.CharField(blank=True, default='', max_length=255)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'recoveries',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='event',
            name='transaction_number',
            field=models.BigIntegerField(db_default=deliveries.models.events.TransactionNumber(), editable=False),
        ),
        migrations.AddField(
            model_name='recovery',
            name='webhook',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='recoveries', to='subscriptions.webhook'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='recovery',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='deliveries.recovery'),
        ),
        migrations.AddIndex(
            model_name='recovery',
            index=models.Index(fields=['webhook', '-id'], name='recovery_of_webhook'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'running')), fields=('webhook',), name='one_recovery_of_a_webhook_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('status', 'running')), models.Q(models.Q(('status', 'running'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='only_running_recoveries_have_not_ended'),
        ),
    ]
