"""Somebody can say that a message which needs a person was looked into."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once

NEEDS = ["amount_mismatch", "second_payment", "contradiction", "unknown_reference", "disputed"]


class Migration(migrations.Migration):
    """What waits for a person is counted by an index of its own."""

    atomic = False  # the table is in use

    dependencies = [
        ("payments", "0006_requests_and_returns"),
    ]

    operations = at_once(
        migrations.AddField(
            model_name="providermessage",
            name="looked_at",
            field=models.DateTimeField(null=True),
        ),
        AddIndexConcurrently(
            model_name="providermessage",
            index=models.Index(
                condition=models.Q(("looked_at", None), ("outcome__in", NEEDS)),
                fields=["outcome"],
                name="provider_message_person",
            ),
        ),
    )
