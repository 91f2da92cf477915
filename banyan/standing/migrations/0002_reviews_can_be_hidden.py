from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False  # the table is in use

    dependencies = [("standing", "0001_initial")]

    operations = at_once(
        migrations.AddField(
            model_name="review",
            name="hidden_at",
            field=models.DateTimeField(null=True),
        ),
    )
