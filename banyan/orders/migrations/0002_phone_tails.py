"""Orders are found by the last digits of a phone without reading all of them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Right

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False  # an index of a table in use is built beside it

    dependencies = [("orders", "0001_initial")]

    operations = at_once(
        AddIndexConcurrently(
            model_name="checkout",
            index=models.Index(Right("contact_phone", 4), name="checkout_phone_tail"),
        ),
        AddIndexConcurrently(
            model_name="checkout",
            index=models.Index(
                Right(KeyTextTransform("phone", "address"), 4), name="checkout_courier_tail"
            ),
        ),
    )
