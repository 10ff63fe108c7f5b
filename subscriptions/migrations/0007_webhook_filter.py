"""Which events of its types a webhook wants."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0006_people_have_roles'),
    ]

    operations = [
        migrations.AddField(
            model_name='webhook',
            name='filter',
            field=models.JSONField(blank=True, null=True),
        ),
    ]
