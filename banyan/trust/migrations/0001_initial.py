import banyan.kernel.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='Edge',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=9)),
                ('digest', models.CharField(max_length=64)),
                ('source', models.CharField(max_length=16)),
                ('times', models.IntegerField(default=1)),
                ('first_seen', models.DateTimeField()),
                ('last_seen', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('cut_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'trust_edge',
                'indexes': [models.Index(fields=['digest'], name='edge_digest'), models.Index(fields=['expires_at'], name='edge_expires')],
                'constraints': [models.UniqueConstraint(fields=('account', 'digest'), name='edge_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['contact', 'payment', 'browser', 'recipient', 'address'])), name='edge_kind')],
            },
        ),
        migrations.CreateModel(
            name='Joined',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('cluster', models.BigIntegerField()),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'trust_joined',
                'indexes': [models.Index(fields=['cluster'], name='joined_cluster')],
            },
        ),
    )
