"""Grouped notifications, what their readers chose, and the ways to reach people elsewhere."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.kernel.ids import IdField
from banyan.people.models import Account


class Notification(models.Model):
    """``n`` things of a ``kind`` happened; ``actors`` are the last three account ids, as text.

    ``aside``: by people whom its reader does not follow and wants apart. ``push_at``: the next try
    to push it; ``pushed_at``: that was paid from the day's allowance, once until it is read.
    """

    id = IdField(primary_key=True)
    recipient = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    group_key = models.CharField(max_length=100)
    kind = models.CharField(max_length=40)
    url = models.CharField(max_length=200, blank=True, default="")
    data = models.JSONField(default=dict)
    actors = models.JSONField(default=list)
    n = models.IntegerField(default=1)
    updated_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    aside = models.BooleanField(default=False, db_default=False)
    push_at = models.DateTimeField(null=True)
    pushed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_notification"
        constraints = [
            models.UniqueConstraint(fields=["recipient", "group_key"], name="notification_group")
        ]
        indexes = [
            models.Index(
                fields=["recipient", "-updated_at"],
                name="notification_unread",
                condition=Q(read_at=None),
            ),
            models.Index(fields=["recipient", "-updated_at"], name="notification_recent"),
            models.Index(
                fields=["push_at"], name="notification_push", condition=Q(push_at__isnull=False)
            ),
        ]


class Message(models.Model):
    """A message handed to a sender, kept so that support can see what was sent.

    ``link`` is the page it is about, ``leave`` the path of the page that ends such messages; both
    are used by channels that carry them apart from the text. ``state``: queued, sent, failed.
    ``secret`` is a code within the text, struck out of the row as soon as the message has left or
    failed for good.
    """

    id = IdField(primary_key=True)
    channel = models.CharField(max_length=10)
    destination = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True, default="")
    body = models.TextField(blank=True, default="")
    secret = models.CharField(max_length=20, blank=True, default="")
    link = models.CharField(max_length=300, blank=True, default="", db_default="")
    leave = models.CharField(max_length=100, blank=True, default="", db_default="")
    cause_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=10, default="queued")
    error = models.CharField(max_length=300, blank=True, default="")
    attempts = models.SmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_message"
        indexes = [
            models.Index(fields=["cause_id"], name="message_cause"),
            models.Index(
                fields=["next_attempt_at"], name="message_due", condition=Q(state="queued")
            ),
        ]


class Preference(models.Model):
    """How and when a member wants to be told; no row means the defaults of ``rules``.

    ``quiet_from`` and ``quiet_until`` are minutes after midnight in ``time_zone``; both or none.
    ``digest``: "", daily or weekly, next due at ``digest_at``. ``strangers``: all, requests or
    none. ``token`` opens the page that ends the digest.
    """

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    time_zone = models.CharField(max_length=40, default="UTC")
    quiet_from = models.SmallIntegerField(null=True)
    quiet_until = models.SmallIntegerField(null=True)
    digest = models.CharField(max_length=6, blank=True, default="")
    digest_at = models.DateTimeField(null=True)
    strangers = models.CharField(max_length=8, default="all")
    token = models.CharField(max_length=40, unique=True)

    class Meta:
        db_table = "notify_preference"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (
                    Q(quiet_from__gte=0, quiet_from__lt=1440)
                    & Q(quiet_until__gte=0, quiet_until__lt=1440)
                    & ~Q(quiet_from=F("quiet_until"))
                ),
                name="preference_quiet_hours",
            ),
            models.CheckConstraint(
                condition=Q(digest__in=["", "daily", "weekly"])
                & Q(strangers__in=["all", "requests", "none"]),
                name="preference_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["digest_at"], name="preference_digest", condition=Q(digest_at__isnull=False)
            )
        ]


class Switch(models.Model):
    """Where a member is told of one family of kinds; no row means the family's defaults."""

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    family = models.CharField(max_length=12)
    page = models.BooleanField(default=True)
    push = models.BooleanField(default=True)
    email = models.BooleanField(default=True)

    class Meta:
        db_table = "notify_switch"
        constraints = [
            models.UniqueConstraint(fields=["account", "family"], name="switch_once"),
            models.CheckConstraint(
                condition=Q(page=True) | Q(push=False, email=False), name="switch_page_first"
            ),
        ]


class Allowance(models.Model):
    """What was sent to one person on one day of theirs, over all kinds and channels.

    ``who`` is "account:ID", or the mark of a guest's contact (``contacts.mark``).
    """

    id = IdField(primary_key=True)
    who = models.CharField(max_length=80)
    day = models.DateField()
    used = models.SmallIntegerField()
    cap = models.SmallIntegerField()

    class Meta:
        db_table = "notify_allowance"
        constraints = [
            models.UniqueConstraint(fields=["who", "day"], name="allowance_once"),
            models.CheckConstraint(
                condition=Q(used__gte=0) & Q(used__lte=F("cap")), name="allowance_never_passed"
            ),
        ]
        indexes = [models.Index(fields=["day"], name="allowance_age")]


class PushKey(models.Model):
    """A pair of keys by which push services know us (VAPID); the newest is given to browsers.

    ``private`` is sealed with the ring of push keys. A subscription works with its own pair only,
    so pairs are kept as long as there are subscriptions to them.
    """

    id = IdField(primary_key=True)
    private = models.BinaryField()
    public = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "notify_pushkey"


class PushSubscription(models.Model):
    """A browser that shows what an account is told. ``refused``: answers of 403 in a row."""

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    key = models.ForeignKey(PushKey, on_delete=models.PROTECT, related_name="+")
    endpoint = models.CharField(max_length=1000, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    device = models.CharField(max_length=60, blank=True, default="")
    refused = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_pushsubscription"


class Reminder(models.Model):
    """Somebody who asked to be told once of something: a member, or a guest by one contact.

    ``kind`` says of what ("stock.back", "sale.starts"), ``subject_id`` of which. ``channel`` is
    page for members, else email, sms or wechat with its ``destination``, which is emptied when it
    is no longer needed; ``contact`` is its mark and stays. ``token`` opens the page that ends it,
    for ever. Waiting: confirmed, neither told nor stopped.
    """

    id = IdField(primary_key=True)
    kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=8)
    destination = models.CharField(max_length=200, blank=True, default="")
    contact = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=8, default="en")
    token = models.CharField(max_length=40, unique=True)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_reminder"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "account"],
                condition=Q(told_at=None, stopped_at=None, account__isnull=False),
                name="reminder_of_member",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_id", "contact"],
                condition=Q(told_at=None, stopped_at=None) & ~Q(contact=""),
                name="reminder_of_contact",
            ),
            models.CheckConstraint(
                condition=Q(channel="page", account__isnull=False, contact="")
                | (Q(channel__in=["email", "sms", "wechat"], account=None) & ~Q(contact="")),
                name="reminder_way",
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "subject_id", "id"],
                name="reminder_waiting",
                condition=Q(told_at=None, stopped_at=None, confirmed_at__isnull=False),
            ),
            models.Index(fields=["kind", "subject_id"], name="reminder_subject"),
            models.Index(fields=["contact"], name="reminder_contact", condition=~Q(contact="")),
        ]


class Stop(models.Model):
    """A contact that nobody may be reminded at any more; only its mark is kept."""

    id = IdField(primary_key=True)
    contact = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "notify_stop"
