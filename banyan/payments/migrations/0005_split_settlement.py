"""Pass parts of a payment on to merchants' own accounts, and take them back."""

import django.db.models.deletion
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models

import banyan.kernel.ids

STATES = [(name, name) for name in ("requested", "submitted", "paid", "failed")]


class Migration(migrations.Migration):
    """A payout that names a payment is a part of it."""

    atomic = False  # the table of payouts is in use

    dependencies = [
        ("payments", "0004_pay_anywhere"),
    ]

    operations = [
        migrations.AddField(
            model_name="payout",
            name="payment_ref",
            field=models.CharField(blank=True, db_default="", default="", max_length=80),
        ),
        migrations.AddField(
            model_name="payout",
            name="returned_amount",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddIndexConcurrently(
            model_name="payout",
            index=models.Index(
                condition=models.Q(("payment_ref", ""), _negated=True),
                fields=["payment_ref"],
                name="payout_payment_ref",
            ),
        ),
        AddConstraintNotValid(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("returned_amount__gte", 0), ("returned_amount__lte", models.F("amount"))
                ),
                name="payout_return_within",
            ),
        ),
        ValidateConstraint(model_name="payout", name="payout_return_within"),
        migrations.CreateModel(
            name="ConnectedAccount",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("owner_kind", models.CharField(max_length=20)),
                ("owner_id", models.BigIntegerField()),
                ("provider", models.CharField(max_length=20)),
                ("account", models.CharField(max_length=80)),
                ("connected_at", models.DateTimeField()),
            ],
            options={
                "db_table": "payments_connectedaccount",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner_kind", "owner_id", "provider"),
                        name="connected_account_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutReturn",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("credit_account_id", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(choices=STATES, default="requested", max_length=12),
                ),
                ("provider_ref", models.CharField(blank=True, default="", max_length=80)),
                ("failure", models.CharField(blank=True, default="", max_length=200)),
                ("attempts", models.IntegerField(default=0)),
                ("key", models.CharField(max_length=120, unique=True)),
                ("created_at", models.DateTimeField()),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("cause_id", models.BigIntegerField(null=True)),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="payments.payout",
                    ),
                ),
            ],
            options={
                "db_table": "payments_payoutreturn",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="return_amount"
                    )
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_attempt_at__isnull", False)),
                        fields=["next_attempt_at"],
                        name="return_due",
                    )
                ],
            },
        ),
    ]
