"""So that a deleted webhook goes without a look at all deliveries. While workers run."""

from importlib import import_module

from django.db import migrations, models

AddIndexOnline = import_module(
    "deliveries.migrations.0002_index_what_is_counted"
).AddIndexOnline


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('deliveries', '0018_count_occurrences'),
    ]

    operations = [
        AddIndexOnline(
            model_name='delivery',
            index=models.Index(fields=['webhook'], name='delivery_of_webhook'),
        ),
    ]
