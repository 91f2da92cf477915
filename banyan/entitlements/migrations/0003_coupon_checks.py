from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check


# 0002 has put them into conditions and benefits; nothing reads them any more.
DROP = [
    f"-- squawk-ignore ban-drop-column\nALTER TABLE entitlements_coupon DROP COLUMN {column}"
    for column in ("amount_off", "percent_bps", "min_spend")
]


class Migration(migrations.Migration):
    """The checks of the new terms; the columns of the old ones, filled over by 0002, go."""

    atomic = False

    dependencies = [("entitlements", "0002_coupon_terms")]

    operations = [
        *add_check(
            "coupon",
            models.CheckConstraint(
                condition=models.Q(
                    ("budget_used__gte", 0),
                    models.Q(
                        ("budget", None),
                        ("budget_used__lte", models.F("budget")),
                        _connector="OR",
                    ),
                ),
                name="coupon_budget",
            ),
        ),
        *add_check(
            "coupon",
            models.CheckConstraint(
                condition=models.Q(("stacking__in", ("exclusive", "platform", "shop", "shipping"))),
                name="coupon_stacking",
            ),
        ),
        *add_check(
            "coupon",
            models.CheckConstraint(
                condition=models.Q(("reach__in", ("code", "auto", "claim", "held"))),
                name="coupon_reach",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY redemption_once_per_checkout"
                    " ON entitlements_redemption (checkout_id, coupon_id)",
                    "DROP INDEX CONCURRENTLY redemption_once_per_checkout",
                ),
                migrations.RunSQL(
                    "ALTER TABLE entitlements_redemption"
                    " ADD CONSTRAINT redemption_once_per_checkout"
                    " UNIQUE USING INDEX redemption_once_per_checkout",
                    migrations.RunSQL.noop,
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="redemption",
                    constraint=models.UniqueConstraint(
                        fields=("checkout_id", "coupon"), name="redemption_once_per_checkout"
                    ),
                )
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE entitlements_redemption"
                    " DROP CONSTRAINT entitlements_redemption_checkout_id_key",
                    migrations.RunSQL.noop,
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="redemption", name="checkout_id", field=models.BigIntegerField()
                )
            ],
        ),
        migrations.RemoveConstraint(model_name="coupon", name="coupon_one_benefit"),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(DROP, migrations.RunSQL.noop)],
            state_operations=[
                migrations.RemoveField(model_name="coupon", name="amount_off"),
                migrations.RemoveField(model_name="coupon", name="percent_bps"),
                migrations.RemoveField(model_name="coupon", name="min_spend"),
            ],
        ),
    ]
