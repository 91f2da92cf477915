import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('earnings', '0002_one_index_per_question'),
        ('orders', '0004_kinds_and_tax'),
        ('sharing', '0001_initial'),
        ('storefronts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.AddField(
            model_name='commission',
            name='fee_amount',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='commission',
            name='kind',
            field=models.CharField(db_default='commission', default='commission', max_length=10),
        ),
        # By hand: Django would make the foreign key anew, and read the whole table for it.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    'ALTER TABLE earnings_commission ALTER COLUMN plan_version_id DROP NOT NULL',
                    'ALTER TABLE earnings_commission ALTER COLUMN plan_version_id SET NOT NULL',
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='commission',
                    name='plan_version',
                    field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='earnings.planversion'),
                ),
            ],
        ),
        *add_check('commission', models.CheckConstraint(condition=models.Q(models.Q(('fee_amount', 0), ('kind', 'commission'), ('plan_version__isnull', False)), models.Q(('fee_amount__gte', 0), ('kind', 'margin'), ('level', 1), ('plan_version', None)), _connector='OR'), name='commission_kind')),
    )
