"""Drop indexes that begin like another one, or serve searches that nobody makes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._indexes import drop_index


class Migration(migrations.Migration):
    """Every row that is written had to be entered there too."""

    atomic = False  # the tables are in use

    dependencies = [
        ("orders", "0002_phone_tails"),
        ("catalog", "0001_initial"),
        ("sharing", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("kernel", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_index("orders_checkout_buyer_id_1b6dd489", "orders_checkout (buyer_id)"),
                drop_index(
                    "orders_checkout_access_token_56ee3f80_like",
                    "orders_checkout (access_token varchar_pattern_ops)",
                ),
                drop_index(
                    "orders_checkout_number_0bdac050_like",
                    "orders_checkout (number varchar_pattern_ops)",
                ),
                drop_index("orders_order_checkout_id_85d473d1", "orders_order (checkout_id)"),
                drop_index("orders_order_shop_id_b562fb3d", "orders_order (shop_id)"),
                drop_index(
                    "orders_order_number_abc9e0f2_like", "orders_order (number varchar_pattern_ops)"
                ),
                drop_index("orders_orderline_link_id_23d3ca24", "orders_orderline (link_id)"),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="checkout",
                    name="buyer",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checkouts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="order",
                    name="checkout",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="orders.checkout",
                    ),
                ),
                migrations.AlterField(
                    model_name="order",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="catalog.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="orderline",
                    name="link",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="sharing.link",
                    ),
                ),
            ],
        )
    ]
