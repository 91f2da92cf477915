import banyan.kernel.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once



class Migration(migrations.Migration):
    dependencies = [
        ('catalog', '0015_attributes_and_collections'),
        ('groups', '0001_initial'),
        ('media', '0001_initial'),
        ('sharing', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=32, unique=True)),
                ('uses', models.IntegerField(default=0)),
                ('most_uses', models.IntegerField()),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='groups.group')),
                ('link', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sharing.link')),
            ],
            options={
                'db_table': 'groups_invitation',
                'constraints': [models.CheckConstraint(condition=models.Q(('uses__gte', 0), ('uses__lte', models.F('most_uses'))), name='invitation_uses_fit')],
            },
        ),
        migrations.CreateModel(
            name='Pick',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('post_id', models.BigIntegerField()),
                ('slot', models.SmallIntegerField(null=True)),
                ('created_at', models.DateTimeField()),
                ('by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('group', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='picks', to='groups.group')),
            ],
            options={
                'db_table': 'groups_pick',
                'constraints': [models.UniqueConstraint(fields=('group', 'post_id'), name='pick_once'), models.UniqueConstraint(condition=models.Q(('slot__isnull', False)), fields=('group', 'slot'), name='pick_slot_once'), models.CheckConstraint(condition=models.Q(('slot', None), models.Q(('slot__gte', 1), ('slot__lte', 3)), _connector='OR'), name='pick_three_pinned')],
            },
        ),
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('note', models.CharField(blank=True, default='', max_length=200)),
                ('asleep', models.IntegerField(default=0)),
                ('reached', models.BigIntegerField(default=0)),
                ('told_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='offers', to='groups.group')),
                ('link', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sharing.link')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.product')),
                ('variant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.variant')),
            ],
            options={
                'db_table': 'groups_offer',
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('group', 'product'), name='offer_to_group_once')],
                'indexes': [models.Index(condition=models.Q(('told_at', None)), fields=['id'], name='offer_untold')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('outcome', models.CharField(max_length=8)),
                ('touch_id', models.BigIntegerField(null=True)),
                ('opened_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('offer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='groups.offer')),
            ],
            options={
                'db_table': 'groups_notice',
                'constraints': [models.UniqueConstraint(fields=('offer', 'account'), name='notice_once'), models.CheckConstraint(condition=models.Q(('outcome__in', ['told', 'capped', 'apart', 'muted'])), name='notice_outcome_known')],
            },
        ),
    )
