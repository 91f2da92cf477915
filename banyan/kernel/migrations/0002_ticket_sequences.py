"""The pool of sequences that ticket sales draw from, so that no sale needs DDL."""

from django.db import migrations


class Migration(migrations.Migration):
    """CACHE 1, so that last_value is what was drawn."""

    dependencies = [("kernel", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            DO $$ BEGIN
              FOR n IN 1..64 LOOP
                EXECUTE format('CREATE SEQUENCE kernel_ticket_%s CACHE 1', lpad(n::text, 3, '0'));
              END LOOP;
            END $$
            """,
            reverse_sql="""
            DO $$ BEGIN
              FOR n IN 1..64 LOOP
                EXECUTE format('DROP SEQUENCE kernel_ticket_%s', lpad(n::text, 3, '0'));
              END LOOP;
            END $$
            """,
        )
    ]
