from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False  # the table is in use

    dependencies = [("orders", "0007_rights")]

    operations = at_once(
        migrations.AddField(
            model_name="order",
            name="free_at",
            field=models.DateTimeField(null=True),
        ),
    )
