"""What payers' banks take back, each movement once."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import banyan.kernel.ids

from banyan.kernel.migrations._together import at_once

STATES = ("inquiry", "needs_response", "under_review", "won", "lost", "closed")
OF_REFUNDS = ("requested", "submitted", "failed", "succeeded", "covered")


class Migration(migrations.Migration):
    """New tables, and a state of refunds."""

    dependencies = [
        ("payments", "0007_somebody_has_looked"),
    ]

    operations = at_once(
        migrations.CreateModel(
            name="Chargeback",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=20)),
                ("provider_ref", models.CharField(max_length=80)),
                (
                    "intent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chargebacks",
                        to="payments.intent",
                    ),
                ),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.CharField(blank=True, default="", max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[(name, name) for name in STATES],
                        default="inquiry",
                        max_length=14,
                    ),
                ),
                ("taken_amount", models.BigIntegerField(default=0)),
                ("covered_amount", models.BigIntegerField(default=0)),
                ("fee_amount", models.BigIntegerField(default=0)),
                ("fee_currency", models.CharField(blank=True, default="", max_length=3)),
                ("opened_at", models.DateTimeField()),
                ("due_by", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("next_check_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "payments_chargeback",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "provider_ref"), name="chargeback_provider_ref_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            ("covered_amount__gte", 0),
                            ("covered_amount__lte", F("taken_amount")),
                        ),
                        name="chargeback_covered_within",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=Q(("next_check_at__isnull", False)),
                        fields=["next_check_at"],
                        name="chargeback_due",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChargebackMove",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                (
                    "chargeback",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
                        to="payments.chargeback",
                    ),
                ),
                ("provider_ref", models.CharField(max_length=80)),
                ("amount", models.BigIntegerField()),
                ("fee_amount", models.BigIntegerField(default=0)),
                ("fee_currency", models.CharField(blank=True, default="", max_length=3)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "payments_chargebackmove",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chargeback", "provider_ref"), name="chargeback_move_once"
                    )
                ],
                "indexes": [models.Index(fields=["at"], name="chargeback_move_at")],
            },
        ),
        migrations.AlterField(
            model_name="refund",
            name="state",
            field=models.CharField(
                choices=[(name, name) for name in OF_REFUNDS],
                default="requested",
                max_length=12,
            ),
        ),
    )
