"""The tokens that customers choose. Before the new code, while workers run."""

import django.db.models.deletion
import subscriptions.identifiers
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0007_webhook_filter'),
    ]

    operations = [
        migrations.CreateModel(
            name='SignatureToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=subscriptions.identifiers.new_uid, editable=False, unique=True)),
                ('sealed', models.TextField()),
                ('webhook', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='token_row', to='subscriptions.webhook')),
            ],
        ),
    ]
