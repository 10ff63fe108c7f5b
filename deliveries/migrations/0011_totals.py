"""Counters for /metrics that survive every purge."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0010_index_replays_and_polling'),
    ]

    operations = [
        migrations.CreateModel(
            name='Total',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('statuses', models.JSONField(default=dict)),
                ('failures', models.JSONField(default=dict)),
                ('durations', models.JSONField(default=dict)),
                ('total_ms', models.BigIntegerField(default=0)),
            ],
        ),
    ]
