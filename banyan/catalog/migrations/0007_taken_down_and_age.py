
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0006_kinds_and_tax'),
    ]

    operations = [
        migrations.AddField(
            model_name='product',
            name='min_age',
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='product',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('active', 'active'), ('archived', 'archived'), ('taken_down', 'taken_down')], default='draft', max_length=10),
        ),
    ]
