"""What was given up can be counted at once. Before the new code, while workers run."""

from importlib import import_module

from django.db import migrations, models

AddIndexOnline = import_module(
    "deliveries.migrations.0002_index_what_is_counted"
).AddIndexOnline


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("deliveries", "0004_egress_and_groups"),
    ]

    operations = [
        AddIndexOnline(
            model_name="attempt",
            index=models.Index(
                fields=["started_at"],
                condition=models.Q(error_kind="poison"),
                name="attempt_poison",
            ),
        ),
    ]
