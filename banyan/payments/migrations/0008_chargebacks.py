"""What payers' banks take back: each movement once, and never more than was paid."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import F, Q

import banyan.kernel.ids

from banyan.kernel.migrations._together import at_once

STATES = ("inquiry", "needs_response", "under_review", "won", "lost", "closed")
OF_REFUNDS = ("requested", "submitted", "failed", "succeeded", "covered")

# What was kept for a person, and nobody has looked at, is read anew and booked.
HEARD_ANEW = """
UPDATE payments_providermessage
SET kind = 'chargeback.changed', outcome = '', handled_at = NULL
WHERE kind = 'payment.disputed' AND looked_at IS NULL
"""


class Migration(migrations.Migration):
    """New tables, one figure of a payment, and the messages that waited for them."""

    atomic = False  # the table is in use

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
        migrations.AddField(
            model_name="intent",
            name="charged_back_amount",
            field=models.BigIntegerField(db_default=0, default=0),
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
        AddConstraintNotValid(
            model_name="intent",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("charged_back_amount__gte", 0),
                    ("charged_back_amount__lte", F("captured_amount") - F("refunded_amount")),
                ),
                name="intent_chargeback_within_capture",
            ),
        ),
        ValidateConstraint(model_name="intent", name="intent_chargeback_within_capture"),
        migrations.RunSQL(HEARD_ANEW, migrations.RunSQL.noop),
    )
