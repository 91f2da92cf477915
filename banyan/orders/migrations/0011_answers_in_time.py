from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False  # the tables are in use

    dependencies = [("orders", "0010_chargebacks")]

    operations = at_once(
        *[
            migrations.AddField(
                model_name=model, name=name, field=models.DateTimeField(null=True)
            )
            for model, name in [
                ("return", "reminded_at"),
                ("return", "escalated_at"),
                ("orderrefund", "answer_by"),
                ("orderrefund", "reminded_at"),
                ("orderrefund", "escalated_at"),
            ]
        ],
        AddIndexConcurrently(
            model_name="return",
            index=models.Index(
                fields=["due_by"], name="order_return_asked", condition=models.Q(state="asked")
            ),
        ),
        AddIndexConcurrently(
            model_name="orderrefund",
            index=models.Index(
                fields=["answer_by"],
                name="order_refund_asked",
                condition=models.Q(state="requested"),
            ),
        ),
    )
