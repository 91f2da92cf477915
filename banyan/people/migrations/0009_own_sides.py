from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


def side(name: str) -> migrations.AddField:
    text = models.CharField(blank=True, db_default="", default="", max_length=40)
    return migrations.AddField(model_name="profile", name=name, field=text)


class Migration(migrations.Migration):
    dependencies = [("people", "0008_follow_states")]

    operations = at_once(side("hometown"), side("dialect"), side("school"))
