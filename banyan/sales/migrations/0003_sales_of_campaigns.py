from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('sales', '0002_room_proofs'),
    ]

    operations = at_once(
        migrations.AddField(
            model_name='sale',
            name='campaign_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='sale',
            name='asks',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='right',
            name='warned',
            field=models.BooleanField(db_default=False, default=False),
        ),
    )
