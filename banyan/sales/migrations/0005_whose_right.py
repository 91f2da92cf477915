import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sales', '0004_units_of_items'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='right',
            name='account',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rights', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='right',
            index=models.Index(fields=['account', 'item'], name='sale_right_whose'),
        ),
    ]
