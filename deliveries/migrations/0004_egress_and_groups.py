"""Whether our way out works; a sign of life for each group. Before the new code."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ("deliveries", "0003_vacuum_by_the_day"),
    ]

    operations = [
        migrations.CreateModel(
            name="Egress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("down_since", models.DateTimeField(null=True)),
                ("paused_until", models.DateTimeField(null=True)),
                ("up_since", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "egress",
                "constraints": [
                    models.CheckConstraint(
                        name="only_a_broken_egress_is_paused",
                        condition=Q(down_since=None, paused_until=None)
                        | Q(down_since__isnull=False, paused_until__isnull=False),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SignOfLife",
            fields=[
                (
                    "group",
                    models.CharField(
                        max_length=300, primary_key=True, serialize=False
                    ),
                ),
                ("node", models.CharField(max_length=255)),
                ("seen_at", models.DateTimeField()),
            ],
            options={"verbose_name_plural": "signs of life"},
        ),
        migrations.RemoveField(model_name="lookout", name="seen_at"),
    ]
