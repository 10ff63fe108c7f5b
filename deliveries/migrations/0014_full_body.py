"""Events whose body was too large to be sent whole."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0013_profile_policies'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='full_body',
            field=models.BinaryField(null=True),
        ),
    ]
