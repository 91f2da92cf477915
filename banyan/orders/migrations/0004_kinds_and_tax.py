import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('catalog', '0006_kinds_and_tax'),
        ('entitlements', '0001_initial'),
        ('orders', '0003_one_index_per_question'),
        ('sharing', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.AddField(
            model_name='cartitem',
            name='offer_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='checkout',
            name='tax_amount',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='order',
            name='tax_amount',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='orderline',
            name='included_tax_amount',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='orderline',
            name='kind',
            field=models.CharField(db_default='goods', default='goods', max_length=10),
        ),
        migrations.AddField(
            model_name='orderline',
            name='offer_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='orderline',
            name='sale_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='orderline',
            name='shipped_quantity',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='orderline',
            name='supply_amount',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='orderline',
            name='tax_amount',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        *add_check('checkout', models.CheckConstraint(condition=models.Q(('total_amount', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('goods_amount'), '-', models.F('discount_amount')), '+', models.F('shipping_amount')), '+', models.F('tax_amount'))), ('total_amount__gte', 0)), name='checkout_sum')),
        *add_check('orderline', models.CheckConstraint(condition=models.Q(('refunded_amount__gte', 0), ('refunded_amount__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('goods_amount'), '-', models.F('discount_amount')), '+', models.F('shipping_amount')), '+', models.F('tax_amount')))), name='order_line_refund_within_price')),
        *add_check('orderline', models.CheckConstraint(condition=models.Q(('shipped_quantity__gte', 0), ('shipped_quantity__lte', models.F('quantity'))), name='order_line_shipped')),
        migrations.RemoveConstraint(
            model_name='checkout',
            name='checkout_total',
        ),
        migrations.RemoveConstraint(
            model_name='orderline',
            name='order_line_refund_within_paid',
        ),
    )
