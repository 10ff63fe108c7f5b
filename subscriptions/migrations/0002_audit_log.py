"""The audit log, of which the database itself refuses to change or delete a row.

A transaction that holds a row of audit_door may delete: `subscriptions.audit.purge`.
The triggers keep mistakes and injected statements out, not the table's owner, who can
drop them, nor TRUNCATE.
"""

import django.db.models.deletion
import subscriptions.identifiers
from django.db import migrations, models

MESSAGE = "The audit log is append-only."
CREATE_DOOR = "CREATE TABLE audit_door (id integer NOT NULL)"
DROP_DOOR = "DROP TABLE audit_door"
OPEN = "EXISTS (SELECT 1 FROM audit_door)"

SQLITE = [
    f"""
    CREATE TRIGGER audit_event_is_never_changed BEFORE UPDATE ON audit_event
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
    f"""
    CREATE TRIGGER audit_event_is_never_deleted BEFORE DELETE ON audit_event
    WHEN NOT {OPEN}
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
]
POSTGRESQL = [
    f"""
    CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND {OPEN} THEN RETURN OLD; END IF;
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_event_is_never_changed BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_refuse()
    """,
]


def close(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in [CREATE_DOOR, *(POSTGRESQL if is_postgresql else SQLITE)]:
        schema_editor.execute(statement)


def open_up(apps, schema_editor):
    # The triggers go with their table.
    schema_editor.execute(DROP_DOOR)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION audit_event_refuse() CASCADE")


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=subscriptions.identifiers.new_uid, editable=False, unique=True)),
                ('action', models.CharField(max_length=50)),
                ('actor_kind', models.CharField(max_length=10)),
                ('actor_name', models.CharField(max_length=255)),
                ('object_kind', models.CharField(max_length=30)),
                ('object_id', models.CharField(blank=True, max_length=255)),
                ('object_name', models.CharField(blank=True, max_length=255)),
                ('changes', models.JSONField(blank=True, default=dict)),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('created_at', models.DateTimeField()),
                ('tenant', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='audit_events', to='subscriptions.tenant')),
            ],
            options={
                'db_table': 'audit_event',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['tenant', '-id'], name='audit_of_tenant'), models.Index(fields=['tenant', 'object_id', 'action', '-id'], name='audit_of_object'), models.Index(fields=['created_at'], name='audit_by_age')],
            },
        ),
        migrations.RunPython(close, open_up),
    ]
