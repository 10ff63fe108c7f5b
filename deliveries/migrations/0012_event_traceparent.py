"""The trace of the request that published an event."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0011_totals'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='traceparent',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=55),
        ),
    ]
