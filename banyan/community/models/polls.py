"""Questions to readers with two to four answers."""

from __future__ import annotations

from django.db import models

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .posts import Post


class Poll(models.Model):
    """A poll in a post; votes are taken while now is before ``closes_at``."""

    post = models.OneToOneField(
        Post, primary_key=True, on_delete=models.CASCADE, related_name="poll"
    )
    closes_at = models.DateTimeField()

    class Meta:
        db_table = "community_poll"


class PollOption(models.Model):
    """An answer; ``votes`` is folded from the votes of the last seconds."""

    id = IdField(primary_key=True)
    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="options")
    position = models.SmallIntegerField()
    text = models.CharField(max_length=60)
    votes = models.IntegerField(default=0)

    class Meta:
        db_table = "community_polloption"
        constraints = [
            models.UniqueConstraint(fields=["poll", "position"], name="poll_option_position")
        ]


class PollVote(models.Model):
    """A member's one vote."""

    id = IdField(primary_key=True)
    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="votes", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    option = models.ForeignKey(PollOption, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "community_pollvote"
        constraints = [models.UniqueConstraint(fields=["poll", "account"], name="poll_vote_once")]
