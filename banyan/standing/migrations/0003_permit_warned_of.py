from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    dependencies = [("standing", "0002_reviews_hidden_permits_renewed")]

    operations = at_once(
        migrations.AddField(
            model_name="permit",
            name="warned_of",
            field=models.DateField(null=True),
        ),
    )
