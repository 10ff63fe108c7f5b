"""Counters for /metrics by profile. Before the new code, while workers run."""

from django.db import migrations, models
from django.db.models import Value


def begin_with_what_was_counted(apps, schema_editor):
    """Until now there was no other profile."""
    for total in apps.get_model("deliveries", "Total").objects.exclude(statuses={}):
        total.profiles = {"alvys": total.statuses}
        total.save(update_fields=["profiles"])


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0017_index_lists_of_deliveries'),
    ]

    operations = [
        migrations.CreateModel(
            name='Occurrence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('label', models.CharField(max_length=50)),
                ('times', models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name='total',
            name='profiles',
            field=models.JSONField(default=dict, db_default=Value({}, models.JSONField())),
        ),
        migrations.RunPython(begin_with_what_was_counted, migrations.RunPython.noop),
    ]
