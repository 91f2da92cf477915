import banyan.kernel.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0002_kept_units'),
        ('media', '0002_video'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='OutsidePicture',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('look', models.BigIntegerField(null=True)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('vouched', 'vouched'), ('accepted', 'accepted'), ('refused', 'refused')], default='waiting', max_length=8)),
                ('why', models.CharField(blank=True, default='', max_length=200)),
                ('shown_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('first', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='media.image')),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pictures', to='campaigns.instance')),
                ('second', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'campaigns_outsidepicture',
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'refused'), _negated=True), fields=('instance',), name='outside_once'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'accepted'), _negated=True), models.Q(('first__isnull', False), ('second__isnull', False), models.Q(('first', models.F('second')), _negated=True)), _connector='OR'), name='outside_two_people')],
            },
        ),
    )
