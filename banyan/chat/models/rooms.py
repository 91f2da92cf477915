"""Rooms, how far everybody has read, and messages."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.catalog.models import Shop
from banyan.groups.models import Group
from banyan.kernel.ids import IdField
from banyan.media.models import Image
from banyan.people.models import Account

from ..states import ROOM

KINDS = ("direct", "group", "shop")
LONGEST = 2000


class Room(models.Model):
    """A place to talk, one for each pair (``low`` < ``high``), group, or shop and ``account``.

    ``last_seq`` counts its messages without a gap. ``asker`` wrote first to somebody who does not
    know them. ``stream`` names the room's topic of the live stream; it changes when somebody
    loses the right to listen.
    """

    id = IdField(primary_key=True)
    kind = models.CharField(max_length=6)
    state = models.CharField(max_length=8, choices=ROOM.choices(), default=ROOM.initial)
    low = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    high = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    asker = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    shop = models.ForeignKey(
        Shop, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(
        Group, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    last_seq = models.BigIntegerField(default=0)
    last_at = models.DateTimeField()
    stream = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "chat_room"
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="room_of_a_pair"),
            models.UniqueConstraint(fields=["shop", "account"], name="room_of_a_shop"),
            models.UniqueConstraint(fields=["group"], name="room_of_a_group"),
            models.CheckConstraint(
                condition=Q(kind="direct", low__isnull=False, low__lt=F("high"))
                & Q(shop=None, account=None, group=None)
                | Q(kind="shop", shop__isnull=False, account__isnull=False)
                & Q(low=None, high=None, group=None)
                | Q(kind="group", group__isnull=False)
                & Q(low=None, high=None, shop=None, account=None),
                name="room_kind",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(kind="direct", asker__isnull=False),
                name="room_only_people_are_asked",
            ),
            # Behind the condition of the one statement that counts: a stranger says one thing.
            models.CheckConstraint(
                condition=Q(state="open") | Q(last_seq__lte=1), name="room_one_request"
            ),
        ]


class Member(models.Model):
    """How far somebody has read in a room, and until when it is silent for them."""

    id = IdField(primary_key=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="members", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    last_read_seq = models.BigIntegerField(default=0)
    muted_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "chat_member"
        constraints = [models.UniqueConstraint(fields=["room", "account"], name="member_once")]


class Message(models.Model):
    """The ``seq``-th thing said in a room. ``as_shop``: by somebody who works there, for it.

    ``card_kind`` and ``card_id`` name what it shows besides its words: a product, post, shop or
    storefront, a share ``link``, an ``order``, or what was said elsewhere (``comment``, ``note``)
    and belongs into the thread. ``key`` is the sender's own name for it, for sending again.
    """

    id = IdField(primary_key=True)
    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    seq = models.BigIntegerField()
    author = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    as_shop = models.BooleanField(default=False, db_default=False)
    body = models.CharField(max_length=LONGEST, blank=True, default="")
    image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    card_kind = models.CharField(max_length=12, blank=True, default="")
    card_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=80, blank=True, default="")
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "chat_message"
        constraints = [
            models.UniqueConstraint(fields=["room", "seq"], name="message_seq"),
            models.UniqueConstraint(
                fields=["room", "author", "key"], condition=~Q(key=""), name="message_sent_once"
            ),
            models.UniqueConstraint(
                fields=["card_kind", "card_id", "room"],
                condition=Q(card_kind__in=["comment", "note"]),
                name="message_heard_once",
            ),
            models.CheckConstraint(condition=Q(seq__gt=0), name="message_seq_counts"),
            models.CheckConstraint(
                condition=Q(card_kind="", card_id=None)
                | ~Q(card_kind="") & Q(card_id__isnull=False),
                name="message_card",
            ),
        ]


class Telling(models.Model):
    """How far the members of a large group are told of its room, batch after batch.

    ``message`` is the newest to tell of, ``reached`` the last membership that was looked at.
    ``due_at`` is empty while there is nothing to tell; ``told_at`` is when the last round ended.
    """

    id = IdField(primary_key=True)
    room = models.OneToOneField(Room, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    reached = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "chat_telling"
        indexes = [
            models.Index(fields=["due_at"], name="telling_due", condition=Q(due_at__isnull=False))
        ]


class ChatChoice(models.Model):
    """Who may write to somebody first; without a row, everybody may ask."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    who = models.CharField(max_length=10)

    class Meta:
        db_table = "chat_choice"
        constraints = [
            models.CheckConstraint(
                condition=Q(who__in=["everybody", "following", "nobody"]), name="chat_choice_who"
            )
        ]
