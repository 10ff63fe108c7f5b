"""Indexes for polling, replays and recoveries, built while workers run."""

from importlib import import_module

from django.db import migrations, models

AddIndexOnline = import_module(
    "deliveries.migrations.0002_index_what_is_counted"
).AddIndexOnline


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('deliveries', '0009_replays_and_polling'),
    ]

    operations = [
        AddIndexOnline(
            model_name='event',
            index=models.Index(condition=models.Q(('is_test', False)), fields=['tenant', 'transaction_number', 'id'], name='event_in_commit_order'),
        ),
        AddIndexOnline(
            model_name='event',
            index=models.Index(fields=['tenant', 'entity_id', 'transaction_number', 'id'], name='event_of_entity_in_order'),
        ),
        AddIndexOnline(
            model_name='event',
            index=models.Index(fields=['tenant', 'created_at'], name='event_by_time'),
        ),
        AddIndexOnline(
            model_name='delivery',
            index=models.Index(condition=models.Q(('is_replay', True), ('state', 0)), fields=['webhook', 'due_at', 'id'], name='delivery_replay_due'),
        ),
        AddIndexOnline(
            model_name='delivery',
            index=models.Index(condition=models.Q(('is_test', False), ('state__in', (3, 4))), fields=['webhook', 'created_at', 'id'], name='delivery_not_received'),
        ),
        AddIndexOnline(
            model_name='delivery',
            index=models.Index(condition=models.Q(('recovery__isnull', False)), fields=['recovery', 'state', 'ended_at'], name='delivery_of_recovery'),
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_of_entity',
        ),
    ]
