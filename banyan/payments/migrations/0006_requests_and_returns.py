"""Payment requests, merchants' own accounts at providers, and what is taken back from them."""

import django.db.models.deletion
from django.db import migrations, models

import banyan.kernel.ids

from banyan.kernel.migrations._together import at_once

STATES = [(name, name) for name in ("requested", "submitted", "paid", "failed")]


class Migration(migrations.Migration):
    """New tables only."""

    dependencies = [
        ("payments", "0005_split_settlement"),
    ]

    operations = at_once(
        migrations.CreateModel(
            name="PaymentRequest",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=40, unique=True)),
                ("payee_kind", models.CharField(max_length=20)),
                ("payee_id", models.BigIntegerField()),
                ("asked_by", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("note", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[(n, n) for n in ("open", "paid", "expired", "cancelled")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("intent_id", models.BigIntegerField(null=True)),
                ("refunded_amount", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "payments_paymentrequest",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="request_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("refunded_amount__gte", 0),
                            ("refunded_amount__lte", models.F("amount")),
                        ),
                        name="request_refund_within",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("intent_id__isnull", False), ("state", "paid"))
                        | (
                            models.Q(("state", "paid"), _negated=True)
                            & models.Q(("intent_id__isnull", True))
                        ),
                        name="request_paid_once",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["payee_kind", "payee_id", "id"], name="request_payee"),
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["expires_at"],
                        name="request_open",
                    ),
                ],
            },
        ),
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
    )
