"""PostgreSQL looks after the growing tables each 2 %, not each 20 % of their rows.

Counts stay within an index only where the visibility map says so, and vacuum draws it.
"""

from django.db import migrations

SETTINGS = {
    "deliveries_attempt": ("vacuum_insert_scale_factor", "analyze_scale_factor"),
    "deliveries_delivery": ("vacuum_scale_factor", "analyze_scale_factor"),
}


def vacuum_often(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table, names in SETTINGS.items():
            values = ", ".join(f"autovacuum_{name} = 0.02" for name in names)
            schema_editor.execute(f"ALTER TABLE {table} SET ({values})")


def as_the_server_does(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table, names in SETTINGS.items():
            values = ", ".join(f"autovacuum_{name}" for name in names)
            schema_editor.execute(f"ALTER TABLE {table} RESET ({values})")


class Migration(migrations.Migration):

    dependencies = [
        ("deliveries", "0002_index_what_is_counted"),
    ]

    operations = [migrations.RunPython(vacuum_often, as_the_server_does)]
