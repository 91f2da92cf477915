import django.db.models.deletion
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    dependencies = [("standing", "0003_permit_warned_of")]

    operations = at_once(
        migrations.CreateModel(
            name="PermitPicture",
            fields=[
                (
                    "permit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="picture",
                        serialize=False,
                        to="standing.permit",
                    ),
                ),
                ("jpeg", models.BinaryField()),
            ],
            options={"db_table": "standing_permitpicture"},
        ),
    )
