"""Indexes that hold all that the log counts. Before the new code, while workers run."""

from django.db import migrations, models


class AddIndexOnline(migrations.AddIndex):
    """PostgreSQL builds it while others write; SQLite has one writer anyway."""

    atomic = False

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.add_index(model, self.index, concurrently=True)


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("deliveries", "0001_initial"),
    ]

    operations = [
        AddIndexOnline(
            model_name="attempt",
            index=models.Index(
                fields=[
                    "webhook",
                    "-started_at",
                    "-id",
                    "status",
                    "event_type",
                    "duration_ms",
                    "error_kind",
                    "is_test",
                ],
                name="attempt_log_counted",
            ),
        ),
        AddIndexOnline(
            model_name="event",
            index=models.Index(fields=["tenant", "entity_id"], name="event_of_entity"),
        ),
        migrations.RemoveIndex(model_name="attempt", name="attempt_log"),
    ]
