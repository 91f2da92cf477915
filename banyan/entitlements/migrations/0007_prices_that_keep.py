from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('entitlements', '0006_coupons_taken_back'),
    ]

    operations = at_once(
        migrations.AddField(
            model_name='priceright',
            name='keeps',
            field=models.BooleanField(db_default=False, default=False),
        ),
        *add_check(
            'priceright',
            models.CheckConstraint(
                condition=models.Q(('keeps', False), ('quantity', 1), _connector='OR'),
                name='price_right_keeps_one',
            ),
        ),
    )
