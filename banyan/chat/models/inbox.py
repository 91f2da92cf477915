"""What a shop keeps beside its threads: their state, who answers, how soon, ready words."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.catalog.models import Shop
from banyan.kernel.ids import IdField
from banyan.people.models import Account

from ..states import THREAD
from .rooms import LONGEST, Room


class Thread(models.Model):
    """A shop's side of its room with one person.

    ``asked_at``: since when something of the buyer is unanswered. ``read_seq``: how far anybody
    of the shop has read.
    """

    id = IdField(primary_key=True)
    room = models.OneToOneField(Room, on_delete=models.CASCADE, related_name="thread")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=8, choices=THREAD.choices(), default=THREAD.initial)
    assignee = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(null=True)
    read_seq = models.BigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        db_table = "chat_thread"
        indexes = [models.Index(fields=["shop", "state", "-last_at"], name="thread_desk")]


class Answer(models.Model):
    """A question of a buyer (or several in a row) met its first answer."""

    id = IdField(primary_key=True)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="answers")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(
        Account, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField()

    class Meta:
        db_table = "chat_answer"
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__gte=F("asked_at")), name="answer_after_question"
            )
        ]
        indexes = [models.Index(fields=["shop", "answered_at"], name="answer_lately")]


class QuickReply(models.Model):
    """Words that a shop says often."""

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+", db_index=False)
    title = models.CharField(max_length=60)
    body = models.CharField(max_length=LONGEST)

    class Meta:
        db_table = "chat_quickreply"
        constraints = [models.UniqueConstraint(fields=["shop", "title"], name="quick_reply_once")]
