import django.db.models.deletion
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0001_initial'),
        ('catalog', '0016_wishes_are_reminders'),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='KeptUnit',
            fields=[
                ('instance', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='kept_unit', serialize=False, to='campaigns.instance')),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.variant')),
            ],
            options={
                'db_table': 'campaigns_keptunit',
            },
        ),
    )
