from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('catalog', '0005_one_index_per_question'),
        ('media', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.AddField(
            model_name='product',
            name='attributes',
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name='product',
            name='kind',
            field=models.CharField(db_default='goods', default='goods', max_length=10),
        ),
        migrations.AddField(
            model_name='shop',
            name='kind',
            field=models.CharField(db_default='merchant', default='merchant', max_length=10),
        ),
        *add_check('product', models.CheckConstraint(condition=models.Q(('kind__in', ['goods', 'voucher', 'digital', 'listing'])), name='product_kind')),
        *add_check('shop', models.CheckConstraint(condition=models.Q(('kind__in', ['merchant', 'member'])), name='shop_kind')),
    )
