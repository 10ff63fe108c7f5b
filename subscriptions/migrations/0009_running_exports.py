"""Places for the exports that a tenant reads at once."""

import django.db.models.deletion
import subscriptions.identifiers
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0008_signature_tokens'),
    ]

    operations = [
        migrations.CreateModel(
            name='RunningExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=subscriptions.identifiers.new_uid, editable=False, unique=True)),
                ('expires_at', models.DateTimeField()),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='subscriptions.tenant')),
            ],
        ),
    ]
