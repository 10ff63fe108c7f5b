"""How long a tenant keeps its log, where that is not the setting."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0004_authenticators'),
    ]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='retention_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='How long its log is kept. Empty: as long as WEBHOOKS_RETENTION_DAYS.', null=True, validators=[django.core.validators.MinValueValidator(1)]),
        ),
    ]
