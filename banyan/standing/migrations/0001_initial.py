
import banyan.kernel.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalog', '0007_standing_and_age'),
        ('media', '0001_initial'),
        ('orders', '0004_kinds_and_tax'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='GuardedCategory',
            fields=[
                ('category', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='guard', serialize=False, to='catalog.category')),
                ('why', models.CharField(max_length=200)),
            ],
            options={
                'db_table': 'standing_guardedcategory',
            },
        ),
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('body', models.CharField(max_length=2000)),
                ('facts', models.JSONField()),
                ('state', models.CharField(choices=[('open', 'open'), ('upheld', 'upheld'), ('dismissed', 'dismissed')], default='open', max_length=10)),
                ('decision', models.CharField(blank=True, default='', max_length=500)),
                ('created_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='catalog.shop')),
            ],
            options={
                'db_table': 'standing_appeal',
            },
        ),
        migrations.CreateModel(
            name='Excused',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=10)),
                ('subject_id', models.BigIntegerField()),
                ('appeal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='excused', to='standing.appeal')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.shop')),
            ],
            options={
                'db_table': 'standing_excused',
            },
        ),
        migrations.CreateModel(
            name='Permit',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=60)),
                ('holder', models.CharField(max_length=120)),
                ('valid_until', models.DateField(null=True)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('granted', 'granted'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], default='asked', max_length=10)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('category', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.category')),
                ('image', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='media.image')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='permits', to='catalog.shop')),
            ],
            options={
                'db_table': 'standing_permit',
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=20)),
                ('body', models.CharField(max_length=1000)),
                ('state', models.CharField(choices=[('open', 'open'), ('upheld', 'upheld'), ('dismissed', 'dismissed')], default='open', max_length=10)),
                ('created_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='catalog.product')),
                ('reporter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'standing_report',
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('stars', models.SmallIntegerField()),
                ('body', models.CharField(blank=True, default='', max_length=2000)),
                ('created_at', models.DateTimeField()),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('line', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='review', to='orders.orderline')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='catalog.product')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='catalog.shop')),
            ],
            options={
                'db_table': 'standing_review',
            },
        ),
        migrations.CreateModel(
            name='Takedown',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=20)),
                ('words', models.CharField(max_length=500)),
                ('state', models.CharField(choices=[('settling', 'settling'), ('settled', 'settled'), ('lifted', 'lifted')], default='settling', max_length=10)),
                ('result', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='takedowns', to='catalog.product')),
            ],
            options={
                'db_table': 'standing_takedown',
            },
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('shop',), name='appeal_one_open'),
        ),
        migrations.AddConstraint(
            model_name='excused',
            constraint=models.UniqueConstraint(fields=('kind', 'subject_id'), name='excused_once'),
        ),
        migrations.AddConstraint(
            model_name='excused',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['late', 'refunds', 'disputes', 'complaints'])), name='excused_kind'),
        ),
        migrations.AddConstraint(
            model_name='permit',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'granted'])), fields=('shop', 'category'), name='permit_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['unsafe', 'forbidden', 'counterfeit', 'misleading', 'other'])), name='report_reason'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('product', 'reporter'), name='report_once'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(fields=['product', '-id'], name='review_product'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(fields=['shop', '-id'], name='review_shop'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('stars__gte', 1), ('stars__lte', 5)), name='review_stars'),
        ),
        migrations.AddConstraint(
            model_name='takedown',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['unsafe', 'forbidden', 'counterfeit', 'misleading', 'other'])), name='takedown_reason'),
        ),
        migrations.AddConstraint(
            model_name='takedown',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['settling', 'settled'])), fields=('product',), name='takedown_once'),
        ),
    )
