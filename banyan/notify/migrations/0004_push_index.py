"""What is to be pushed is found by an index of its own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations
from django.db.models import Index, Q


class Migration(migrations.Migration):
    """The table is in use."""

    atomic = False

    dependencies = [("notify", "0003_notices")]

    operations = [
        AddIndexConcurrently(
            model_name='notification',
            index=Index(condition=Q(('push_at__isnull', False)), fields=['push_at'], name='notification_push'),
        ),
    ]
