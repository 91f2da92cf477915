import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._references import add_reference
from banyan.kernel.migrations._together import at_once


def nullable(table: str, column: str, model_name: str, name: str, field: models.Field) -> migrations.SeparateDatabaseAndState:
    """Return the operation that lets a foreign key be empty.

    By hand: Django would make the foreign key anew, and read the whole table for it.
    """
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP NOT NULL',
                f'ALTER TABLE "{table}" ALTER COLUMN "{column}" SET NOT NULL',
            ),
        ],
        state_operations=[migrations.AlterField(model_name=model_name, name=name, field=field)],
    )


def once(table: str, columns: str, model_name: str, constraint: models.UniqueConstraint) -> migrations.SeparateDatabaseAndState:
    """Return the operation that makes rows unique while their table stays in use."""
    name = constraint.name
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "{name}" ON "{table}" ({columns})',
                migrations.RunSQL.noop,
            ),
            migrations.RunSQL(
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" UNIQUE USING INDEX "{name}"',
                f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
            ),
        ],
        state_operations=[migrations.AddConstraint(model_name=model_name, constraint=constraint)],
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('catalog', '0001_initial'),
        ('earnings', '0004_destinations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        add_reference(
            'destination', 'shop',
            models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.shop'),
            table='earnings_destination', to='catalog_shop',
        ),
        add_reference(
            'destination', 'said_by',
            models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
            table='earnings_destination', to='people_account',
        ),
        add_reference(
            'payoutitem', 'shop',
            models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.shop'),
            table='earnings_payoutitem', to='catalog_shop',
        ),
        migrations.AddField(
            model_name='payoutitem',
            name='place',
            field=models.CharField(blank=True, db_default='', default='', max_length=20),
        ),
        nullable(
            'earnings_destination', 'account_id', 'destination', 'account',
            models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL),
        ),
        nullable(
            'earnings_payoutitem', 'payee_id', 'payoutitem', 'payee',
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        *add_check('destination', models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', False), ('said_by', None), ('shop', None)), models.Q(('account', None), ('said_by__isnull', False), ('shop__isnull', False)), _connector='OR'), name='destination_of_one')),
        *add_check('payoutitem', models.CheckConstraint(condition=models.Q(models.Q(('payee__isnull', False), ('shop', None)), models.Q(('payee', None), ('shop__isnull', False)), _connector='OR'), name='payout_item_of_one')),
        *add_check('payoutitem', models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'submitted', 'paid', 'failed', 'returned', 'skipped'])), name='payout_item_known_state')),
        migrations.RemoveConstraint(model_name='payoutitem', name='payout_item_state'),
        once(
            'earnings_destination', '"shop_id"', 'destination',
            models.UniqueConstraint(fields=('shop',), name='destination_shop_once'),
        ),
        once(
            'earnings_payoutitem', '"shop_id", "batch_id", "currency"', 'payoutitem',
            models.UniqueConstraint(fields=('shop', 'batch', 'currency'), name='payout_item_shop_once'),
        ),
    )
