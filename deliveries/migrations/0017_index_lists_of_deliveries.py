"""The index behind lists of deliveries, built while workers run."""

from importlib import import_module

from django.db import migrations, models

AddIndexOnline = import_module(
    "deliveries.migrations.0002_index_what_is_counted"
).AddIndexOnline


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('deliveries', '0016_notification_rules'),
    ]

    operations = [
        AddIndexOnline(
            model_name='delivery',
            index=models.Index(fields=['webhook', '-created_at', '-id', 'state', 'is_test', 'attempts_made'], name='delivery_listed'),
        ),
    ]
