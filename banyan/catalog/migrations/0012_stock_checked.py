"""Check the rows that were there before the new conditions of stock."""

from django.db import migrations

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    """A transaction of its own: reading the table holds up nobody who writes."""

    dependencies = [("catalog", "0011_stock_held")]

    operations = at_once(
        migrations.RunSQL(
            "ALTER TABLE catalog_stock VALIDATE CONSTRAINT stock_never_oversold",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "ALTER TABLE catalog_stock VALIDATE CONSTRAINT stock_places", migrations.RunSQL.noop
        ),
    )
