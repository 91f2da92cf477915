from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False  # the table of follows stays in use

    dependencies = [("people", "0007_relations")]

    operations = at_once(
        AddIndexConcurrently(
            model_name="follow",
            index=models.Index(fields=["followee", "-id"], name="follow_asked", condition=Q(state=0)),
        ),
        AddIndexConcurrently(
            model_name="follow",
            index=models.Index(
                fields=["follower", "followee"], name="follow_friends", condition=Q(is_mutual=True)
            ),
        ),
        *add_check(
            "follow",
            models.CheckConstraint(
                condition=Q(state__in=[0, 1], level__in=[0, 1, 2]), name="follow_known"
            ),
        ),
        *add_check(
            "follow",
            models.CheckConstraint(
                condition=Q(is_mutual=False) | Q(state=1), name="follow_no_friend_asks"
            ),
        ),
    )
