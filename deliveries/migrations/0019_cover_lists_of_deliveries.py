"""Indexes that carry along what lists of deliveries count. Built while workers run."""

from importlib import import_module

from django.db import migrations, models, transaction

AddIndexOnline = import_module(
    "deliveries.migrations.0002_index_what_is_counted"
).AddIndexOnline

DROP_INDEX = "DROP INDEX {}"
COVERING = {
    "delivery_listed": (
        "CREATE INDEX CONCURRENTLY {} ON deliveries_delivery"
        " (is_test, webhook_id, created_at DESC, id DESC)"
        " INCLUDE (state, attempts_made, event_id)",
        DROP_INDEX,
    ),
    "delivery_not_received": (
        "CREATE INDEX CONCURRENTLY {} ON deliveries_delivery"
        " (webhook_id, created_at, id)"
        " INCLUDE (state, attempts_made, event_id)"
        " WHERE NOT is_test AND state IN (3, 4)",
        DROP_INDEX,
    ),
    "one_attempt_per_claim": (
        "CREATE UNIQUE INDEX CONCURRENTLY {} ON deliveries_attempt"
        " (delivery_id, sequence) INCLUDE (status_code, error_kind)",
        "ALTER TABLE deliveries_attempt DROP CONSTRAINT {}",
    ),
}


def cover(apps, schema_editor):
    """SQLite has no such indexes: those of before are what it would get again."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for name, (create, drop) in COVERING.items():
        new = f"{name}_covering"
        # What an interrupted run has left is of no use.
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {new}")
        schema_editor.execute(create.format(new))
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute(drop.format(name))
            schema_editor.execute(f"ALTER INDEX {new} RENAME TO {name}")


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("deliveries", "0018_count_occurrences"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunPython(cover, migrations.RunPython.noop),
            ],
            state_operations=[
                migrations.RemoveConstraint(model_name="attempt", name="one_attempt_per_claim"),
                migrations.RemoveIndex(model_name="delivery", name="delivery_not_received"),
                migrations.RemoveIndex(model_name="delivery", name="delivery_listed"),
                migrations.AddIndex(
                    model_name="delivery",
                    index=models.Index(
                        fields=["is_test", "webhook", "-created_at", "-id"],
                        include=("state", "attempts_made", "event"),
                        name="delivery_listed",
                    ),
                ),
                migrations.AddIndex(
                    model_name="delivery",
                    index=models.Index(
                        condition=models.Q(("is_test", False), ("state__in", (3, 4))),
                        fields=["webhook", "created_at", "id"],
                        include=("state", "attempts_made", "event"),
                        name="delivery_not_received",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="attempt",
                    constraint=models.UniqueConstraint(
                        fields=("delivery", "sequence"),
                        include=("status_code", "error_kind"),
                        name="one_attempt_per_claim",
                    ),
                ),
            ],
        ),
        AddIndexOnline(
            model_name="event",
            index=models.Index(fields=["tenant", "type", "id"], name="event_of_type"),
        ),
    ]
