"""Payloads as text, with an index of their trigrams, for the log's search.

The table is empty: the sweep fills it, while workers run.
"""

import logging

import django.db.models.deletion
from django.db import Error, migrations, models, transaction

logger = logging.getLogger(__name__)

TABLE = "deliveries_eventtext"
# Case is of no account, so the index holds what a search without case compares.
TRIGRAMS = (
    f"CREATE INDEX event_text_trigrams ON {TABLE} USING gin (upper(text) gin_trgm_ops)"
)
# The words are kept in step with the table, which holds the text for them.
WORDS = [
    f"CREATE VIRTUAL TABLE {TABLE}_words USING fts5("
    f"text, content='{TABLE}', content_rowid='event_id', tokenize='trigram')",
    f"CREATE TRIGGER {TABLE}_added AFTER INSERT ON {TABLE} BEGIN"
    f" INSERT INTO {TABLE}_words(rowid, text) VALUES (new.event_id, new.text); END",
    f"CREATE TRIGGER {TABLE}_removed AFTER DELETE ON {TABLE} BEGIN"
    f" INSERT INTO {TABLE}_words({TABLE}_words, rowid, text)"
    f" VALUES ('delete', old.event_id, old.text); END",
]


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for statement in WORDS:
            schema_editor.execute(statement)
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            schema_editor.execute(TRIGRAMS)
    except Error as error:
        # The role may not, or the server has it not: search reads the texts instead.
        # docs/operations.md says how to add the index later.
        reason = str(error).partition("\n")[0]
        logger.warning("search.unindexed", extra={"reason": reason})


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(f"DROP TABLE {TABLE}_words")


class Migration(migrations.Migration):

    dependencies = [
        ("deliveries", "0005_index_poison"),
        ("subscriptions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayloadIndex",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reaches_to", models.BigIntegerField(default=0)),
                ("safe_to", models.BigIntegerField(default=0)),
                ("candidate", models.BigIntegerField(default=0)),
                ("horizon", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="EventText",
            fields=[
                ("event", models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name="+", serialize=False, to="deliveries.event")),
                ("text", models.TextField()),
                ("tenant", models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="subscriptions.tenant")),
            ],
        ),
        migrations.RunPython(build, drop),
    ]
