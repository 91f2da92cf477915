from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):

    dependencies = [
        ('kernel', '0003_search_words'),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='SweepPlace',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(null=True)),
                ('row_id', models.BigIntegerField()),
            ],
        ),
    )
