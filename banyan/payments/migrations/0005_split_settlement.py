"""A payout may be a part of a payment, some of which is taken back."""

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    """A payout that names a payment is a part of it."""

    atomic = False  # the table of payouts is in use

    dependencies = [
        ("payments", "0004_pay_anywhere"),
    ]

    operations = at_once(
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
    )
