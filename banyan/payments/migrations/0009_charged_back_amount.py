"""What a payer's bank took and what is promised back are never more than was paid."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import F, Q

from banyan.kernel.migrations._together import at_once

# What was kept for a person, and nobody has looked at, is read anew and booked.
HEARD_ANEW = """
UPDATE payments_providermessage
SET kind = 'chargeback.changed', outcome = '', handled_at = NULL
WHERE kind = 'payment.disputed' AND looked_at IS NULL
"""


class Migration(migrations.Migration):
    """One figure of a payment, and the messages that waited for it."""

    atomic = False  # the table is in use

    dependencies = [
        ("payments", "0008_chargebacks"),
    ]

    operations = at_once(
        migrations.AddField(
            model_name="intent",
            name="charged_back_amount",
            field=models.BigIntegerField(db_default=0, default=0),
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
