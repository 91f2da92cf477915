import banyan.kernel.ids
import django.db.models.deletion
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once

GUARD = """
CREATE FUNCTION orders_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is written once: issue a credit note instead', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = 'document_written_once';
END $$;
CREATE TRIGGER orders_document_written_once BEFORE UPDATE OR DELETE ON orders_document
  FOR EACH ROW EXECUTE FUNCTION orders_refuse_change();
CREATE TRIGGER orders_documentfile_written_once BEFORE UPDATE OR DELETE ON orders_documentfile
  FOR EACH ROW EXECUTE FUNCTION orders_refuse_change();
"""

UNGUARD = """
DROP TRIGGER orders_documentfile_written_once ON orders_documentfile;
DROP TRIGGER orders_document_written_once ON orders_document;
DROP FUNCTION orders_refuse_change();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0006_kinds_and_tax'),
        ('media', '0001_initial'),
        ('orders', '0004_kinds_and_tax'),
        ('sharing', '0001_initial'),
    ]

    operations = at_once(
        migrations.CreateModel(
            name='AfterSaleTerms',
            fields=[
                ('shop', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='catalog.shop')),
                ('confirm_days', models.IntegerField(default=10)),
                ('return_days', models.IntegerField(default=7)),
                ('return_address', models.CharField(blank=True, default='', max_length=400)),
                ('instructions', models.CharField(blank=True, default='', max_length=600)),
            ],
            options={
                'db_table': 'orders_terms',
            },
        ),
        migrations.CreateModel(
            name='LegalEntity',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('address', models.CharField(max_length=300)),
                ('tax_id', models.CharField(blank=True, default='', max_length=40)),
                ('is_current', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='legal_entities', to='catalog.shop')),
            ],
            options={
                'db_table': 'orders_legalentity',
            },
        ),
        migrations.CreateModel(
            name='DocumentCounter',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=12)),
                ('year', models.IntegerField()),
                ('last', models.IntegerField(db_default=0, default=0)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orders.legalentity')),
            ],
            options={
                'db_table': 'orders_documentcounter',
            },
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=12)),
                ('year', models.IntegerField()),
                ('sequence', models.IntegerField()),
                ('number', models.CharField(max_length=40)),
                ('language', models.CharField(max_length=8)),
                ('content', models.JSONField()),
                ('content_hash', models.CharField(max_length=64)),
                ('issued_at', models.DateTimeField()),
                ('corrects', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='orders.document')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='orders.order')),
                ('refund', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='credit_note', to='orders.orderrefund')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='orders.legalentity')),
            ],
            options={
                'db_table': 'orders_document',
            },
        ),
        migrations.CreateModel(
            name='DocumentFile',
            fields=[
                ('document', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='file', serialize=False, to='orders.document')),
                ('pdf', models.BinaryField()),
                ('sha256', models.CharField(max_length=64)),
            ],
            options={
                'db_table': 'orders_documentfile',
            },
        ),
        migrations.CreateModel(
            name='Fapiao',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('title_kind', models.CharField(max_length=10)),
                ('title', models.CharField(max_length=120)),
                ('tax_id', models.CharField(blank=True, default='', max_length=20)),
                ('email', models.EmailField(max_length=254)),
                ('amount', models.BigIntegerField()),
                ('state', models.CharField(choices=[('asked', 'asked'), ('refused', 'refused'), ('withdrawn', 'withdrawn'), ('issued', 'issued')], default='asked', max_length=10)),
                ('number', models.CharField(blank=True, default='', max_length=40)),
                ('file', models.BinaryField(null=True)),
                ('file_kind', models.CharField(blank=True, default='', max_length=4)),
                ('answer', models.CharField(blank=True, default='', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='fapiao', to='orders.order')),
            ],
            options={
                'db_table': 'orders_fapiao',
            },
        ),
        migrations.CreateModel(
            name='Return',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=26, unique=True)),
                ('wish', models.CharField(max_length=10)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('approved', 'approved'), ('sent', 'sent'), ('received', 'received'), ('refunded', 'refunded'), ('exchanged', 'exchanged'), ('refused', 'refused'), ('withdrawn', 'withdrawn'), ('lapsed', 'lapsed')], default='asked', max_length=10)),
                ('reason', models.CharField(max_length=20)),
                ('text', models.CharField(blank=True, default='', max_length=1000)),
                ('at_fault', models.BooleanField(default=False)),
                ('address', models.CharField(blank=True, default='', max_length=400)),
                ('instructions', models.CharField(blank=True, default='', max_length=600)),
                ('label', models.CharField(blank=True, default='', max_length=200)),
                ('answer', models.CharField(blank=True, default='', max_length=400)),
                ('carrier', models.CharField(blank=True, default='', max_length=40)),
                ('tracking', models.CharField(blank=True, default='', max_length=60)),
                ('key', models.CharField(max_length=80, unique=True)),
                ('created_at', models.DateTimeField()),
                ('due_by', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='orders.order')),
                ('refund', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, to='orders.orderrefund')),
            ],
            options={
                'db_table': 'orders_return',
            },
        ),
        migrations.CreateModel(
            name='ReturnLine',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('quantity', models.IntegerField()),
                ('accepted_quantity', models.IntegerField(default=0)),
                ('restocked_quantity', models.IntegerField(default=0)),
                ('condition', models.CharField(blank=True, default='', max_length=20)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='orders.orderline')),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.return')),
                ('replacement', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaces_in', to='orders.orderline')),
                ('variant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='catalog.variant')),
            ],
            options={
                'db_table': 'orders_returnline',
            },
        ),
        migrations.CreateModel(
            name='ReturnPhoto',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('position', models.IntegerField()),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='media.image')),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='photos', to='orders.return')),
            ],
            options={
                'db_table': 'orders_returnphoto',
            },
        ),
        migrations.CreateModel(
            name='OrderChange',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=10)),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
                ('amount', models.BigIntegerField(default=0)),
                ('reason', models.CharField(blank=True, default='', max_length=200)),
                ('actor_kind', models.CharField(max_length=20)),
                ('actor_id', models.BigIntegerField(null=True)),
                ('key', models.CharField(max_length=80, unique=True)),
                ('created_at', models.DateTimeField()),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='orders.order')),
                ('refund', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='orders.orderrefund')),
            ],
            options={
                'db_table': 'orders_change',
            },
        ),
        migrations.CreateModel(
            name='ShipmentLine',
            fields=[
                ('id', banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ('quantity', models.IntegerField()),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parcels', to='orders.orderline')),
                ('shipment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.shipment')),
            ],
            options={
                'db_table': 'orders_shipmentline',
            },
        ),
        migrations.AddConstraint(
            model_name='aftersaleterms',
            constraint=models.CheckConstraint(condition=models.Q(('confirm_days__gte', 3), ('confirm_days__lte', 60)), name='terms_confirm_days'),
        ),
        migrations.AddConstraint(
            model_name='aftersaleterms',
            constraint=models.CheckConstraint(condition=models.Q(('return_days__gte', 0), ('return_days__lte', 365)), name='terms_return_days'),
        ),
        migrations.AddConstraint(
            model_name='fapiao',
            constraint=models.CheckConstraint(condition=models.Q(('title_kind', 'personal'), models.Q(('title_kind', 'company'), models.Q(('tax_id', ''), _negated=True)), _connector='OR'), name='fapiao_company_has_tax_id'),
        ),
        migrations.AddConstraint(
            model_name='legalentity',
            constraint=models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('shop',), name='legal_entity_current'),
        ),
        migrations.AddConstraint(
            model_name='legalentity',
            constraint=models.UniqueConstraint(fields=('shop', 'tax_id'), name='legal_entity_tax_id'),
        ),
        migrations.AddConstraint(
            model_name='documentcounter',
            constraint=models.UniqueConstraint(fields=('entity', 'kind', 'year'), name='document_counter_once'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.UniqueConstraint(fields=('entity', 'kind', 'year', 'sequence'), name='document_number_once'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['receipt', 'invoice'])), fields=('order', 'kind'), name='document_once_per_order'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('corrects__isnull', False), ('kind', 'credit_note'), ('refund__isnull', False)), models.Q(('corrects__isnull', True), ('kind__in', ['receipt', 'invoice']), ('refund__isnull', True)), _connector='OR'), name='document_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='orderchange',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['address', 'quantity', 'variant', 'shipping'])), name='order_change_kind'),
        ),
        migrations.AddIndex(
            model_name='return',
            index=models.Index(condition=models.Q(('state', 'approved')), fields=['due_by'], name='order_return_due'),
        ),
        migrations.AddConstraint(
            model_name='return',
            constraint=models.CheckConstraint(condition=models.Q(('wish__in', ['refund', 'exchange'])), name='return_wish_known'),
        ),
        migrations.AddConstraint(
            model_name='returnline',
            constraint=models.UniqueConstraint(fields=('of', 'line'), name='return_line_once'),
        ),
        migrations.AddConstraint(
            model_name='returnline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1), ('accepted_quantity__gte', 0), ('accepted_quantity__lte', models.F('quantity')), ('restocked_quantity__gte', 0), ('restocked_quantity__lte', models.F('accepted_quantity'))), name='return_line_quantities'),
        ),
        migrations.AddConstraint(
            model_name='returnphoto',
            constraint=models.UniqueConstraint(fields=('of', 'position'), name='return_photo_position'),
        ),
        migrations.AddConstraint(
            model_name='shipmentline',
            constraint=models.UniqueConstraint(fields=('shipment', 'line'), name='shipment_line_once'),
        ),
        migrations.AddConstraint(
            model_name='shipmentline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='shipment_line_quantity'),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    )
