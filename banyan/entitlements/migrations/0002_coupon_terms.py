import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import banyan.kernel.ids

from banyan.kernel.migrations._together import at_once

TERMS = """
UPDATE entitlements_coupon SET
  benefits = jsonb_build_array(CASE
    WHEN amount_off IS NOT NULL THEN jsonb_build_object(
      'code', 'amount_off', 'args', jsonb_build_object('amount', amount_off))
    ELSE jsonb_build_object(
      'code', 'percent_off', 'args', jsonb_build_object('bps', percent_bps)) END),
  conditions = CASE WHEN min_spend > 0 THEN jsonb_build_array(jsonb_build_object(
      'code', 'min_spend', 'args', jsonb_build_object('amount', min_spend)))
    ELSE '[]'::jsonb END,
  budget_used = coalesce((
    SELECT sum(r.amount) FROM entitlements_redemption r
    WHERE r.coupon_id = entitlements_coupon.id AND r.state IN ('reserved', 'redeemed')), 0)
"""
USES = """
UPDATE entitlements_redemption r SET
  code = c.code,
  terms = jsonb_build_object('conditions', c.conditions, 'benefits', c.benefits,
                             'stacking', c.stacking, 'version', c.version)
FROM entitlements_coupon c WHERE c.id = r.coupon_id
"""
PERSONS = """
INSERT INTO entitlements_personuse (redemption_id, coupon_id, person_key, number)
SELECT id, coupon_id, person_key,
       row_number() OVER (PARTITION BY coupon_id, person_key ORDER BY id)
FROM entitlements_redemption WHERE state IN ('reserved', 'redeemed')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0006_kinds_and_tax"),
        ("entitlements", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.AddField(
            model_name="coupon",
            name="conditions",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="coupon",
            name="benefits",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="coupon",
            name="stacking",
            field=models.CharField(db_default="shop", default="shop", max_length=10),
        ),
        migrations.AddField(
            model_name="coupon",
            name="reach",
            field=models.CharField(db_default="code", default="code", max_length=6),
        ),
        migrations.AddField(
            model_name="coupon", name="budget", field=models.BigIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="coupon",
            name="budget_used",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="coupon", name="life_days", field=models.IntegerField(null=True)
        ),
        migrations.AddField(
            model_name="coupon",
            name="version",
            field=models.IntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="redemption",
            name="code",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AddField(
            model_name="redemption",
            name="terms",
            field=models.JSONField(db_default={}, default=dict),
        ),
        # Django would make the foreign key anew, and hold both tables meanwhile.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [
                        "-- squawk-ignore ban-drop-not-null\n"
                        "ALTER TABLE entitlements_coupon ALTER COLUMN shop_id DROP NOT NULL"
                    ],
                    "ALTER TABLE entitlements_coupon ALTER COLUMN shop_id SET NOT NULL",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="coupon",
                    name="shop",
                    field=models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coupons",
                        to="catalog.shop",
                    ),
                )
            ],
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=40, null=True)),
                ("source", models.CharField(max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "held"),
                            ("reserved", "reserved"),
                            ("redeemed", "redeemed"),
                            ("expired", "expired"),
                        ],
                        default="held",
                        max_length=10,
                    ),
                ),
                ("checkout_id", models.BigIntegerField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "coupon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="entitlements.coupon",
                    ),
                ),
            ],
            options={
                "db_table": "entitlements_grant",
                "indexes": [
                    models.Index(
                        condition=models.Q(("account__isnull", False)),
                        fields=["account", "-id"],
                        name="grant_of_account",
                    ),
                    models.Index(
                        condition=models.Q(("checkout_id__isnull", False)),
                        fields=["checkout_id"],
                        name="grant_of_checkout",
                    ),
                    models.Index(
                        condition=models.Q(("expires_at__isnull", False), ("state", "held")),
                        fields=["expires_at"],
                        name="grant_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Upper("code"), name="grant_code_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("source", "claim")),
                        fields=("coupon", "account"),
                        name="grant_claimed_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonUse",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("person_key", models.CharField(max_length=120)),
                ("number", models.IntegerField()),
                (
                    "coupon",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="entitlements.coupon",
                    ),
                ),
                (
                    "redemption",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="persons",
                        to="entitlements.redemption",
                    ),
                ),
            ],
            options={
                "db_table": "entitlements_personuse",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("coupon", "person_key", "number"), name="person_use_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(TERMS, migrations.RunSQL.noop),
        migrations.RunSQL(USES, migrations.RunSQL.noop),
        migrations.RunSQL(PERSONS, migrations.RunSQL.noop),
    )
