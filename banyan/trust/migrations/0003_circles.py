import banyan.kernel.ids
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):

    dependencies = [
        ('trust', '0002_old_rows'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='Circle',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=64, unique=True)),
                ('state', models.CharField(choices=[('open', 'open'), ('confirmed', 'confirmed'), ('cleared', 'cleared')], default='open', max_length=9)),
                ('strength', models.CharField(max_length=6)),
                ('rounds', models.IntegerField()),
                ('inside', models.SmallIntegerField()),
                ('evidence', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('found_at', models.DateTimeField()),
                ('last_seen', models.DateTimeField()),
            ],
            options={
                'db_table': 'trust_circle',
                'constraints': [models.CheckConstraint(condition=models.Q(('strength__in', ['strong', 'usual'])), name='circle_strength'), models.CheckConstraint(condition=models.Q(('inside__gte', 0), ('inside__lte', 100)), name='circle_inside')],
            },
        ),
        migrations.CreateModel(
            name='CircleMember',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('circle', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='members', to='trust.circle')),
            ],
            options={
                'db_table': 'trust_circlemember',
                'constraints': [models.UniqueConstraint(fields=('circle', 'account'), name='circle_member_once')],
            },
        ),
    )
