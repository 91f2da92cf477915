from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._together import at_once


# 0002 has put them into conditions and benefits; nothing reads them any more.
DROP = [
    f"-- squawk-ignore ban-drop-column\nALTER TABLE entitlements_coupon DROP COLUMN {column}"
    for column in ("amount_off", "percent_bps", "min_spend")
]

# The way back says what the old columns can say of a coupon.
BACK = """
ALTER TABLE entitlements_coupon
  ADD COLUMN amount_off bigint, ADD COLUMN percent_bps int,
  ADD COLUMN min_spend bigint NOT NULL DEFAULT 0;
UPDATE entitlements_coupon SET
  amount_off = (jsonb_path_query_first(benefits, '$[*] ? (@.code == "amount_off").args.amount')
                #>> '{}')::bigint,
  percent_bps = (jsonb_path_query_first(benefits, '$[*] ? (@.code == "percent_off").args.bps')
                 #>> '{}')::int,
  min_spend = coalesce((jsonb_path_query_first(
    conditions, '$[*] ? (@.code == "min_spend").args.amount') #>> '{}')::bigint, 0);
ALTER TABLE entitlements_coupon ALTER COLUMN min_spend DROP DEFAULT
"""


class Migration(migrations.Migration):
    """The checks of the new terms; the columns of the old ones, filled over by 0002, go."""

    atomic = False

    dependencies = [("entitlements", "0002_coupon_terms")]

    operations = at_once(
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
                    migrations.RunSQL.noop,
                ),
                migrations.RunSQL(
                    "ALTER TABLE entitlements_redemption"
                    " ADD CONSTRAINT redemption_once_per_checkout"
                    " UNIQUE USING INDEX redemption_once_per_checkout",
                    "ALTER TABLE entitlements_redemption"
                    " DROP CONSTRAINT redemption_once_per_checkout",
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
                    "ALTER TABLE entitlements_redemption"
                    " ADD CONSTRAINT entitlements_redemption_checkout_id_key UNIQUE (checkout_id)",
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
            database_operations=[migrations.RunSQL(DROP, BACK)],
            state_operations=[
                migrations.RemoveField(model_name="coupon", name="amount_off"),
                migrations.RemoveField(model_name="coupon", name="percent_bps"),
                migrations.RemoveField(model_name="coupon", name="min_spend"),
            ],
        ),
    )
