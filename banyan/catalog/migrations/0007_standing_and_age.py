
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0006_kinds_and_tax'),
    ]

    operations = at_once(
        migrations.AddField(
            model_name='product',
            name='min_age',
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='product',
            name='ratings',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='product',
            name='stars',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='shop',
            name='standing',
            field=models.CharField(db_default='new', default='new', max_length=5),
        ),
        migrations.AlterField(
            model_name='product',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('active', 'active'), ('archived', 'archived'), ('taken_down', 'taken_down')], default='draft', max_length=10),
        ),
    )
