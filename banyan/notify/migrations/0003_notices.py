"""What members choose, how far a day goes, browsers, and reminders."""

import banyan.kernel.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    """Tables beside the ones in use; these get columns with a default."""

    dependencies = [
        ('notify', '0002_one_index_per_question'),
        ('people', '0006_member_sounds'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='Allowance',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('who', models.CharField(max_length=80)),
                ('day', models.DateField()),
                ('used', models.SmallIntegerField()),
                ('cap', models.SmallIntegerField()),
            ],
            options={
                'db_table': 'notify_allowance',
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                ('time_zone', models.CharField(default='UTC', max_length=40)),
                ('quiet_from', models.SmallIntegerField(null=True)),
                ('quiet_until', models.SmallIntegerField(null=True)),
                ('digest', models.CharField(blank=True, default='', max_length=6)),
                ('digest_at', models.DateTimeField(null=True)),
                ('strangers', models.CharField(default='all', max_length=8)),
                ('token', models.CharField(max_length=40, unique=True)),
            ],
            options={
                'db_table': 'notify_preference',
            },
        ),
        migrations.CreateModel(
            name='PushKey',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('private', models.BinaryField()),
                ('public', models.CharField(max_length=100, unique=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'notify_pushkey',
            },
        ),
        migrations.CreateModel(
            name='PushSubscription',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('endpoint', models.CharField(max_length=1000, unique=True)),
                ('p256dh', models.CharField(max_length=100)),
                ('auth', models.CharField(max_length=40)),
                ('device', models.CharField(blank=True, default='', max_length=60)),
                ('refused', models.SmallIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='notify.pushkey')),
            ],
            options={
                'db_table': 'notify_pushsubscription',
            },
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=20)),
                ('subject_id', models.BigIntegerField()),
                ('channel', models.CharField(max_length=8)),
                ('destination', models.CharField(blank=True, default='', max_length=200)),
                ('contact', models.CharField(blank=True, default='', max_length=64)),
                ('language', models.CharField(default='en', max_length=8)),
                ('token', models.CharField(max_length=40, unique=True)),
                ('created_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('told_at', models.DateTimeField(null=True)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'notify_reminder',
            },
        ),
        migrations.CreateModel(
            name='Stop',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('contact', models.CharField(max_length=64, unique=True)),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'notify_stop',
            },
        ),
        migrations.CreateModel(
            name='Switch',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('family', models.CharField(max_length=12)),
                ('page', models.BooleanField(default=True)),
                ('push', models.BooleanField(default=True)),
                ('email', models.BooleanField(default=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'notify_switch',
            },
        ),
        migrations.AddField(
            model_name='message',
            name='leave',
            field=models.CharField(blank=True, db_default='', default='', max_length=100),
        ),
        migrations.AddField(
            model_name='message',
            name='link',
            field=models.CharField(blank=True, db_default='', default='', max_length=300),
        ),
        migrations.AddField(
            model_name='notification',
            name='aside',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='notification',
            name='push_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='notification',
            name='pushed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='allowance',
            index=models.Index(fields=['day'], name='allowance_age'),
        ),
        migrations.AddConstraint(
            model_name='allowance',
            constraint=models.UniqueConstraint(fields=('who', 'day'), name='allowance_once'),
        ),
        migrations.AddConstraint(
            model_name='allowance',
            constraint=models.CheckConstraint(condition=models.Q(('used__gte', 0), ('used__lte', models.F('cap'))), name='allowance_never_passed'),
        ),
        migrations.AddIndex(
            model_name='preference',
            index=models.Index(condition=models.Q(('digest_at__isnull', False)), fields=['digest_at'], name='preference_digest'),
        ),
        migrations.AddConstraint(
            model_name='preference',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from', None), ('quiet_until', None)), models.Q(('quiet_from__gte', 0), ('quiet_from__lt', 1440), ('quiet_until__gte', 0), ('quiet_until__lt', 1440), models.Q(('quiet_from', models.F('quiet_until')), _negated=True)), _connector='OR'), name='preference_quiet_hours'),
        ),
        migrations.AddConstraint(
            model_name='preference',
            constraint=models.CheckConstraint(condition=models.Q(('digest__in', ['', 'daily', 'weekly']), ('strangers__in', ['all', 'requests', 'none'])), name='preference_known'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('confirmed_at__isnull', False), ('stopped_at', None), ('told_at', None)), fields=['kind', 'subject_id', 'id'], name='reminder_waiting'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(fields=['kind', 'subject_id'], name='reminder_subject'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('contact', ''), _negated=True), fields=['contact'], name='reminder_contact'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(condition=models.Q(('account__isnull', False), ('stopped_at', None), ('told_at', None)), fields=('kind', 'subject_id', 'account'), name='reminder_of_member'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(condition=models.Q(('stopped_at', None), ('told_at', None), models.Q(('contact', ''), _negated=True)), fields=('kind', 'subject_id', 'contact'), name='reminder_of_contact'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', False), ('channel', 'page'), ('contact', '')), models.Q(('account', None), ('channel__in', ['email', 'sms', 'wechat']), models.Q(('contact', ''), _negated=True)), _connector='OR'), name='reminder_way'),
        ),
        migrations.AddConstraint(
            model_name='switch',
            constraint=models.UniqueConstraint(fields=('account', 'family'), name='switch_once'),
        ),
        migrations.AddConstraint(
            model_name='switch',
            constraint=models.CheckConstraint(condition=models.Q(('page', True), models.Q(('email', False), ('push', False)), _connector='OR'), name='switch_page_first'),
        ),
    )
