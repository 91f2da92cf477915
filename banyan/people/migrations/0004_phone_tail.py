"""Members are found by the last digits of their phone without reading all of them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Right


class Migration(migrations.Migration):
    atomic = False  # an index of a table in use is built beside it

    dependencies = [("people", "0003_existing_words")]

    operations = [
        AddIndexConcurrently(
            model_name="account",
            index=models.Index(Right("phone", 4), name="account_phone_tail"),
        ),
    ]
