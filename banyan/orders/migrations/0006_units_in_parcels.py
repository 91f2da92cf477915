import django.db.models.deletion
import django.db.models.expressions
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._together import at_once

# What was shipped before parcels had lines: all of it, but for what was paid back before. A unit
# that never left has no movement of the kind "ship" under the order's number.
FILL = [
    """
    UPDATE orders_orderline l SET shipped_quantity = l.quantity
    FROM orders_order o
    WHERE o.id = l.order_id AND o.shipped_at IS NOT NULL AND l.shipped_quantity = 0
      AND (l.refunded_quantity < l.quantity OR EXISTS (
        SELECT FROM catalog_stockmovement m JOIN catalog_stock s ON s.id = m.stock_id
        WHERE s.variant_id = l.variant_id AND m.kind = 'ship' AND m.reference = o.number))
    """,
    """
    UPDATE orders_orderline SET cancelled_quantity = refunded_quantity
    WHERE shipped_quantity = 0 AND refunded_quantity > 0 AND cancelled_quantity = 0
    """,
    """
    INSERT INTO orders_shipmentline (shipment_id, line_id, quantity)
    SELECT p.id, l.id, l.shipped_quantity FROM orders_shipment p
    JOIN orders_orderline l ON l.order_id = p.order_id
    WHERE l.shipped_quantity > 0
      AND NOT EXISTS (SELECT FROM orders_shipmentline x WHERE x.line_id = l.id)
    """,
    """
    UPDATE orders_order SET confirm_at = shipped_at + interval '10 days'
    WHERE state = 'shipped' AND confirm_at IS NULL
    """,
]


class Migration(migrations.Migration):
    atomic = False  # the tables are in use

    dependencies = [
        ('orders', '0005_after_the_sale'),
        ('orders', '0006_delivery_and_its_tax'),
    ]

    operations = at_once(
        migrations.AddField(
            model_name='order',
            name='confirm_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='confirm_extended',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='orderline',
            name='cancelled_quantity',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='orderline',
            name='replaces',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replacements', to='orders.orderline'),
        ),
        migrations.AddField(
            model_name='orderline',
            name='returned_quantity',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='shipment',
            name='key',
            field=models.CharField(blank=True, db_default='', default='', max_length=80),
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(condition=models.Q(('state', 'shipped')), fields=['confirm_at'], name='order_confirm'),
        ),
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in FILL),
        *add_check('orderline', models.CheckConstraint(condition=models.Q(('shipped_quantity__gte', 0), ('cancelled_quantity__gte', 0), ('quantity__gte', django.db.models.expressions.CombinedExpression(models.F('shipped_quantity'), '+', models.F('cancelled_quantity')))), name='order_line_units')),
        *add_check('orderline', models.CheckConstraint(condition=models.Q(('returned_quantity__gte', 0), ('returned_quantity__lte', models.F('shipped_quantity'))), name='order_line_returned')),
        migrations.RemoveConstraint(
            model_name='orderline',
            name='order_line_shipped',
        ),
    )
