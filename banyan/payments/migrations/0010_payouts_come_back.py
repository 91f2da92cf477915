from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0009_charged_back_amount'),
    ]

    operations = [
        migrations.AlterField(
            model_name='payout',
            name='state',
            field=models.CharField(choices=[('requested', 'requested'), ('submitted', 'submitted'), ('paid', 'paid'), ('failed', 'failed'), ('returned', 'returned')], default='requested', max_length=12),
        ),
    ]
