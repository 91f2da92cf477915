import django.contrib.postgres.fields
import django.contrib.postgres.operations
import django.db.models.deletion
from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._references import add_reference
from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("groups", "0002_invitations_picks_offers"),
    ]

    operations = at_once(
        migrations.AddField(
            model_name='group',
            name='colour',
            field=models.CharField(blank=True, db_default='', default='', max_length=7),
        ),
        migrations.AddField(
            model_name='group',
            name='domain',
            field=models.CharField(blank=True, db_default='', default='', max_length=100),
        ),
        migrations.AddField(
            model_name='group',
            name='hidden_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='group',
            name='holds',
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='group',
            name='listers',
            field=models.CharField(db_default='members', default='members', max_length=10),
        ),
        migrations.AddField(
            model_name='group',
            name='look',
            field=models.IntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name='group',
            name='most_members',
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name='group',
            name='offer_cap',
            field=models.SmallIntegerField(db_default=2, default=2),
        ),
        migrations.AddField(
            model_name='group',
            name='offer_days',
            field=models.SmallIntegerField(db_default=7, default=7),
        ),
        migrations.AddField(
            model_name='group',
            name='owners',
            field=models.IntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name='group',
            name='rules',
            field=models.TextField(blank=True, db_default='', default='', max_length=3000),
        ),
        migrations.AddField(
            model_name='group',
            name='topics',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='group',
            name='verified_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='told',
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='membership',
            name='told_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='wants_offers',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(
            "UPDATE groups_group SET owners = greatest(1, (SELECT count(*) FROM groups_membership m"
            " WHERE m.group_id = groups_group.id AND m.role = 'owner' AND m.state = 1))",
            migrations.RunSQL.noop,
        ),
        *add_check("group", models.CheckConstraint(condition=models.Q(('most_members', None), ('members__lte', models.F('most_members')), _connector='OR'), name='group_members_fit')),
        *add_check("group", models.CheckConstraint(condition=models.Q(('owners__gte', 1)), name='group_owned')),
        *add_check("group", models.CheckConstraint(condition=models.Q(('offer_cap__gte', 0), ('offer_cap__lte', 20), ('offer_days__gte', 1)), name='group_offer_cap')),
        *add_check("group", models.CheckConstraint(condition=models.Q(('listers__in', ['members', 'moderators'])), name='group_listers_known')),
        add_reference("membership", "invitation", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='groups.invitation'), table="groups_membership", to="groups_invitation"),
        django.contrib.postgres.operations.AddIndexConcurrently(
            model_name='membership',
            index=models.Index(condition=models.Q(('state', 1), ('wants_offers', True)), fields=['group', 'id'], name='membership_wants'),
        ),
        *add_check("membership", models.CheckConstraint(condition=models.Q(('told__gte', 0), ('told__lte', 20)), name='membership_told_fits')),
    )
