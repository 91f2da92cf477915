"""Price lists, tax zones and shipping zones."""

import banyan.kernel.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    dependencies = [
        ('catalog', '0007_standing_and_age'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='PriceList',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('currency', models.CharField(max_length=3)),
                ('audience', models.CharField(default='everyone', max_length=10)),
                ('starts_at', models.DateTimeField(null=True)),
                ('ends_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='price_lists', to='catalog.shop')),
            ],
            options={
                'db_table': 'catalog_pricelist',
                'constraints': [
                    models.UniqueConstraint(fields=('shop', 'name'), name='price_list_name_once'),
                    models.CheckConstraint(condition=models.Q(('audience__in', ['everyone', 'members', 'accounts'])), name='price_list_audience'),
                    models.CheckConstraint(condition=models.Q(('starts_at', None), ('ends_at', None), ('starts_at__lt', models.F('ends_at')), _connector='OR'), name='price_list_window'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ListPrice',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('min_quantity', models.IntegerField(default=1)),
                ('amount', models.BigIntegerField()),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='list_prices', to='catalog.variant')),
                ('price_list', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='catalog.pricelist')),
            ],
            options={
                'db_table': 'catalog_listprice',
                'constraints': [
                    models.UniqueConstraint(fields=('price_list', 'variant', 'min_quantity'), name='list_price_once'),
                    models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('min_quantity__gte', 1)), name='list_price_amount'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PriceListAccount',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('price_list', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='accounts', to='catalog.pricelist')),
            ],
            options={
                'db_table': 'catalog_pricelistaccount',
                'constraints': [
                    models.UniqueConstraint(fields=('price_list', 'account'), name='price_list_account_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ShippingZone',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('places', models.JSONField(default=list)),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='shipping_zones', to='catalog.shop')),
            ],
            options={
                'db_table': 'catalog_shippingzone',
                'constraints': [
                    models.UniqueConstraint(fields=('shop', 'name'), name='shipping_zone_name_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ShippingMethod',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('currency', models.CharField(max_length=3)),
                ('basis', models.CharField(default='flat', max_length=6)),
                ('bands', models.JSONField(default=list)),
                ('free_from', models.BigIntegerField(null=True)),
                ('days_min', models.IntegerField(null=True)),
                ('days_max', models.IntegerField(null=True)),
                ('position', models.IntegerField(default=0)),
                ('zone', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='methods', to='catalog.shippingzone')),
            ],
            options={
                'db_table': 'catalog_shippingmethod',
                'ordering': ['position', 'id'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('basis__in', ['flat', 'weight', 'value'])), name='shipping_method_basis'),
                    models.CheckConstraint(condition=models.Q(('free_from', None), ('free_from__gte', 0), _connector='OR'), name='shipping_method_free_from'),
                    models.CheckConstraint(condition=models.Q(models.Q(('days_max', None), ('days_min', None)), models.Q(('days_max__gte', models.F('days_min')), ('days_min__gte', 0)), _connector='OR'), name='shipping_method_days'),
                ],
            },
        ),
        migrations.CreateModel(
            name='TaxZone',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('places', models.JSONField(default=list)),
                ('standard_rate', models.IntegerField()),
                ('reduced_rate', models.IntegerField(default=0)),
                ('included', models.BooleanField(default=True)),
                ('per', models.CharField(default='line', max_length=5)),
                ('rounding', models.CharField(default='half_up', max_length=9)),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tax_zones', to='catalog.shop')),
            ],
            options={
                'db_table': 'catalog_taxzone',
                'constraints': [
                    models.UniqueConstraint(fields=('shop', 'name'), name='tax_zone_name_once'),
                    models.CheckConstraint(condition=models.Q(('standard_rate__range', (0, 1000000)), ('reduced_rate__range', (0, 1000000))), name='tax_zone_rates'),
                    models.CheckConstraint(condition=models.Q(('per__in', ['line', 'order']), ('rounding__in', ['half_up', 'half_even'])), name='tax_zone_rounding'),
                ],
            },
        ),
    )
