from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):

    dependencies = [
        ('trust', '0001_initial'),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='LookBack',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('below', models.BigIntegerField()),
                ('rows', models.BigIntegerField(default=0)),
                ('begun_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'trust_lookback',
            },
        ),
    )
